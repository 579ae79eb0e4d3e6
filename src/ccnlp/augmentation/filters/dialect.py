"""Whether a round trip keeps the words and spellings that mark a variety of its language."""

import pandas as pd

from ccnlp.augmentation.filtering import FILTERS, Filter, FilterContext, Scores
from ccnlp.augmentation.kept_markers import forms_of, share_of_markers


@FILTERS.register("dialect")
class Dialect(Filter):
    """Compares the words of `dialect_markers`: `ônibus` that comes back as `autocarro` is lost."""

    name = "dialect"

    def score(self, round_trips: pd.DataFrame, context: FilterContext) -> Scores:
        """The share of markers that both texts have, 0..1; 1 where neither has one.

        NaN for a language without lists in `dialect_markers`.
        """
        return share_of_markers(
            round_trips, context.parameters.dialect_markers, features_of=forms_of
        )
