"""Answers that are parts of a passage: their text, and the character that they begin with."""

from collections.abc import Sequence

import regex

CHARACTER = regex.compile(r"\X")
"""A character as people see it, such as a letter with its marks."""


def an_answer(text: str, start: int | str) -> dict[str, str | int]:
    """An answer as predictions and references hold it."""
    return {"text": text, "start": int(start)}


def cut_out(passage: str, start: int, end: int) -> list[dict[str, str | int]]:
    """The answer between two characters; none where nothing but white space stands there.

    It loses the white space around it, and has the whole of its first and of its last character as
    people see them: a conjunct of letters, the marks on a letter, which a tokenizer that composes
    letters leaves out, and all of an emoji that is several joined.

    >>> cut_out("क्षमा और", 1, 5)
    [{'text': 'क्षमा', 'start': 0}]
    """
    if start < end:
        while _is_within(passage, start):
            start -= 1
        while _is_within(passage, end):
            end += 1
    text = passage[start:end]
    is_blank = not text.strip()
    return [] if is_blank else [an_answer(text.strip(), end - len(text.lstrip()))]


def _is_within(passage: str, position: int) -> bool:
    """Whether a character as people see it goes on at a position, rather than begins.

    What stands further in front of the position is looked at where that decides, as of flags, which
    are letters by twos; what stands further behind it never does (UAX 29, section 3.1.1).
    """
    is_inside = 0 < position < len(passage)
    return is_inside and CHARACTER.fullmatch(passage, position - 1, position + 1) is not None


def first_span(texts: Sequence[str], starts: Sequence[str]) -> tuple[int, int]:
    """The character that the first answer begins with, and the one behind it; of none 0 twice."""
    if not len(texts):
        return 0, 0
    return int(starts[0]), int(starts[0]) + len(texts[0])


def why_not_there(text: str, start: str, passage: str) -> str | None:
    """Why an answer can't be used, in a sentence; `None` where it stands where it is said to."""
    if not text.strip():
        return "the answer is empty"
    try:
        position = int(start)
    except ValueError:
        return f"answer_start {start!r} is no whole number"
    if not 0 <= position < len(passage):
        return (
            f"answer_start {position} is outside the passage, which has {len(passage)} characters"
        )
    text_there = passage[position : position + len(text)]
    if text_there == text:
        return None
    first = passage.find(text)
    hint = f"it stands at {first}" if first >= 0 else "and it stands nowhere in it"
    return (
        f"the answer {text!r} is not at character {position} of the passage, but {text_there!r}; "
        f"{hint}"
    )
