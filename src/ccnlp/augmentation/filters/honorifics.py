"""Whether a round trip addresses people as its original does: pronouns, titles, polite words."""

import pandas as pd

from ccnlp.augmentation.filtering import FILTERS, Filter, FilterContext, Scores
from ccnlp.augmentation.kept_markers import share_of_markers
from ccnlp.augmentation.markers import Marker


@FILTERS.register("honorifics")
class Honorifics(Filter):
    """Compares which groups of `address_forms` occur.

    How often one occurs does not count, as one language needs the pronoun that another leaves out;
    that `usted` became `tú` does. Where only the verb addresses, as in Spanish `¿qué toman?`, only
    what the lists have of verbs is seen.
    """

    name = "honorifics"

    def score(self, round_trips: pd.DataFrame, context: FilterContext) -> Scores:
        """The share of groups that both texts have, 0..1; 1 where neither has one.

        NaN for a language without lists in `address_forms`.
        """
        return share_of_markers(
            round_trips, context.parameters.address_forms, features_of=_distinct_groups
        )


def _distinct_groups(markers: list[Marker]) -> set[str]:
    return {marker.group for marker in markers}
