"""Whether a round trip means about what its original means."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from ccnlp.augmentation.filtering import FILTERS, Filter, FilterContext, Scores


@FILTERS.register("meaning")
class Meaning(Filter):
    """Cosine of the encoder's vectors of original and candidate."""

    name = "meaning"

    def texts_to_embed(self, round_trips: pd.DataFrame, context: FilterContext) -> Iterable[str]:
        """Originals and candidates."""
        return [*round_trips["original"], *round_trips["candidate"]]

    def score(self, round_trips: pd.DataFrame, context: FilterContext) -> Scores:
        """The cosine, -1..1; two unrelated texts may well have 0.7."""
        originals = context.embed(round_trips["original"].tolist())
        candidates = context.embed(round_trips["candidate"].tolist())
        return np.asarray((originals * candidates).sum(axis=1), dtype=np.float64)
