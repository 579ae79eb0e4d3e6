"""Texts with two marked entities as sequences of token ids, marks around each entity."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ccnlp.corpora.cleaning import has_visible_text
from ccnlp.tasks.frames import Frame
from ccnlp.tasks.plain_text import Ids, text_ids

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

ENTITIES = ("first_entity", "second_entity")
"""The columns of the entities' spans: the first character of each and the one behind its last."""

MARKS = ("@", "#")
"""Around the first and around the second entity."""

CUT_AWAY = -1
"""The position of a mark that there was no room for."""

NUMBER = re.compile("[0-9]{1,18}")
"""Of a character; more digits are a number that no text reaches, and that Python may not read."""

CharacterRange = tuple[int, int]
"""The first character and the one behind the last."""


@dataclass(frozen=True)
class EncodedEntities:
    """Rows as token ids, and where the marks in front of the entities stand.

    Attributes:
        input_ids: of each row, cut.
        marks: of each row the positions of the first and of the second entity's mark.
        lengths: how many tokens each row was before it was cut.
    """

    input_ids: list[Ids]
    marks: list[list[int]]
    lengths: list[int]


def encode_entities(
    rows: pd.DataFrame, tokenizer: "PreTrainedTokenizerBase", *, max_length_tokens: int
) -> EncodedEntities:
    """The ids of each text with a mark in front of and behind each entity.

    The marks are characters that every vocabulary has: of the markers without types that Zhou and
    Chen (2022, "An Improved Baseline for Sentence-level Relation Extraction") compare, they do as
    well as new special tokens, whose vectors a few hundred examples would have to teach, and the
    tokenizer and the encoder stay what they were. A mark is told from the same character in a text
    by its position alone. A long text loses its ends, so that what stands between the marks stays
    as far as there is room.

    Args:
        rows: with `text` and the columns of `ENTITIES`.
        tokenizer: a fast tokenizer.
        max_length_tokens: special tokens included.
    """
    frame = Frame.of_text(tokenizer)
    mark_ids = text_ids(MARKS, tokenizer)
    room = max_length_tokens - frame.size
    encoded = EncodedEntities([], [], [])
    spans = [rows[column].map(read_span).tolist() for column in ENTITIES]
    pieces = [
        piece
        for text, first, second in zip(rows["text"], *spans, strict=True)
        for piece in _split(text, *sorted((first, second)))
    ]
    piece_ids = text_ids(pieces, tokenizer)
    for row, (first, second) in enumerate(zip(*spans, strict=True)):
        order = (0, 1) if first < second else (1, 0)
        body, bounds = _join(piece_ids[5 * row : 5 * row + 5], [mark_ids[i] for i in order])
        start = _start_of_window(bounds, size=len(body), room=room)
        marks = np.array([bounds[order.index(i)][0] + len(mark_ids[i]) - 1 for i in (0, 1)]) - start
        is_kept = (marks >= 0) & (marks < room)
        encoded.input_ids.append(frame.around(body[start : start + room]))
        encoded.marks.append(np.where(is_kept, marks + len(frame.before), CUT_AWAY).tolist())
        encoded.lengths.append(frame.size + len(body))
    return encoded


def mark_entities(text: str, first: CharacterRange, second: CharacterRange) -> str:
    """The text with `<e1>` around the first and `<e2>` around the second entity, for words to see.

    >>> mark_entities("Ada of London", (7, 13), (0, 3))
    '<e2> Ada </e2> of <e1> London </e1>'
    """
    name, next_name = ("e1", "e2") if first < second else ("e2", "e1")
    before, earlier, between, later, after = _split(text, *sorted((first, second)))
    marked = f"<{name}> {earlier} </{name}>", f"<{next_name}> {later} </{next_name}>"
    return f"{before}{marked[0]}{between}{marked[1]}{after}"


def read_span(cell: Sequence[str]) -> CharacterRange:
    """The numbers of a span."""
    start, end = cell
    return int(start), int(end)


def why_no_span(cell: Sequence[str], text: str, column: str) -> str | None:
    """Why a cell names no span of the text, or `None`."""
    if len(cell) != 2 or not all(map(NUMBER.fullmatch, cell)):
        return f"{column} is {list(cell)}, not the first character and the one behind the last"
    start, end = read_span(cell)
    if not start < end <= len(text):
        return f"{column} is {start} to {end}, which is no place in {len(text)} characters"
    if not has_visible_text(text[start:end]):
        return f"{column} is white space and invisible marks alone"
    return None


def _split(
    text: str, earlier: CharacterRange, later: CharacterRange
) -> tuple[str, str, str, str, str]:
    """What stands before, in, between and behind two spans."""
    return (
        text[: earlier[0]],
        text[slice(*earlier)],
        text[earlier[1] : later[0]],
        text[slice(*later)],
        text[later[1] :],
    )


def _join(pieces: Sequence[Ids], marks: Sequence[Ids]) -> tuple[Ids, list[tuple[int, int]]]:
    """The pieces with the marks between, and where each entity with its marks begins and ends."""
    before, earlier, between, later, after = pieces
    first = [*marks[0], *earlier, *marks[0]]
    second = [*marks[1], *later, *marks[1]]
    first_start, second_start = len(before), len(before) + len(first) + len(between)
    bounds = [
        (first_start, first_start + len(first)),
        (second_start, second_start + len(second)),
    ]
    return [*before, *first, *between, *second, *after], bounds


def _start_of_window(bounds: Sequence[tuple[int, int]], *, size: int, room: int) -> int:
    """Where the part that is kept begins: entities in its middle, or the earlier one at its start.

    >>> _start_of_window([(10, 13), (16, 20)], size=40, room=20)
    5
    """
    needed = bounds[1][1] - bounds[0][0]
    slack = max(0, room - needed)
    return max(0, min(bounds[0][0] - slack // 2, size - room))
