"""Whether a round trip keeps the words that turn a judgement round, such as `not` and `never`."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ccnlp.augmentation.filtering import FILTERS, Filter, FilterContext, Scores
from ccnlp.augmentation.filters.novelty import words_of
from ccnlp.cultures import for_language


@FILTERS.register("polarity")
class Polarity(Filter):
    """Compares the number of polarity cues.

    A translator that takes `looks nothing like` for `looks at all like` loses one of one.
    """

    name = "polarity"

    def score(self, round_trips: pd.DataFrame, context: FilterContext) -> Scores:
        """Cues of the text with fewer over cues of the other; 1 where neither has one.

        NaN for a language without a list in `polarity_cues`.
        """
        cues = context.parameters.polarity_cues
        rows = zip(
            round_trips["language"],
            round_trips["original"],
            round_trips["candidate"],
            strict=True,
        )
        return np.array(
            [
                _score(original, candidate, for_language(cues, language, None))
                for language, original, candidate in rows
            ]
        )


def count_cues(text: str, cues: Sequence[str]) -> int:
    """How many words of the text are cues, or end in one that begins with `-`.

    >>> count_cues("I don't and won't, never", ["never", "-n't"])
    3
    """
    whole_words = {cue for cue in cues if not cue.startswith("-")}
    endings = tuple(cue[1:] for cue in cues if cue.startswith("-"))
    return sum(
        word in whole_words or (bool(endings) and word.endswith(endings)) for word in words_of(text)
    )


def _score(original: str, candidate: str, cues: Sequence[str] | None) -> float:
    if cues is None:
        return float("nan")
    fewer, more = sorted((count_cues(original, cues), count_cues(candidate, cues)))
    return fewer / more if more else 1.0
