"""Whether a round trip is in the language of its original."""

import numpy as np
import pandas as pd

from ccnlp.augmentation import segments
from ccnlp.augmentation.filtering import FILTERS, Filter, FilterContext, Scores
from ccnlp.corpora.language_identification import score_languages
from ccnlp.cultures import base_language

NUM_GUESSES = 5
MAX_CHARACTERS = 400
MIN_LETTERS = 20
"""Below this the model guesses, and gives no verdict."""


@FILTERS.register("language")
class Language(Filter):
    """How much less like its language a round trip looks than its original.

    Both are judged, as the model is wrong about many originals: slang, names, two languages in one.
    """

    name = "language"

    def score(self, round_trips: pd.DataFrame, context: FilterContext) -> Scores:
        """The probability of the language for the candidate less that for the original, -1..1."""
        languages = round_trips["language"].map(base_language)
        columns = [
            [_probability(text, language) for text, language in zip(texts, languages, strict=True)]
            for texts in (round_trips["original"], round_trips["candidate"])
        ]
        original, candidate = (np.array(column, dtype=np.float64) for column in columns)
        return candidate - original


def _probability(text: str, language: str) -> float:
    words = " ".join(piece.text for piece in segments.split(text) if piece.is_translatable)
    if len(words.replace(" ", "")) < MIN_LETTERS:
        return float("nan")
    scores = score_languages(words[:MAX_CHARACTERS], num_languages=NUM_GUESSES)
    return scores.get(language, 0.0)
