"""The groups of every slice in the same draws, for whatever compares groups with each other."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ccnlp.evaluation.bootstrap import Seed
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.sampling import align
from ccnlp.evaluation.scores import Place, places
from ccnlp.evaluation.slices import slices_of
from ccnlp.evaluation.tallies import SliceDraws, draw_slice
from ccnlp.tasks.base import Task


@dataclass(frozen=True)
class DrawnSlice:
    """One system on the groups of one slice.

    Attributes:
        place: whose rows.
        slice: the slice's name.
        system: who predicted the rows.
        labels: the label set.
        groups: those with a labelled row, in order.
        unlabelled_groups: the others.
        draws: of the groups.
        min_group_size: rows below which nothing is said of a group.
    """

    place: Place
    slice: str
    system: str
    labels: tuple[str, ...]
    groups: tuple[str, ...]
    unlabelled_groups: tuple[str, ...]
    draws: SliceDraws
    min_group_size: int

    @property
    def is_judged(self) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """Which groups have rows enough, shape (groups,)."""
        return np.asarray(self.draws.observed.sizes >= self.min_group_size)

    @property
    def has_intervals(self) -> bool:
        """Whether all groups together have rows enough for intervals."""
        return bool(self.draws.observed.sizes.sum() >= self.min_group_size)


def draw_slices(
    predictions: pd.DataFrame, tasks: Mapping[str, Task], parameters: EvaluationParameters
) -> Iterator[DrawnSlice]:
    """Every system on every slice of two groups or more that have labelled rows.

    Args:
        predictions: every system's answers; only rows that all systems answered are drawn.
        tasks: by name; those without labels are left out.
        parameters: slices, resamples and group sizes.

    Raises:
        ConfigurationError: a slice has too many groups.
    """
    for place, table in places(predictions, tasks):
        outcomes, rows = align(table, labels=tasks[place.task].labels)
        for name, groups in slices_of(rows, parameters).items():
            codes, known = pd.factorize(groups[: len(outcomes.reference)], sort=True)
            if len(known) < 2:
                continue
            for system in outcomes.predictions:
                names = (place.task, place.corpus, place.split, name, system)
                yield DrawnSlice(
                    place=place,
                    slice=name,
                    system=system,
                    labels=outcomes.labels,
                    groups=tuple(map(str, known)),
                    unlabelled_groups=tuple(sorted(set(map(str, groups)) - set(map(str, known)))),
                    draws=draw_slice(
                        outcomes,
                        system,
                        codes.astype(np.int64),
                        num_draws=parameters.num_draws,
                        seed=Seed(parameters.seed, names),
                    ),
                    min_group_size=parameters.min_group_size,
                )
