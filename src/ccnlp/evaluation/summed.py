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

Places = npt.NDArray[np.intp]


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
    predictions: pd.DataFrame, tally: Callable[[pd.DataFrame], Floats], *, is_judged: str
) -> Sums:
    """The tallies of the rows that every system answered.

    Args:
        predictions: the long table of one task.
        tally: what each row of one system adds, shape (rows, kinds).
        is_judged: the column that is missing where there is nothing to judge by.
    """
    by_system = {
        str(system): own.set_index("example_id").sort_index(kind="stable")
        for system, own in predictions.groupby("system", sort=False, observed=True)
    }
    shared = next(iter(by_system.values())).index
    for own in by_system.values():
        shared = shared.intersection(own.index)
    rows = next(iter(by_system.values())).loc[shared].reset_index()
    has_reference = rows[is_judged].notna().to_numpy()
    tallies = [tally(own.loc[shared][has_reference].reset_index()) for own in by_system.values()]
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
    everything = np.arange(len(sums.rows))
    yield from scorer.rows(ALL, ALL, scorer.sample(ALL, ALL, everything), everything)
    yield from scorer.rows(ALL, LANGUAGE_AVERAGE, scorer.sample_languages(), everything)
    for slice_name, groups in slices_of(sums.rows, parameters).items():
        for group, places in members(groups):
            sampled = scorer.sample(slice_name, group, places)
            yield from scorer.rows(slice_name, group, sampled, places)


@dataclass(frozen=True)
class _Scorer:
    sums: Sums
    metrics: Metrics
    absent: Absent | None
    supports: Metrics | None
    baseline: str | None
    parameters: EvaluationParameters
    name: str

    def sample(self, slice_name: str, group: str, places: Places) -> dict[str, Floats]:
        """By metric, as observed and in each draw; shape (1 + draws, systems)."""
        known = places[places < self.sums.size]
        is_small = self._is_small(len(known)) and not self._is_small(self.sums.size)
        drawn = draw_sums(
            self.sums.tallies[known],
            self.sums.clusters[known],
            num_draws=self.parameters.num_draws,
            seed=Seed(self.parameters.seed, (self.name, slice_name, group)),
            whole=self.sums.tallies if is_small else None,
            absent=self.absent,
        )
        return self._scored(drawn)

    def sample_languages(self) -> dict[str, Floats]:
        """The mean over languages, each of the same draws of clusters."""
        clusters = self.sums.clusters[: self.sums.size]
        languages = groups_by_columns(self.sums.rows[: self.sums.size], ["language"])
        seed = Seed(self.parameters.seed, (self.name, ALL, LANGUAGE_AVERAGE))
        parts = []
        for _, places in members(languages):
            own = np.zeros_like(self.sums.tallies)
            own[places] = self.sums.tallies[places]
            drawn = draw_sums(own, clusters, num_draws=self.parameters.num_draws, seed=seed)
            parts.append(self._scored(drawn))
        if not parts:
            return self.sample(ALL, LANGUAGE_AVERAGE, np.arange(0))
        return {name: _mean([part[name] for part in parts]) for name in parts[0]}

    def rows(
        self, slice_name: str, group: str, sampled: dict[str, Floats], places: Places
    ) -> Iterator[dict[str, object]]:
        """A row a metric and system; metrics of one label, of all rows, stand in slice `label`.

        Their `n` counts the references that have the label.
        """
        size = int((places < self.sums.size).sum())
        own = self._supports(places)
        for metric, values in sampled.items():
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
                    "n": own.get(metric, size),
                    "baseline": self.baseline or "",
                    "is_small": self._is_small(own.get(metric, size)),
                    "num_unlabelled": len(places) - size,
                }

    def _supports(self, places: Places) -> dict[str, int]:
        known = places[places < self.sums.size]
        if self.supports is None or not len(known):
            return {}
        first = self.sums.tallies[known, 0].sum(axis=0)  # references are the same for all systems
        return {metric: int(number) for metric, number in self.supports(first).items()}

    def _estimates(self, values: Floats, column: int) -> dict[str, float]:
        gaps = np.full(len(values), np.nan)
        if self.baseline is not None:
            base = values[:, self.sums.systems.index(self.baseline)]
            gaps = np.round(values[:, column] - base, DECIMALS)
        pair = np.stack([values[:, column], gaps], axis=1)
        low, high = percentile_interval(pair[1:], self.parameters.confidence)
        return {
            "score": pair[0, 0],
            "low": low[0],
            "high": high[0],
            "difference": pair[0, 1],
            "difference_low": low[1],
            "difference_high": high[1],
        }

    def _scored(self, drawn: Floats) -> dict[str, Floats]:
        """Without draws of what was not observed, such as a type of entity that a group lacks."""
        scored = {}
        for name, values in self.metrics(drawn).items():
            scored[name] = np.where(np.isnan(values[:1]), np.nan, values)
        return scored

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
    cluster, names = pd.factorize(clusters)
    width = tallies.shape[1] * tallies.shape[2]
    own = np.zeros((len(names), width))
    np.add.at(own, cluster, tallies.reshape(len(tallies), width))
    generator = np.random.default_rng(seed.entropy)
    block = max(1, NUMBERS_AT_ONCE // max(len(names), width, 1))
    parts = [own.sum(axis=0, keepdims=True)]
    lacks = np.zeros(width, dtype=bool)
    if absent is not None:
        lacks = absent(parts[0].reshape(tallies.shape[1:])).ravel()
    for start in range(0, num_draws, block):
        size = min(block, num_draws - start)
        drawn = generator.exponential(size=(size, len(names))) @ own
        if whole is not None:
            prior = draw_prior(whole.reshape(len(whole), width), size, generator)
            drawn += np.where(lacks, 0.0, prior)
        parts.append(drawn)
    return np.concatenate(parts).reshape(1 + num_draws, *tallies.shape[1:])


def draw_prior(tallies: Floats, num: int, generator: np.random.Generator) -> Floats:
    """What rows that are known beforehand add, shape (draws, kinds).

    Of a Dirichlet process over the rows of the whole, by breaking sticks (Sethuraman 1994): after
    `NUM_STICKS` of them less than a thousandth is left, which the last one has.
    """
    mass = generator.gamma(PRIOR_ROWS, size=(num, 1))
    broken = generator.beta(1, PRIOR_ROWS, size=(num, NUM_STICKS))
    broken[:, -1] = 1
    left = np.cumprod(np.hstack([np.ones((num, 1)), 1 - broken[:, :-1]]), axis=1)
    rows = generator.integers(0, len(tallies), size=(num, NUM_STICKS))
    added: Floats = mass * np.einsum("ds,dsk->dk", broken * left, tallies[rows])
    return added


def _mean(parts: list[Floats]) -> Floats:
    """Over the parts that have a score; NaN where none has."""
    stacked = np.stack(parts)
    has_score = ~np.isnan(stacked)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.where(has_score, stacked, 0.0).sum(axis=0) / has_score.sum(axis=0)
    return mean
