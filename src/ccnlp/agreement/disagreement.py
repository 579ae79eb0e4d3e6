"""How often the cultures' majorities differ: all of them, and each two.

A tied culture has no majority. A pair is compared on the texts on which both have one; consensus
on the texts that at least two cultures judged, none of them tied. What ties leave out is counted.
A text is one trial, so the interval of a share is Wilson's (1927) score interval, which does not
close up at 0 as the bootstrap's does.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ccnlp.agreement.alpha import Estimate, undefined
from ccnlp.agreement.votes import ABSENT, TIED, Bools, Ints, Majorities
from ccnlp.intervals import wilson_interval

NOT_SHARED = "no text has a majority of both cultures"
NOT_COMPARABLE = "no text has majorities of two cultures and no tie"


def share_of(count: int, n: int, *, confidence: float, note: str) -> Estimate:
    """The share of n texts with Wilson's interval.

    Args:
        count: texts that are counted.
        n: all texts.
        confidence: of the interval.
        note: why there is no share where n is 0.
    """
    if n == 0:
        return undefined(0, note)
    return Estimate(count / n, *wilson_interval(count / n, n, confidence=confidence), n)


@dataclass(frozen=True)
class Consensus:
    """Of which texts all cultures' majorities agree.

    Attributes:
        is_comparable: at least two cultures judged the text and none is tied; shape (texts,).
        is_agreed: all that judged it chose the same label, of comparable texts; shape (texts,).
        num_tied: texts that at least two cultures judged, left out for a tie.
    """

    is_comparable: Bools
    is_agreed: Bools
    num_tied: int

    @property
    def share(self) -> float:
        """Of the comparable texts, 0..1; NaN without any."""
        n = self.is_comparable.sum()
        return float(self.is_agreed.sum() / n) if n else float("nan")


def consensus_of(majorities: Majorities) -> Consensus:
    """Which texts all cultures agree on."""
    is_shared = majorities.is_judged.sum(axis=1) >= 2
    is_comparable = is_shared & ~(majorities.codes == TIED).any(axis=1)
    no_label = np.iinfo(np.int64).max
    lowest_codes = np.where(majorities.has_majority, majorities.codes, no_label)
    is_same = lowest_codes.min(axis=1, initial=no_label) == majorities.codes.max(
        axis=1, initial=ABSENT
    )
    is_agreed = is_comparable & is_same
    return Consensus(is_comparable, is_agreed, int((is_shared & ~is_comparable).sum()))


@dataclass(frozen=True)
class PairCounts:
    """Texts of each two cultures; each of shape (cultures, cultures), symmetric.

    Attributes:
        num_judged: both annotated the text.
        num_compared: both have a majority.
        num_different: the majorities differ.
    """

    num_judged: Ints
    num_compared: Ints
    num_different: Ints


def count_pairs(majorities: Majorities) -> PairCounts:
    """The texts on which each two cultures can be compared and differ."""
    compared = _count_both(majorities.has_majority)
    labels = np.unique(majorities.codes[majorities.has_majority])
    same = sum((_count_both(majorities.codes == label) for label in labels), 0 * compared)
    return PairCounts(_count_both(majorities.is_judged), compared, compared - same)


def _count_both(flags: Bools) -> Ints:
    """On how many texts the flag of both cultures is set."""
    # Floats, whose product is the fast one; the counts are far below 2**53.
    floats = flags.astype(np.float64)
    return np.rint(floats.T @ floats).astype(np.int64)


def disagreement_matrix(agreement: pd.DataFrame, column: str = "value") -> pd.DataFrame:
    """The disagreement of each two cultures, 0..1, rows and columns being cultures.

    NaN on the diagonal and where two share no text. The cultures that differ most from the
    others, on average, come first.

    Args:
        agreement: of `tables.agreement_tables`.
        column: of it, such as `n` or `shuffled`.
    """
    pairs = agreement[(agreement["kind"] == "pair") & (agreement["measure"] == "disagreement")]
    both_directions = pd.concat(
        [pairs, pairs.rename(columns={"culture_a": "culture_b", "culture_b": "culture_a"})]
    )
    mean_disagreement = both_directions.groupby("culture_a")["value"].mean()
    order = mean_disagreement.sort_values(ascending=False, kind="stable").index
    matrix = both_directions.pivot_table(
        index="culture_a", columns="culture_b", values=column, aggfunc="first", dropna=False
    )
    return matrix.reindex(index=order, columns=order)
