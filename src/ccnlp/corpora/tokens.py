"""Words that a corpus gives one by one, as a text that people and language models can read."""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex

UNSEGMENTED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}ー"
"""Scripts that are written without spaces between words, for a class of a regular expression."""

FULL_WIDTH_MARKS = r"\u3001-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
"""Punctuation that is written with these scripts, and brings its own blank."""


def join_tokens(tokens: Sequence[str]) -> str:
    """The tokens as one text: a blank between two, but none beside a script without spaces.

    >>> join_tokens(["Is", "it", "10", "?"]), join_tokens(["今日", "は", "10", "時", "。"])
    ('Is it 10 ?', '今日は10時。')
    """
    text = " ".join(tokens)
    return text if text.isascii() else str(_needless_blanks().sub("", text))


@cache
def _needless_blanks() -> "regex.Pattern[str]":
    import regex

    marks = f"[{UNSEGMENTED}{FULL_WIDTH_MARKS}]"
    return regex.compile(f" (?={marks})|(?<={marks}) ")
