"""The words of a text that nobody has split, and what is marked in it, by words and by characters.

Offsets count characters of the text as it was given.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypedDict

import numpy as np
import numpy.typing as npt

from ccnlp.corpora.tokens import UNSEGMENTED
from ccnlp.tasks.bio import OUTSIDE, TagSet, find_entities

if TYPE_CHECKING:
    import regex

Ints = npt.NDArray[np.int64]

JOINERS = "\u200c\u200d"
"""They stand within the words of Persian and of scripts of India."""


class Place(TypedDict):
    """Where something of a type stands in a text; the character at `end` is none of it."""

    start: int
    end: int
    label: str


class Span(Place):
    """A place with what stands there, and how sure it is, 0..1."""

    text: str
    score: float


@dataclass(frozen=True)
class Words:
    """The words of a text in their order.

    Attributes:
        tokens: the words as they stand there.
        starts: offset of the first character of each; shape (words,).
        ends: offset behind the last one of each; shape (words,).
    """

    tokens: list[str]
    starts: Ints
    ends: Ints


def split_words(text: str) -> Words:
    """The words of a text: runs of letters and digits, and every other character alone.

    In scripts without spaces between words, words are those of ICU's dictionaries. What belongs to
    a character, such as a vowel sign or the parts of a flag, stays with it, as do joiners in a
    word.

    >>> split_words("Ada's 3 北京大学").tokens
    ['Ada', "'", 's', '3', '北京', '大学']
    """
    bounds = [pair for run in _run_pattern().finditer(text) for pair in _word_bounds(run)]
    starts, ends = np.array(bounds, dtype=np.int64).reshape(-1, 2).T
    return Words([text[start:end] for start, end in bounds], starts, ends)


def _word_bounds(run: "regex.Match[str]") -> Iterator[tuple[int, int]]:
    """Where the words of a run stand: one, unless its script has no spaces between words."""
    end = run.start()
    for word in _cut(run.group()) if run.lastgroup else [run.group()]:
        start, end = end, end + len(word)
        yield start, end


def _cut(run: str) -> Iterable[str]:
    """The words of a run of characters that are written without spaces; all of its characters."""
    from icu4py.breakers import WordBreaker

    return WordBreaker(run, "und")  # its own offsets count UTF-16 units


@cache
def _run_pattern() -> "regex.Pattern[str]":
    import regex

    unsegmented = rf"(?P<unsegmented>(?:(?=[{UNSEGMENTED}])\X)+)"
    segmented = rf"[[\p{{L}}\p{{M}}\p{{N}}{JOINERS}]--[{UNSEGMENTED}]]+"
    return regex.compile(rf"{unsegmented}|{segmented}|(?=\S)\X", regex.VERSION1)


def spans_in(
    text: str, tags: Sequence[str], tag_set: TagSet, *, scores: npt.ArrayLike
) -> list[Span]:
    """What the tags of a text's words mark in it, in the order of the text.

    Args:
        text: that `split_words` splits.
        tags: one for each of its words.
        tag_set: they are of it.
        scores: of what is marked, in this order; shape (spans,).

    Raises:
        ValueError: the text has another number of words, or a tag is none of the set.
    """
    words = split_words(text)
    if len(words.tokens) != len(tags):
        raise ValueError(
            f"{len(tags)} tags for the {len(words.tokens)} words of {text[:100]!r}; split it with "
            "split_words"
        )
    if not len(tags):
        return []
    entities = find_entities(tag_set.codes([tags]), np.arange(len(tags)) == 0, tag_set)
    spans = zip(
        words.starts[entities.starts].tolist(),
        words.ends[entities.ends - 1].tolist(),
        entities.types.tolist(),
        np.asarray(scores, dtype=np.float64).tolist(),
        strict=True,
    )
    return [
        {
            "start": start,
            "end": end,
            "label": tag_set.types[kind],
            "text": text[start:end],
            "score": score,
        }
        for start, end, kind, score in spans
    ]


def tags_of(words: Words, places: Iterable[Place]) -> list[str]:
    """The tag of each word, of what is marked by characters.

    Raises:
        ValueError: a place begins or ends within a word or outside of all, or overlaps another.
    """
    tags = [OUTSIDE] * len(words.tokens)
    for place in places:
        first, last = _word_range(words, place)
        if any(tag != OUTSIDE for tag in tags[first:last]):
            raise ValueError(f"{_describe(place)} overlaps another")
        tags[first:last] = [f"B-{place['label']}"] + [f"I-{place['label']}"] * (last - first - 1)
    return tags


def _word_range(words: Words, place: Place) -> tuple[int, int]:
    first = int(np.searchsorted(words.starts, place["start"]))
    last = int(np.searchsorted(words.ends, place["end"], side="right"))
    is_word_start = first < len(words.tokens) and words.starts[first] == place["start"]
    is_word_end = last > first and words.ends[last - 1] == place["end"]
    if not is_word_start or not is_word_end:
        raise ValueError(f"{_describe(place)} does not begin and end where words do")
    return first, last


def _describe(place: Place) -> str:
    return f"{place['label']} at characters {place['start']} to {place['end']}"
