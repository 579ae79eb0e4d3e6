"""The groups of every slice in the same draws, for whatever compares groups with each other."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from ccnlp.evaluation.bootstrap import Seed
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.sampling import align
from ccnlp.evaluation.scores import EvaluationSet, evaluation_sets
from ccnlp.evaluation.slices import slices_of
from ccnlp.evaluation.summed import align_sums
from ccnlp.evaluation.summed_slices import draw_slice_of_sums
from ccnlp.evaluation.tallies import SliceDraws, draw_slice
from ccnlp.tasks.base import Task
from ccnlp.tasks.tallied import TalliedTask


@dataclass(frozen=True)
class DrawnSlice:
    """One system on the groups of one slice.

    Attributes:
        evaluation_set: whose rows.
        slice: the slice's name.
        system: who predicted the rows.
        labels: the label set.
        groups: those with a labelled row, in order.
        unlabelled_groups: the others.
        draws: of the groups.
        min_group_size: rows below which nothing is said of a group.
    """

    evaluation_set: EvaluationSet
    slice: str
    system: str
    labels: tuple[str, ...]
    groups: tuple[str, ...]
    unlabelled_groups: tuple[str, ...]
    draws: SliceDraws
    min_group_size: int

    @property
    def is_judged(self) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """Which groups have a score and rows enough, shape (groups,)."""
        has_rows = self.draws.sizes >= self.min_group_size
        return np.asarray(has_rows & ~np.isnan(self.draws.scores))

    @property
    def has_intervals(self) -> bool:
        """Whether all groups together have rows enough for intervals."""
        return bool(self.draws.sizes.sum() >= self.min_group_size)


def draw_slices(
    predictions: pd.DataFrame, tasks: Mapping[str, Task], parameters: EvaluationParameters
) -> Iterator[DrawnSlice]:
    """Every system on every slice of two groups or more that have labelled rows.

    Args:
        predictions: every system's answers; only rows that all systems answered are drawn.
        tasks: by name; those that can't be judged are left out.
        parameters: slices, resamples and group sizes.

    Raises:
        ConfigurationError: a slice has too many groups.
    """
    for evaluation_set, table in evaluation_sets(predictions, tasks):
        drawable = _drawable(tasks[evaluation_set.task], table)
        for name, groups in slices_of(drawable.rows, parameters).items():
            codes, labelled_groups = pd.factorize(groups[: drawable.size], sort=True)
            if len(labelled_groups) < 2:
                continue
            for system in drawable.systems:
                seed_names = (
                    evaluation_set.task,
                    evaluation_set.corpus,
                    evaluation_set.split,
                    name,
                    system,
                )
                yield DrawnSlice(
                    evaluation_set=evaluation_set,
                    slice=name,
                    system=system,
                    labels=tasks[evaluation_set.task].labels,
                    groups=tuple(map(str, labelled_groups)),
                    unlabelled_groups=tuple(
                        sorted(set(map(str, groups)) - set(map(str, labelled_groups)))
                    ),
                    draws=drawable.draw(
                        system,
                        codes.astype(np.int64),
                        num_draws=parameters.num_draws,
                        seed=Seed(parameters.seed, seed_names),
                    ),
                    min_group_size=parameters.min_group_size,
                )


@dataclass(frozen=True)
class _Drawable:
    """Rows whose groups can be drawn.

    Attributes:
        rows: those with a reference first.
        size: how many these are.
        systems: that answered all of them.
        draw: of a system and each row's group.
    """

    rows: pd.DataFrame
    size: int
    systems: tuple[str, ...]
    draw: Callable[..., SliceDraws]


def _drawable(task: Task, table: pd.DataFrame) -> _Drawable:
    if isinstance(task, TalliedTask):
        sums = align_sums(table, task.tallies, reference_column="reference")
        draw = partial(
            draw_slice_of_sums,
            sums,
            metrics=task.metrics,
            metric=task.headline_metric,
            absent=task.absent,
        )
        return _Drawable(sums.rows, sums.size, sums.systems, draw)
    outcomes, rows = align(table, labels=task.labels)
    draw = partial(draw_slice, outcomes)
    return _Drawable(rows, len(outcomes.reference), tuple(outcomes.predictions), draw)
