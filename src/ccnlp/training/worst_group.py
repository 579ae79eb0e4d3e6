"""The groups of validation rows of which the worst decides on the weights that are kept."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ccnlp import progress
from ccnlp.errors import ConfigurationError
from ccnlp.tasks.base import Task
from ccnlp.training.groups import GroupNames, Rows
from ccnlp.training.parameters import TrainingParameters

logger = logging.getLogger(__name__)

MAX_LISTED = 12


@dataclass(frozen=True)
class JudgedGroups:
    """The groups of a task that have enough validation rows.

    Attributes:
        rows: positions of the rows of each group, by its name, sorted.
    """

    rows: Mapping[str, Rows]

    @classmethod
    def of(
        cls,
        groups: GroupNames,
        *,
        trained: Sequence[str],
        task: str,
        parameters: TrainingParameters,
    ) -> "JudgedGroups":
        """The groups to judge; what is left out is told, for it can't be the worst.

        Args:
            groups: of each validation row.
            trained: groups of the rows that are trained on.
            task: for messages.
            parameters: `parameters/training.yml`.

        Raises:
            ConfigurationError: no group has enough rows.
        """
        min_size = parameters.validation.min_group_size
        sizes = pd.Series(groups).value_counts()
        sizes = sizes.reindex(sorted({*sizes.index, *trained}), fill_value=0)
        check_large_enough(sizes, task=task, parameters=parameters)
        judged_groups = sizes.index[sizes >= min_size].tolist()
        _report_groups(
            task, judged=judged_groups, too_small=sizes[sizes < min_size], min_size=min_size
        )
        return cls({name: np.flatnonzero(groups == name) for name in judged_groups})

    def score(self, predictions: pd.DataFrame, task: Task) -> dict[str, float]:
        """The task's primary metric of each group, by name; one without a score is left out.

        Args:
            predictions: of the validation rows, in their order, with `reference`.
            task: of the predictions.
        """
        scores = {
            name: task.score(predictions.iloc[rows].reset_index(drop=True))[task.primary_metric]
            for name, rows in self.rows.items()
        }
        return {name: score for name, score in scores.items() if not np.isnan(score)}


def check_large_enough(
    sizes: "pd.Series[int]", *, task: str, parameters: TrainingParameters
) -> None:
    """Checks that a group has enough validation rows to be the worst.

    Args:
        sizes: validation rows that count, by group.
        task: for the message.
        parameters: `parameters/training.yml`.

    Raises:
        ConfigurationError: none has.
    """
    min_size = parameters.validation.min_group_size
    if not (sizes >= min_size).any():
        raise ConfigurationError(
            f"training.validation.select_by is worst_group, but no group of task {task!r} by "
            f"{', '.join(parameters.objective.groups)} has {min_size} validation rows, the largest "
            f"has {sizes.max() if len(sizes) else 0}; lower training.validation.min_group_size, "
            "name other columns in training.objective.groups, or select by average "
            "(parameters/training.yml)"
        )


def _report_groups(
    task: str, *, judged: Sequence[str], too_small: "pd.Series[int]", min_size: int
) -> None:
    progress.report(progress.Fact(f"groups_judged_{task}", ", ".join(judged)))
    if len(judged) == 1:
        logger.warning(
            f"training: {judged[0]} is the only group of {task} with {min_size} validation rows, "
            "so it is the worst"
        )
    if too_small.empty:
        return
    names = [f"{name} ({size})" for name, size in too_small.items()]
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    listed = ", ".join(names[:MAX_LISTED]) + more
    logger.warning(
        f"training: the worst group of {task} is none of these, which have fewer than {min_size} "
        f"validation rows (training.validation.min_group_size): {listed}"
    )
    progress.report(progress.Fact(f"groups_too_small_to_judge_{task}", listed))
