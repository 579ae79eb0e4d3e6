"""How near systems come to the distribution of annotators' labels.

Beside right and wrong: where people disagree, a good answer is as divided as they are (Uma et al.
2021). The measures are means over rows, those without a majority among them. Distances are better
where they are down; the similarity, 1 less the Jensen–Shannon distance, where it is up.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ccnlp.evaluation.bootstrap import (
    NUMBERS_AT_ONCE,
    PRIOR_ROWS,
    Floats,
    Ints,
    Seed,
    percentile_interval,
)
from ccnlp.evaluation.distances import METRICS
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.slices import members, slices_of
from ccnlp.metrics import DISTRIBUTION_SIMILARITY

NUM_STICKS = 20


@dataclass(frozen=True)
class _Distances:
    """What systems' answers are worth on the same rows.

    Attributes:
        systems: their names.
        values: by metric, shape (rows, systems).
        rows: their other columns.
        clusters: rows with the same number are drawn together, shape (rows,).
    """

    systems: tuple[str, ...]
    values: Mapping[str, Floats]
    rows: pd.DataFrame
    clusters: Ints


def score_distances(
    predictions: pd.DataFrame, *, baseline: str, parameters: EvaluationParameters, name: str
) -> Iterator[dict[str, object]]:
    """The rows of the scores table for `METRICS` and the similarity; none without a distribution.

    Slices are `all` and those of the parameters, `n` counts rows, with or without a majority.
    Intervals are those of the Bayesian bootstrap over rows of one group (Rubin 1981); groups below
    the minimum size are drawn with the whole as the prior, as in `bootstrap`, and a whole below it
    has no interval.

    Args:
        predictions: of one task, corpus and split; only rows that all systems answered count.
        baseline: the system that each is compared with in the same draws.
        parameters: slices, resamples and group sizes.
        name: of the rows; with the parameters' seed it makes the draws.
    """
    if METRICS[0] not in predictions or predictions[METRICS[0]].isna().all():
        return
    judged = predictions[predictions[METRICS[0]].notna()]
    distances = _align(judged)
    is_whole_small = len(distances.rows) < parameters.min_group_size
    slices = slices_of(distances.rows, parameters)
    everything = pd.Series("all", index=distances.rows.index)
    for slice_name, groups in {"all": everything, **slices}.items():
        for group, places in members(groups):
            is_small = len(places) < parameters.min_group_size
            drawn = _draw_means(
                distances,
                places,
                parameters.num_draws,
                Seed(parameters.seed, (name, slice_name, group)),
                has_prior=is_small and not is_whole_small,
            )
            for metric, means in drawn.items():
                if is_whole_small:
                    means[1:] = np.nan
                for system, row in _rows(distances.systems, means, baseline, parameters):
                    yield {
                        "system": system,
                        "slice": slice_name,
                        "group": group,
                        "metric": metric,
                        **row,
                        "n": len(places),
                        "baseline": baseline,
                        "is_small": is_small,
                        "num_unlabelled": 0,
                    }


def _align(judged: pd.DataFrame) -> _Distances:
    by_system = {
        str(system): own.set_index("example_id").sort_index()
        for system, own in judged.groupby("system", sort=False, observed=True)
    }
    shared = next(iter(by_system.values())).index
    for own in by_system.values():
        shared = shared.intersection(own.index)
    rows = next(iter(by_system.values())).loc[shared].reset_index()
    values = {
        metric: np.stack([own.loc[shared, metric] for own in by_system.values()], axis=1)
        for metric in METRICS
    }
    return _Distances(
        systems=tuple(by_system),
        values={**values, DISTRIBUTION_SIMILARITY: 1 - values["jensen_shannon_distance"]},
        rows=rows,
        clusters=pd.factorize(rows["group_id"].fillna(rows["example_id"]))[0].astype(np.int64),
    )


def _draw_means(
    distances: _Distances,
    places: "np.ndarray[tuple[int], np.dtype[np.intp]]",
    num: int,
    seed: Seed,
    *,
    has_prior: bool,
) -> dict[str, Floats]:
    """By metric the means as observed, then those of each draw; shape (1 + draws, systems)."""
    cluster, names = pd.factorize(distances.clusters[places])
    sizes = np.bincount(cluster, minlength=len(names)).astype(np.float64)
    sums = {}
    for metric, values in distances.values.items():
        own = np.zeros((len(names), len(distances.systems)))
        np.add.at(own, cluster, values[places])
        sums[metric] = own
    means = {metric: [own.sum(axis=0, keepdims=True) / len(places)] for metric, own in sums.items()}
    generator = np.random.default_rng(seed.entropy)
    block = max(1, NUMBERS_AT_ONCE // len(names))
    for start in range(0, num, block):
        size = min(block, num - start)
        weights = generator.exponential(size=(size, len(names)))
        total = (weights @ sizes)[:, None]
        mass, prior = _draw_prior(distances, size, generator) if has_prior else (0.0, {})
        for metric, own in sums.items():
            means[metric].append((weights @ own + mass * prior.get(metric, 0)) / (total + mass))
    return {metric: np.concatenate(parts) for metric, parts in means.items()}


def _draw_prior(
    distances: _Distances, num: int, generator: np.random.Generator
) -> tuple[Floats, dict[str, Floats]]:
    """Rows that are known beforehand (draws, 1), and by metric their mean (draws, systems).

    Of a Dirichlet process over the rows of the whole, by breaking sticks (Sethuraman 1994): after
    `NUM_STICKS` of them less than a thousandth is left, which the last one has.
    """
    mass = generator.gamma(PRIOR_ROWS, size=(num, 1))
    broken = generator.beta(1, PRIOR_ROWS, size=(num, NUM_STICKS))
    broken[:, -1] = 1
    left = np.cumprod(np.hstack([np.ones((num, 1)), 1 - broken[:, :-1]]), axis=1)
    shares = broken * left
    rows = generator.integers(0, len(distances.rows), size=(num, NUM_STICKS))
    means = {
        metric: np.einsum("ds,dsk->dk", shares, values[rows])
        for metric, values in distances.values.items()
    }
    return mass, means


def _rows(
    systems: tuple[str, ...], means: Floats, baseline: str, parameters: EvaluationParameters
) -> Iterator[tuple[str, dict[str, object]]]:
    gaps = means - means[:, [systems.index(baseline)]]
    low, high = percentile_interval(means[1:], parameters.confidence)
    gap_low, gap_high = percentile_interval(gaps[1:], parameters.confidence)
    for place, system in enumerate(systems):
        yield (
            system,
            {
                "score": means[0, place],
                "low": low[place],
                "high": high[place],
                "difference": gaps[0, place],
                "difference_low": gap_low[place],
                "difference_high": gap_high[place],
            },
        )
