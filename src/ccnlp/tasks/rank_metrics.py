"""Measures of rankings in which several passages may be relevant.

As in Manning, Raghavan and Schütze (2008, chapter 8), and Järvelin and Kekäläinen (2002) for nDCG.
"""

from collections.abc import Sequence

import numpy as np

CUT_OF_NDCG = 10
CUTS_OF_RECALL = (1, 5, 10)

MEASURES = (
    "mean_average_precision",
    f"ndcg_at_{CUT_OF_NDCG}",
    *(f"recall_at_{cut}" for cut in CUTS_OF_RECALL),
    "mean_reciprocal_rank",
)
"""The means over queries of what `measure` gives, in its order."""


def measure(ranks: Sequence[int]) -> list[float]:
    """Of one query average precision, nDCG, the recalls and the reciprocal rank; each 0..1.

    A recall is the share of the relevant passages that are found: with five of them, that among
    the first one is at most 0.2.

    Args:
        ranks: of all relevant passages, from 1, the best first; at least one.
    """
    relevant_ranks = np.asarray(ranks, dtype=np.float64)
    ideal_ranks = np.arange(1, len(relevant_ranks) + 1)
    gain = (1 / np.log2(relevant_ranks[relevant_ranks <= CUT_OF_NDCG] + 1)).sum()
    ideal_gain = (1 / np.log2(ideal_ranks[:CUT_OF_NDCG] + 1)).sum()
    average_precision = float((ideal_ranks / relevant_ranks).mean())
    recalls = [float((relevant_ranks <= cut).mean()) for cut in CUTS_OF_RECALL]
    return [average_precision, float(gain / ideal_gain), *recalls, float(1 / relevant_ranks[0])]
