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


def stand_alone(tokens: Sequence[str]) -> list[bool]:
    """Which of the tokens `join_tokens` leaves a blank in front of, or begins the text with.

    >>> stand_alone(["Is", "it", "10", "?"]), stand_alone(["今日", "は", "10", "時"])
    ([True, True, True, True], [True, False, False, False])
    """
    alone = [True] * len(tokens)
    mark, last_mark = _sticking()
    if not mark.search("".join(tokens)):
        return alone
    for index in range(1, len(tokens)):
        is_stuck = mark.match(tokens[index]) or last_mark.search(tokens[index - 1])
        alone[index] = not is_stuck
    return alone


@cache
def _sticking() -> "tuple[regex.Pattern[str], regex.Pattern[str]]":
    """A character that needs no blank beside it, anywhere and at the end of a token."""
    import regex

    marks = f"[{UNSEGMENTED}{FULL_WIDTH_MARKS}]"
    return regex.compile(marks), regex.compile(rf"{marks}\Z")


@cache
def _needless_blanks() -> "regex.Pattern[str]":
    import regex

    marks = f"[{UNSEGMENTED}{FULL_WIDTH_MARKS}]"
    return regex.compile(f" (?={marks})|(?<={marks}) ")
