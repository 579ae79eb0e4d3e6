"""Whether a round trip is about as long as its original."""

import numpy as np
import pandas as pd

from ccnlp.augmentation.filtering import FILTERS, Filter, FilterContext, Scores


@FILTERS.register("length_ratio")
class LengthRatio(Filter):
    """Characters of the shorter text over those of the longer: 1 for equal lengths, 0 for none."""

    name = "length_ratio"

    def score(self, round_trips: pd.DataFrame, context: FilterContext) -> Scores:
        """The ratio, 0..1; white space does not count."""
        lengths = [
            round_trips[column].str.replace(r"\s+", "", regex=True).str.len().to_numpy(float)
            for column in ("original", "candidate")
        ]
        shorter, longer = np.minimum(*lengths), np.maximum(*lengths)
        return np.asarray(shorter / np.maximum(longer, 1), dtype=np.float64)
