"""Whether a round trip keeps the URLs, mentions, hashtags and emoji of its original."""

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ccnlp.augmentation import segments
from ccnlp.augmentation.filtering import FILTERS, Filter, FilterContext, Scores

if TYPE_CHECKING:
    from regex import Pattern


@FILTERS.register("entities")
class Entities(Filter):
    """The share of URLs, mentions, hashtags, emoji and emoticons that both texts have."""

    name = "entities"

    def score(self, round_trips: pd.DataFrame, context: FilterContext) -> Scores:
        """The share, 0..1; 1 where neither has any."""
        pairs = zip(round_trips["original"], round_trips["candidate"], strict=True)
        find = _entity_pattern().findall
        return np.array([share_kept(find(a), find(b)) for a, b in pairs])


def share_kept(original: Iterable[str], candidate: Iterable[str]) -> float:
    """What two collections have in common over what they have together, counting repeats.

    >>> share_kept(["1", "2"], ["2"])
    0.5
    """
    original_counts, candidate_counts = Counter(original), Counter(candidate)
    total = (original_counts | candidate_counts).total()
    return (original_counts & candidate_counts).total() / total if total else 1.0


@lru_cache(maxsize=1)
def _entity_pattern() -> "Pattern[str]":
    import regex

    patterns = (segments.URL, segments.EMAIL, segments.MENTION_OR_HASHTAG, segments.EMOJI)
    return regex.compile("|".join((*patterns, segments.EMOTICON)))
