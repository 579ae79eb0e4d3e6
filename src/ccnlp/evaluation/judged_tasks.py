"""Which tasks of a model are judged, by which metric, and whether beside the champion."""

import logging
from dataclasses import dataclass

from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.evaluation.fitness import differences, why_not_comparable
from ccnlp.models.trained import TrainedModel
from ccnlp.tasks.answers import is_judged
from ccnlp.tasks.base import Task

logger = logging.getLogger(__name__)

ON_THE_SAME_ROWS = "both are judged on the present rows"
"""What is told of models that were made otherwise."""


@dataclass(frozen=True)
class NotCompared:
    """Why a task of the model is not held against the champion.

    Attributes:
        reason: a clause.
        is_obstacle: whether there is a champion that answers the task, so that nothing is decided
            in the model's favour; else there is nothing to fall behind.
    """

    reason: str
    is_obstacle: bool


@dataclass(frozen=True)
class JudgedTask:
    """How a task of the model is judged.

    Attributes:
        metric: of the scores, that all thresholds are held against: the task's primary one.
        why_not_compared: why it is not held against the champion, or `None`.
        champion_differs: in what the champion was made otherwise, a sentence each; both are judged
            on the task's present rows and labels all the same.
    """

    metric: str
    why_not_compared: NotCompared | None = None
    champion_differs: tuple[str, ...] = ()


def judged_tasks(model: TrainedModel, champion: TrainedModel | None) -> dict[str, JudgedTask]:
    """By name, those tasks of the model that can be judged.

    The log says in what a champion differs that a model is compared with.
    """
    culture = model.conditioning.parameters if model.conditioning else None
    judged = {
        name: _judged_task(task, champion, culture)
        for name, task in model.tasks.items()
        if is_judged(task)
    }
    for name, judged_task in judged.items():
        for sentence in judged_task.champion_differs:
            logger.warning("%s: %s; %s", name, sentence, ON_THE_SAME_ROWS)
    return judged


def _judged_task(
    task: Task, champion: TrainedModel | None, culture: CultureParameters | None
) -> JudgedTask:
    reason = why_not_comparable(champion, task)
    if champion is None or reason is not None:
        is_obstacle = champion is not None and task.name in champion.tasks
        return JudgedTask(task.primary_metric, NotCompared(str(reason), is_obstacle=is_obstacle))
    champion_differences = differences(champion, task, culture=culture)
    return JudgedTask(
        task.primary_metric,
        champion_differs=tuple(
            difference.describe("the champion") for difference in champion_differences
        ),
    )
