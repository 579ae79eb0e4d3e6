"""Metrics of sums in every group of a slice and in its rest, in the same draws.

All groups are drawn at once, as in `tallies`: rows of one cluster may stand in several groups.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ccnlp.evaluation.bootstrap import NUMBERS_AT_ONCE, Floats, Ints, Seed
from ccnlp.evaluation.summed import Absent, Metrics, Sums, draw_prior
from ccnlp.evaluation.tallies import SliceDraws

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def draw_slice_of_sums(
    sums: Sums,
    system: str,
    group_of_row: Ints,
    metrics: Metrics,
    *,
    metric: str,
    absent: Absent,
    num_draws: int,
    seed: Seed,
) -> SliceDraws:
    """One metric of each group and of its rest, as observed and in the same draws.

    Args:
        sums: at least one row with a reference.
        system: whose tallies are drawn.
        group_of_row: the group of each row with a reference, from 0 and without gaps.
        metrics: of sums.
        metric: the one that is compared.
        absent: what the prior of a group must not bring in.
        num_draws: number of resamples.
        seed: makes them.
    """
    tallies = sums.tallies[:, sums.systems.index(system)]
    num_kinds, sizes = tallies.shape[1], np.bincount(group_of_row).astype(np.float64)
    matrix = _sums_of_clusters(tallies, sums.clusters[: sums.size], group_of_row)
    generator = np.random.default_rng(seed.entropy)
    block_size = max(1, NUMBERS_AT_ONCE // max(matrix.shape))
    observed = np.asarray(matrix.sum(axis=0)).reshape(1, len(sizes), num_kinds)
    group_blocks, rest_blocks = [observed], [observed.sum(axis=1, keepdims=True) - observed]
    for start in range(0, num_draws, block_size):
        size = min(block_size, num_draws - start)
        weights = generator.exponential(size=(size, matrix.shape[0]))
        group_sums = np.asarray((matrix.T @ weights.T).T).reshape(size, len(sizes), num_kinds)
        rest_blocks.append(group_sums.sum(axis=1, keepdims=True) - group_sums)
        prior = np.stack([draw_prior(tallies, size, generator) for _ in sizes], axis=1)
        group_blocks.append(group_sums + np.where(absent(observed[0]), 0.0, prior))
    scores, rest = (
        metrics(np.concatenate(blocks))[metric] for blocks in (group_blocks, rest_blocks)
    )
    rest[:, sizes == len(tallies)] = np.nan
    return SliceDraws(
        sizes=sizes,
        scores=scores[0],
        scores_drawn=np.where(np.isnan(scores[0]), np.nan, scores[1:]),
        rest=rest[0],
        rest_drawn=rest[1:],
    )


def _sums_of_clusters(tallies: Floats, clusters: Ints, group_of_row: Ints) -> "csr_array":
    """Sparse (clusters, groups * kinds)."""
    from scipy.sparse import csr_array

    cluster_of_row, distinct_clusters = pd.factorize(clusters)
    rows, kinds = tallies.nonzero()
    columns = group_of_row[rows] * tallies.shape[1] + kinds
    width = (int(group_of_row.max()) + 1) * tallies.shape[1]
    entries = tallies[rows, kinds], (cluster_of_row[rows], columns)
    return csr_array(entries, shape=(len(distinct_clusters), width))
