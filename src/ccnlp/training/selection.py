"""Which validation score chooses the weights that are kept, where a model has several tasks."""

import logging
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from ccnlp import progress
from ccnlp.errors import ConfigurationError, did_you_mean
from ccnlp.tasks.base import Task
from ccnlp.training.multitask_parameters import TaskChoiceParameters
from ccnlp.training.parameters import ValidationParameters
from ccnlp.training.run_folder import OF_VALIDATION, History

logger = logging.getLogger(__name__)

SELECTION_METRIC = "selection_score"
WORST_GROUP = "worst_group"
"""In the names of scores, in the place of a group."""


def steering_metrics(tasks: Mapping[str, Task], parameters: ValidationParameters) -> dict[str, str]:
    """By task, the name of the score that training is steered by.

    That is its primary metric, of all rows, or of the worst group where groups are judged.
    """
    prefix = f"{WORST_GROUP}/" if parameters.select_by == "worst_group" else ""
    return {name: f"{name}/{prefix}{task.primary_metric}" for name, task in tasks.items()}


def check_choice(parameters: TaskChoiceParameters, *, trained: Collection[str]) -> None:
    """Checks the names of the tasks that choose the weights.

    Args:
        parameters: `training.validation.tasks`.
        trained: names of the tasks that are trained.

    Raises:
        ConfigurationError: one that is named is not trained.
    """
    choosing_tasks = [parameters.task] if parameters.task is not None else []
    for name in [*parameters.weights, *choosing_tasks]:
        if name not in trained:
            raise ConfigurationError(
                f"training.validation.tasks names {name!r}, which is not trained; "
                f"{did_you_mean(name, trained)} (parameters/training.yml)"
            )


@dataclass(frozen=True)
class Selection:
    """The score that training is steered by, made of the tasks' own ones.

    Attributes:
        metrics: by task, the name of its score in what validation gives.
        parameters: `training.validation.tasks`.
    """

    metrics: Mapping[str, str]
    parameters: TaskChoiceParameters

    def __post_init__(self) -> None:
        """Checks the names of tasks.

        Raises:
            ConfigurationError: one that is named is not trained, or all weights are 0.
        """
        check_choice(self.parameters, trained=self.metrics)
        if not any(self.weights.values()):
            raise ConfigurationError(
                "training.validation.tasks.weights are 0 for all tasks, so that none chooses the "
                "weights that are kept (parameters/training.yml)"
            )

    @classmethod
    def of(cls, tasks: Mapping[str, Task], parameters: ValidationParameters) -> "Selection":
        """The configured one, of the tasks that are trained."""
        return cls(steering_metrics(tasks, parameters), parameters.tasks)

    @property
    def weights(self) -> dict[str, float]:
        """Of the tasks in the mean; one alone where it chooses."""
        parameters = self.parameters
        if parameters.task is not None:
            return {task: float(task == parameters.task) for task in self.metrics}
        return {task: parameters.weights.get(task, 1.0) for task in self.metrics}

    def score(self, scores: Mapping[str, float], log: History) -> dict[str, float]:
        """`selection_score`, and where tasks count by it `relative` of each.

        Args:
            scores: of all metrics, by name.
            log: of the training up to here; a task is relative to the first score that it has.
        """
        task_scores = {task: scores[metric] for task, metric in self.metrics.items()}
        relative_scores: dict[str, float] = {}
        if self.parameters.choose_by == "relative":
            first_scores = _first_scores(log)
            task_scores = {
                task: relative_gain(score, first_scores.get(self.metrics[task], score))
                for task, score in task_scores.items()
            }
            relative_scores = {f"{task}/relative": value for task, value in task_scores.items()}
        weights = {
            task: weight
            for task, weight in self.weights.items()
            if weight and not math.isnan(task_scores[task])
        }
        if not weights:  # as of entities where there are none, and none were found
            return {**relative_scores, SELECTION_METRIC: math.nan}
        mean = np.average([task_scores[task] for task in weights], weights=list(weights.values()))
        return {**relative_scores, SELECTION_METRIC: float(mean)}


def relative_gain(score: float, first: float) -> float:
    """The share of what `first` left to gain that was gained; of nothing left, what was lost.

    >>> relative_gain(0.75, 0.5), relative_gain(0.25, 0.5), relative_gain(0.5, 1.0)
    (0.5, -0.5, -0.5)
    """
    return (score - first) / (1 - first) if first < 1 else score - first


def _first_scores(log: History) -> dict[str, float]:
    """By metric, the first score on validation that is a number."""
    return {
        name.removeprefix(OF_VALIDATION): value
        for entry in reversed(log)
        for name, value in entry.items()
        if name.startswith(OF_VALIDATION) and not math.isnan(value)
    }


def tell_tasks(log: History, metrics: Mapping[str, str], *, kept_step: int) -> None:
    """Tells of each of several tasks when it was best, beside the weights that are kept.

    A task that has no score at some evaluation is left out.

    Args:
        log: of a finished training.
        metrics: by task, the name of its score.
        kept_step: of the weights that are kept.
    """
    if len(metrics) < 2:
        return
    values: dict[str, float] = {}
    for task, metric in metrics.items():
        name = f"{OF_VALIDATION}{metric}"
        scores = {int(entry["step"]): entry[name] for entry in log if name in entry}
        if any(map(math.isnan, scores.values())):
            continue
        best_step, best_score = max(scores.items(), key=lambda entry: (entry[1], -entry[0]))
        logger.info(
            f"training: {task} is kept at {scores[kept_step]:.3f} in {metric.split('/')[-1]}; it "
            f"was best at step {best_step:,}, with {best_score:.3f}"
        )
        values |= {f"training/best_of_task/{task}": best_score}
        values |= {f"training/kept_of_task/{task}": scores[kept_step]}
    progress.report(progress.Metrics(values, kept_step))
