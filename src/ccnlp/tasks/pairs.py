"""Two texts that a model reads as one sequence, such as a premise and a hypothesis."""

from typing import TYPE_CHECKING

import pandas as pd

from ccnlp.tasks.frames import Frame
from ccnlp.tasks.plain_text import Ids, text_ids

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

PAIR = ("text", "other_text")
"""The columns of a pair, in the order in which it is read."""


def encode_pairs(
    rows: pd.DataFrame, tokenizer: "PreTrainedTokenizerBase", *, max_length_tokens: int
) -> tuple[list[Ids], list[int]]:
    """The ids of each pair, cut to `max_length_tokens`, and their numbers before.

    Special tokens stand around the two as the tokenizer frames a pair. The longer text loses its
    end first, until both are of one length; then both do.

    Args:
        rows: with `text` and `other_text`.
        tokenizer: a fast tokenizer.
        max_length_tokens: special tokens included.
    """
    frame = Frame.of_both(tokenizer, "text_pair")
    room = max_length_tokens - frame.size
    ids_by_column = [text_ids(rows[column].tolist(), tokenizer) for column in PAIR]
    sequences, lengths = [], []
    for first, second in zip(*ids_by_column, strict=True):
        num_first, num_second = _split_room(len(first), len(second), room)
        sequences.append(frame.around(first[:num_first], second[:num_second]))
        lengths.append(frame.size + len(first) + len(second))
    return sequences, lengths


def _split_room(num_first: int, num_second: int, room: int) -> tuple[int, int]:
    """How many tokens each of two texts keeps: all, or what the longer one leaves the shorter.

    >>> _split_room(10, 3, 8), _split_room(10, 9, 9)
    ((5, 3), (5, 4))
    """
    num_kept = min(num_first, max(room - num_second, (room + 1) // 2))
    return num_kept, min(num_second, room - num_kept)
