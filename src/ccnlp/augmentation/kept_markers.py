"""Which markers of their originals round trips keep."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd

from ccnlp.augmentation.filtering import Scores
from ccnlp.augmentation.filters.entities import share_kept
from ccnlp.augmentation.markers import Groups, Marker, find_markers
from ccnlp.cultures import for_language


def share_of_markers(
    round_trips: pd.DataFrame,
    markers: Mapping[str, Groups],
    *,
    features_of: Callable[[list[Marker]], Iterable[str]],
) -> Scores:
    """What the markers of original and candidate have in common over what they have together.

    Args:
        round_trips: with `language`, `original` and `candidate`.
        markers: by language; a regional tag without lists of its own takes those of its language.
        features_of: what counts of the markers of one text, such as their forms.

    Returns:
        A share a row, 0..1; 1 where neither text has a marker, NaN for a language without lists.
    """
    rows = zip(
        round_trips["language"], round_trips["original"], round_trips["candidate"], strict=True
    )
    shares = []
    for language, original, candidate in rows:
        groups = for_language(markers, language, None)
        if groups is None:
            shares.append(float("nan"))
        else:
            features = (features_of(find_markers(text, groups)) for text in (original, candidate))
            shares.append(share_kept(*features))
    return np.array(shares)


def forms_of(markers: list[Marker]) -> list[str]:
    """The forms, as often as they occur."""
    return [marker.form for marker in markers]
