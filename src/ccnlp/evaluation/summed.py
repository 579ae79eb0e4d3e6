"""Scores that are made of sums over rows: of distances to annotators, spans found, ranks.

Intervals are those of the Bayesian bootstrap over the rows of one group (Rubin 1981). Groups below
the minimum size are drawn with the whole as the prior, as in `bootstrap`, and a whole below it has
no interval.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.evaluation.bootstrap import (
    NUMBERS_AT_ONCE,
    PRIOR_ROWS,
    Floats,
    Ints,
    Seed,
    percentile_interval,
)
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.slices import ALL, LABEL, LANGUAGE_AVERAGE, members, slices_of
from ccnlp.examples import groups_by_columns

NUM_STICKS = 20

OF_LABEL = ":"
"""In the name of a metric, what stands before the label whose it is, as in `f1:PER`."""

DECIMALS = 12
"""Of differences: sums of equal answers may differ in the last place."""

Metrics = Callable[[Floats], dict[str, Floats]]
"""From sums (..., kinds) to metrics, each of shape (...)."""

Absent = Callable[[Floats], npt.NDArray[np.bool_]]
"""From the sums of a group (..., kinds) to those that nothing known beforehand may add to."""

RowIndices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Sums:
    """What systems' answers to the same rows add to the sums.

    Attributes:
        systems: their names.
        tallies: shape (rows, systems, kinds); of the first rows, the others have no reference.
        rows: all of them, with their other columns.
        clusters: rows with the same number are drawn together, shape (rows,).
    """

    systems: tuple[str, ...]
    tallies: Floats
    rows: pd.DataFrame
    clusters: Ints

    @property
    def size(self) -> int:
        """How many rows have a reference."""
        return len(self.tallies)


def align_sums(
    predictions: pd.DataFrame, tally: Callable[[pd.DataFrame], Floats], *, reference_column: str
) -> Sums:
    """The tallies of the rows that every system answered.

    Args:
        predictions: the long table of one task.
        tally: what each row of one system adds, shape (rows, kinds).
        reference_column: is missing where there is nothing to judge by.
    """
    by_system = {
        str(system): table.set_index("example_id").sort_index(kind="stable")
        for system, table in predictions.groupby("system", sort=False, observed=True)
    }
    shared = next(iter(by_system.values())).index
    for table in by_system.values():
        shared = shared.intersection(table.index)
    rows = next(iter(by_system.values())).loc[shared].reset_index()
    has_reference = rows[reference_column].notna().to_numpy()
    tallies = [
        tally(table.loc[shared][has_reference].reset_index()) for table in by_system.values()
    ]
    rows = pd.concat([rows[has_reference], rows[~has_reference]], ignore_index=True)
    return Sums(
        systems=tuple(by_system),
        tallies=np.stack(tallies, axis=1),
        rows=rows,
        clusters=pd.factorize(rows["group_id"].fillna(rows["example_id"]))[0].astype(np.int64),
    )


def score_sums(
    sums: Sums,
    metrics: Metrics,
    *,
    absent: Absent | None = None,
    supports: Metrics | None = None,
    baseline: str | None,
    parameters: EvaluationParameters,
    name: str,
) -> Iterator[dict[str, object]]:
    """The rows of the scores table: slices `all` and those of the parameters.

    The slice `all` has the pooled rows and, as `language_average`, the mean over the languages in
    the same draws of all rows.

    Args:
        sums: of the systems.
        metrics: of sums.
        absent: what the prior of small groups must not bring in; see `TalliedTask.absent`.
        supports: of how many references metrics of single labels are; see `TalliedTask.supports`.
        baseline: the system that each is compared with in the same draws; `None` for none.
        parameters: slices, resamples and group sizes.
        name: of the rows; with the parameters' seed it makes the draws.
    """
    scorer = _Scorer(sums, metrics, absent, supports, baseline, parameters, name)
    all_rows = np.arange(len(sums.rows))
    yield from scorer.rows(ALL, ALL, scorer.sample(ALL, ALL, all_rows), all_rows)
    yield from scorer.rows(ALL, LANGUAGE_AVERAGE, scorer.sample_languages(), all_rows)
    for slice_name, groups in slices_of(sums.rows, parameters).items():
        for group, row_indices in members(groups):
            samples = scorer.sample(slice_name, group, row_indices)
            yield from scorer.rows(slice_name, group, samples, row_indices)


@dataclass(frozen=True)
class _Scorer:
    sums: Sums
    metrics: Metrics
    absent: Absent | None
    supports: Metrics | None
    baseline: str | None
    parameters: EvaluationParameters
    name: str

    def sample(self, slice_name: str, group: str, row_indices: RowIndices) -> dict[str, Floats]:
        """By metric, as observed and in each draw; shape (1 + draws, systems)."""
        labelled = row_indices[row_indices < self.sums.size]
        is_small = self._is_small(len(labelled)) and not self._is_small(self.sums.size)
        sums = draw_sums(
            self.sums.tallies[labelled],
            self.sums.clusters[labelled],
            num_draws=self.parameters.num_draws,
            seed=Seed(self.parameters.seed, (self.name, slice_name, group)),
            whole=self.sums.tallies if is_small else None,
            absent=self.absent,
        )
        return self._score(sums)

    def sample_languages(self) -> dict[str, Floats]:
        """The mean over languages, each of the same draws of clusters."""
        clusters = self.sums.clusters[: self.sums.size]
        languages = groups_by_columns(self.sums.rows[: self.sums.size], ["language"])
        seed = Seed(self.parameters.seed, (self.name, ALL, LANGUAGE_AVERAGE))
        samples = []
        for _, row_indices in members(languages):
            language_tallies = np.zeros_like(self.sums.tallies)
            language_tallies[row_indices] = self.sums.tallies[row_indices]
            sums = draw_sums(
                language_tallies, clusters, num_draws=self.parameters.num_draws, seed=seed
            )
            samples.append(self._score(sums))
        if not samples:
            return self.sample(ALL, LANGUAGE_AVERAGE, np.arange(0))
        return {metric: _mean([scores[metric] for scores in samples]) for metric in samples[0]}

    def rows(
        self, slice_name: str, group: str, samples: dict[str, Floats], row_indices: RowIndices
    ) -> Iterator[dict[str, object]]:
        """A row a metric and system; metrics of one label, of all rows, stand in slice `label`.

        Their `n` counts the references that have the label.
        """
        num_labelled = int((row_indices < self.sums.size).sum())
        num_references = self._supports(row_indices)
        for metric, values in samples.items():
            name, _, label = metric.partition(OF_LABEL)
            if label and (slice_name, group) != (ALL, ALL):
                continue
            if self._is_small(self.sums.size):
                values[1:] = np.nan
            for column, system in enumerate(self.sums.systems):
                yield {
                    "system": system,
                    "slice": LABEL if label else slice_name,
                    "group": label or group,
                    "metric": name,
                    **self._estimates(values, column),
                    "n": num_references.get(metric, num_labelled),
                    "baseline": self.baseline or "",
                    "is_small": self._is_small(num_references.get(metric, num_labelled)),
                    "num_unlabelled": len(row_indices) - num_labelled,
                }

    def _supports(self, row_indices: RowIndices) -> dict[str, int]:
        labelled = row_indices[row_indices < self.sums.size]
        if self.supports is None or not len(labelled):
            return {}
        sums = self.sums.tallies[labelled, 0].sum(axis=0)  # references are the same for all systems
        return {metric: int(number) for metric, number in self.supports(sums).items()}

    def _estimates(self, values: Floats, column: int) -> dict[str, float]:
        differences = np.full(len(values), np.nan)
        if self.baseline is not None:
            baseline_values = values[:, self.sums.systems.index(self.baseline)]
            differences = np.round(values[:, column] - baseline_values, DECIMALS)
        pair = np.stack([values[:, column], differences], axis=1)
        low, high = percentile_interval(pair[1:], self.parameters.confidence)
        return {
            "score": pair[0, 0],
            "low": low[0],
            "high": high[0],
            "difference": pair[0, 1],
            "difference_low": low[1],
            "difference_high": high[1],
        }

    def _score(self, sums: Floats) -> dict[str, Floats]:
        """Without draws of what was not observed, such as a type of entity that a group lacks."""
        scores = {}
        for name, values in self.metrics(sums).items():
            scores[name] = np.where(np.isnan(values[:1]), np.nan, values)
        return scores

    def _is_small(self, size: int) -> bool:
        return size < self.parameters.min_group_size


def draw_sums(
    tallies: Floats,
    clusters: Ints,
    *,
    num_draws: int,
    seed: Seed,
    whole: Floats | None = None,
    absent: Absent | None = None,
) -> Floats:
    """The sums as observed, then those of each draw; shape (1 + draws, systems, kinds).

    Args:
        tallies: shape (rows, systems, kinds).
        clusters: rows with the same number are drawn together, shape (rows,).
        num_draws: number of resamples.
        seed: makes them; the same draws of the same clusters, whatever is tallied.
        whole: for a small group, the tallies of the larger set whose rows are its prior.
        absent: what the prior must not bring in.
    """
    cluster_of_row, distinct_clusters = pd.factorize(clusters)
    width = tallies.shape[1] * tallies.shape[2]
    cluster_sums = np.zeros((len(distinct_clusters), width))
    np.add.at(cluster_sums, cluster_of_row, tallies.reshape(len(tallies), width))
    generator = np.random.default_rng(seed.entropy)
    block_size = max(1, NUMBERS_AT_ONCE // max(len(distinct_clusters), width, 1))
    blocks = [cluster_sums.sum(axis=0, keepdims=True)]
    is_absent = np.zeros(width, dtype=bool)
    if absent is not None:
        is_absent = absent(blocks[0].reshape(tallies.shape[1:])).ravel()
    for start in range(0, num_draws, block_size):
        size = min(block_size, num_draws - start)
        sums = generator.exponential(size=(size, len(distinct_clusters))) @ cluster_sums
        if whole is not None:
            prior = draw_prior(whole.reshape(len(whole), width), size, generator)
            sums += np.where(is_absent, 0.0, prior)
        blocks.append(sums)
    return np.concatenate(blocks).reshape(1 + num_draws, *tallies.shape[1:])


def draw_prior(tallies: Floats, num_draws: int, generator: np.random.Generator) -> Floats:
    """What rows that are known beforehand add, shape (draws, kinds).

    Of a Dirichlet process over the rows of the whole, by breaking sticks (Sethuraman 1994): after
    `NUM_STICKS` of them less than a thousandth is left, which the last one has.
    """
    mass = generator.gamma(PRIOR_ROWS, size=(num_draws, 1))
    fractions = generator.beta(1, PRIOR_ROWS, size=(num_draws, NUM_STICKS))
    fractions[:, -1] = 1
    remaining = np.cumprod(np.hstack([np.ones((num_draws, 1)), 1 - fractions[:, :-1]]), axis=1)
    rows = generator.integers(0, len(tallies), size=(num_draws, NUM_STICKS))
    added: Floats = mass * np.einsum("ds,dsk->dk", fractions * remaining, tallies[rows])
    return added


def _mean(scores: list[Floats]) -> Floats:
    """The mean over those that have a score; NaN where none has."""
    stacked = np.stack(scores)
    has_score = ~np.isnan(stacked)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.where(has_score, stacked, 0.0).sum(axis=0) / has_score.sum(axis=0)
    return mean
