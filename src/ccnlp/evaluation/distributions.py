"""How near systems come to the distribution of annotators' labels.

Beside right and wrong: where people disagree, a good answer is as divided as they are (Uma et al.
2021). The measures are means over rows, those without a majority among them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ccnlp.evaluation.bootstrap import NUMBERS_AT_ONCE, Floats, Ints, Seed, percentile_interval
from ccnlp.evaluation.distances import METRICS
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.slices import members, slices_of


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
    """The rows of the scores table for `METRICS`; none where no row has a distribution.

    Slices are `all` and those of the parameters, `n` counts rows, with or without a majority.
    Intervals are those of the Bayesian bootstrap over rows of one group (Rubin 1981).

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
    slices = slices_of(distances.rows, parameters)
    everything = pd.Series("all", index=distances.rows.index)
    for slice_name, groups in {"all": everything, **slices}.items():
        for group, places in members(groups):
            seed = Seed(parameters.seed, (name, slice_name, group))
            drawn = _draw_means(distances, places, parameters.num_draws, seed)
            is_small = len(places) < parameters.min_group_size
            for metric, means in drawn.items():
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
    return _Distances(
        systems=tuple(by_system),
        values={
            metric: np.stack([own.loc[shared, metric] for own in by_system.values()], axis=1)
            for metric in METRICS
        },
        rows=rows,
        clusters=pd.factorize(rows["group_id"].fillna(rows["example_id"]))[0].astype(np.int64),
    )


def _draw_means(
    distances: _Distances, places: "np.ndarray[tuple[int], np.dtype[np.intp]]", num: int, seed: Seed
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
        weights = generator.exponential(size=(min(block, num - start), len(names)))
        for metric, own in sums.items():
            means[metric].append(weights @ own / (weights @ sizes)[:, None])
    return {metric: np.concatenate(parts) for metric, parts in means.items()}


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
