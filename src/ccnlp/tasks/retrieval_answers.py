"""What a prediction of a ranking says, and what it adds to the measures."""

from typing import TypedDict

import numpy as np

from ccnlp.tasks.rank_metrics import MEASURES, measure
from ccnlp.tasks.tallied import Sums

POOLS = ("", "same_language_", "other_language_")
"""How the names of measures begin, by what a ranking is of: all passages of a pool; those in the
query's language; and, where the row's passage is in another one, those in that."""


class RankedAnswer(TypedDict):
    """A row's prediction.

    Keys:
        passages: ids and scores of the best passages of the pool, the best first.
        ranks: of all relevant passages of the pool, from 1, rising.
        ranks_in_language: the same among the passages in the language of the row's one.
        is_same_language: whether that is the query's.
        share: what part the row is of its query's ranking, which all rows of the query tell.
        share_in_language: the same of the rows with passages in that language.
    """

    passages: list[tuple[str, float]]
    ranks: list[int]
    ranks_in_language: list[int]
    is_same_language: bool
    share: float
    share_in_language: float


def only_right(passage: str, *, is_same_language: bool) -> RankedAnswer:
    """The ranking that has one passage, the only relevant one, in the first place."""
    return RankedAnswer(
        passages=[(passage, 1.0)],
        ranks=[1],
        ranks_in_language=[1],
        is_same_language=is_same_language,
        share=1.0,
        share_in_language=1.0,
    )


def tally(answer: RankedAnswer) -> list[float]:
    """What a row adds: by kind of pool its share, and that of each measure.

    A ranking without a relevant passage adds nothing.
    """
    whole = _weighted(answer["ranks"], answer["share"])
    in_language = _weighted(answer["ranks_in_language"], answer["share_in_language"])
    zeros = [0.0] * len(in_language)
    if answer["is_same_language"]:
        return [*whole, *in_language, *zeros]
    return [*whole, *zeros, *in_language]


def means(sums: Sums) -> dict[str, Sums]:
    """The means over rankings of summed tallies (..., kinds); NaN where there is no ranking."""
    by_pool = sums.reshape(*sums.shape[:-1], len(POOLS), 1 + len(MEASURES))
    with np.errstate(invalid="ignore", divide="ignore"):
        averages = by_pool[..., 1:] / by_pool[..., :1]
    return {
        f"{pool}{measure_name}": averages[..., i, j]
        for i, pool in enumerate(POOLS)
        for j, measure_name in enumerate(MEASURES)
    }


def _weighted(ranks: list[int], share: float) -> list[float]:
    if not ranks:
        return [0.0] * (1 + len(MEASURES))
    return [share, *(share * value for value in measure(ranks))]
