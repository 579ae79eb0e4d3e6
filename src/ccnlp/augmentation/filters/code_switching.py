"""Whether a round trip keeps the words of another language or script inside its original."""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ccnlp.augmentation import segments
from ccnlp.augmentation.filtering import FILTERS, Filter, FilterContext, Scores
from ccnlp.augmentation.filters.entities import share_kept
from ccnlp.augmentation.kept_markers import forms_of
from ccnlp.augmentation.markers import Groups, find_markers
from ccnlp.cultures import for_language

if TYPE_CHECKING:
    from regex import Pattern

SCRIPTS = (
    *("Latin", "Cyrillic", "Greek", "Armenian", "Georgian", "Hebrew", "Arabic", "Ethiopic"),
    *("Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil", "Telugu", "Kannada"),
    *("Malayalam", "Sinhala", "Thai", "Lao", "Khmer", "Myanmar", "Tibetan", "Hangul"),
    *("Hiragana", "Katakana", "Han"),
)
JAPANESE = frozenset({"Hiragana", "Katakana", "Han"})
"""Written together: none is another script beside the others."""


@FILTERS.register("code_switching")
class CodeSwitching(Filter):
    """Compares the words in another script than most of the original, and those listed.

    `switched_words` lists words of other languages in the same script, as nothing but a list tells
    them from the language's own in a text of a few words.
    """

    name = "code_switching"

    def score(self, round_trips: pd.DataFrame, context: FilterContext) -> Scores:
        """The share of such words that both texts have, 0..1; 1 where neither has one."""
        lists = context.parameters.switched_words
        rows = zip(
            round_trips["language"], round_trips["original"], round_trips["candidate"], strict=True
        )
        return np.array(
            [
                _share_kept(original, candidate, for_language(lists, language, {}))
                for language, original, candidate in rows
            ]
        )


def _share_kept(original: str, candidate: str, groups: Groups) -> float:
    original_words, candidate_words = words_by_script(original), words_by_script(candidate)
    main_script = _main_script(original_words)
    listed_words = [forms_of(find_markers(text, groups)) for text in (original, candidate)]
    foreign_words = [
        [word for script, words in by_script.items() if script != main_script for word in words]
        for by_script in (original_words, candidate_words)
    ]
    return share_kept(listed_words[0] + foreign_words[0], listed_words[1] + foreign_words[1])


def words_by_script(text: str) -> dict[str, list[str]]:
    """The words in lower case by their script; URLs, mentions and the like are left out.

    >>> words_by_script("आंटी का password")
    {'Devanagari': ['आंटी', 'का'], 'Latin': ['password']}
    """
    words: dict[str, list[str]] = {}
    for piece in segments.split(text):
        if piece.is_translatable:
            for run in _script_run_pattern().finditer(piece.text):
                script = "Han" if run.lastgroup in JAPANESE else str(run.lastgroup)
                words.setdefault(script, []).append(run[0].lower())
    return words


def _main_script(words: dict[str, list[str]]) -> str:
    """The script of most letters; empty where there is no letter."""
    return max(words, key=lambda script: sum(map(len, words[script])), default="")


@lru_cache(maxsize=1)
def _script_run_pattern() -> "Pattern[str]":
    """One run of letters, in a group named after its script."""
    import regex

    runs = (rf"(?P<{name}>\p{{Script={name}}}[\p{{Script={name}}}\p{{M}}]*)" for name in SCRIPTS)
    return regex.compile("|".join(runs))
