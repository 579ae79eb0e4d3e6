"""Words that a corpus gives one by one, as token ids, in windows where they are many.

The first piece of a word stands for it (Devlin et al. 2019), or the second where the first is the
blank in front of the word alone. A long row is read in windows that overlap; each word is read
once, in the window where more stands around it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ccnlp.tasks.frames import Frame
from ccnlp.tasks.plain_text import Ids, Ints, blank_ids, word_ids

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

NO_PIECE = -1
"""The position of a word that the tokenizer makes nothing of, such as a zero-width blank."""

OVERLAP = 4
"""Windows overlap by a quarter of what they hold."""


@dataclass
class WordWindows:
    """Windows of the words of some rows, in the order of the rows; each list is as long.

    Attributes:
        input_ids: of each window, framed.
        places: in `input_ids`, the first piece of each word that is read in the window, or
            `NO_PIECE`.
        first_words: number of the first of these words in its row, from 0.
        window_of: position of the row of each window.
        num_tokens: of the whole row, framed.
    """

    input_ids: list[Ids] = field(default_factory=list)
    places: list[Ints] = field(default_factory=list)
    first_words: list[int] = field(default_factory=list)
    window_of: list[int] = field(default_factory=list)
    num_tokens: list[int] = field(default_factory=list)


def read_words(
    rows: Sequence[Sequence[str]],
    tokenizer: "PreTrainedTokenizerBase",
    *,
    max_length_tokens: int,
) -> WordWindows:
    """The windows of rows of words.

    Args:
        rows: the words of each row.
        tokenizer: a fast tokenizer.
        max_length_tokens: of a window, special tokens included.
    """
    windows = WordWindows()
    if not len(rows):
        return windows
    frame = Frame.of_text(tokenizer)
    room = max_length_tokens - frame.size
    ids, word_of = word_ids(rows, tokenizer)
    word_bounds = np.cumsum([0, *map(len, rows)])
    num_pieces = np.bincount(word_of, minlength=word_bounds[-1])
    pieces_before = np.append(0, np.cumsum(num_pieces))
    is_blank = np.append(np.isin(ids, list(blank_ids(tokenizer))), False)
    first_pieces = pieces_before[:-1] + (is_blank[pieces_before[:-1]] & (num_pieces > 1))
    piece_bounds, all_ids = pieces_before[word_bounds], ids.tolist()
    for row, (words, pieces) in enumerate(
        zip(_slices(word_bounds), _slices(piece_bounds), strict=True)
    ):
        row_ids, has_piece = all_ids[pieces], num_pieces[words] > 0
        row_pieces = first_pieces[words] - pieces.start
        for start, first, last in _windows(row_pieces, len(row_ids), room):
            places = row_pieces[first:last] - start + len(frame.before)
            windows.places.append(np.where(has_piece[first:last], places, NO_PIECE))
            windows.input_ids.append(frame.around(row_ids[start : start + room]))
            windows.first_words.append(first)
            windows.window_of.append(row)
            windows.num_tokens.append(frame.size + len(row_ids))
    return windows


def _slices(bounds: Ints) -> list[slice]:
    """From each bound to the next."""
    return [slice(start, end) for start, end in pairwise(bounds.tolist())]


def _windows(first_pieces: Ints, num_pieces: int, room: int) -> list[tuple[int, int, int]]:
    """Of each window the first piece, and the first and last word that are read there.

    The last is behind them. Where two windows overlap, the words of the first half are read in the
    earlier one. A window in which no word begins is left out.
    """
    if num_pieces <= room:
        return [(0, 0, len(first_pieces))]
    step = room - room // OVERLAP
    starts = np.append(np.arange(0, num_pieces - room, step), num_pieces - room)
    middles = (starts[1:] + starts[:-1] + room) // 2
    window_of = np.searchsorted(middles, first_pieces, side="right")
    firsts = np.searchsorted(window_of, np.arange(len(starts)), side="left").tolist()
    lasts = np.searchsorted(window_of, np.arange(len(starts)), side="right").tolist()
    return [
        window
        for window in zip(starts.tolist(), firsts, lasts, strict=True)
        if window[2] > window[1]
    ]
