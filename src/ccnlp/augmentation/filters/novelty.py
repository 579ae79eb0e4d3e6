"""Whether a round trip says its original in other words: neither a copy nor noise."""

from difflib import SequenceMatcher
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ccnlp.augmentation.filtering import FILTERS, Filter, FilterContext, Scores

if TYPE_CHECKING:
    from regex import Pattern

MAX_WORDS_TO_ALIGN = 400
"""Aligning takes time that grows with the square of the words: longer texts are bags of words."""


@FILTERS.register("novelty")
class Novelty(Filter):
    """The share of words that an alignment of original and candidate leaves unmatched.

    Case, punctuation and emoji do not count: a copy with other capitals is a copy.
    """

    name = "novelty"

    def score(self, round_trips: pd.DataFrame, context: FilterContext) -> Scores:
        """The share, 0 for a copy to 1 for no word in common."""
        pairs = zip(round_trips["original"], round_trips["candidate"], strict=True)
        return np.array([1 - _similarity(words_of(a), words_of(b)) for a, b in pairs])


def words_of(text: str) -> list[str]:
    """The words in lower case, with the marks and apostrophes that belong to them."""
    words: list[str] = _word_pattern().findall(text.casefold().replace("’", "'"))
    return words


@lru_cache(maxsize=1)
def _word_pattern() -> "Pattern[str]":
    import regex

    return regex.compile(r"[\p{L}\p{N}\p{M}\u200c\u200d]+(?:'[\p{L}\p{M}]+)*")


def _similarity(original: list[str], candidate: list[str]) -> float:
    matcher = SequenceMatcher(None, original, candidate, autojunk=False)
    if max(len(original), len(candidate)) > MAX_WORDS_TO_ALIGN:
        return matcher.quick_ratio()
    return matcher.ratio()
