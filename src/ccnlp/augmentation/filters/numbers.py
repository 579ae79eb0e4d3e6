"""Whether a round trip keeps the numbers of its original."""

import re

import numpy as np
import pandas as pd

from ccnlp.augmentation.filtering import FILTERS, Filter, FilterContext, Scores
from ccnlp.augmentation.filters.entities import share_kept

NUMBER = re.compile(r"\d+")
"""Groups of digits of any script: `1.5` and `1,5` hold the same two."""


@FILTERS.register("numbers")
class Numbers(Filter):
    """The share of numbers that original and candidate have in common."""

    name = "numbers"

    def score(self, round_trips: pd.DataFrame, context: FilterContext) -> Scores:
        """The share, 0..1; 1 where neither has a number."""
        pairs = zip(round_trips["original"], round_trips["candidate"], strict=True)
        return np.array([share_kept(_numbers(a), _numbers(b)) for a, b in pairs])


def _numbers(text: str) -> list[str]:
    return [str(int(number)) if len(number) < 18 else number for number in NUMBER.findall(text)]
