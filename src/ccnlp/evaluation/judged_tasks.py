"""Which tasks of a model are judged, by which metric, and whether beside the champion."""

from dataclasses import dataclass

from ccnlp.evaluation.fitness import other_view, why_not_comparable
from ccnlp.models.trained import TrainedModel
from ccnlp.tasks.answers import is_judged
from ccnlp.tasks.base import Task


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
        champion_view: what the champion was trained on, where that is another view of the
            annotators' labels; both are then judged on the task's present one.
    """

    metric: str
    why_not_compared: NotCompared | None = None
    champion_view: str | None = None


def judged_tasks(model: TrainedModel, champion: TrainedModel | None) -> dict[str, JudgedTask]:
    """By name, those tasks of the model that can be judged."""
    return {
        name: _judged_task(task, champion) for name, task in model.tasks.items() if is_judged(task)
    }


def _judged_task(task: Task, champion: TrainedModel | None) -> JudgedTask:
    reason = why_not_comparable(champion, task)
    if champion is None or reason is not None:
        is_obstacle = champion is not None and task.name in champion.tasks
        return JudgedTask(task.primary_metric, NotCompared(str(reason), is_obstacle=is_obstacle))
    return JudgedTask(task.primary_metric, champion_view=other_view(champion, task))
