"""Questions with long passages, as windows of token ids that a model can read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.tasks.frames import Frame
from ccnlp.tasks.plain_text import mark_ids, spelled

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Ints = npt.NDArray[np.int32]

NO_PASSAGE = -1
"""Where a token is none of the passage's."""

FIRST_TOKEN = 0
"""The position that stands for no answer."""


@dataclass(frozen=True)
class Tokens:
    """The tokens of a text, without a frame; all arrays have shape (tokens,).

    Attributes:
        ids: of the tokens.
        starts: the character of the text, as it was given, that each begins with.
        ends: the one behind each.
    """

    ids: Ints
    starts: Ints
    ends: Ints

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, span: slice) -> "Tokens":
        return Tokens(self.ids[span], self.starts[span], self.ends[span])

    def covering(self, start: int, end: int) -> tuple[int, int]:
        """The first and the last token of a span of characters.

        The first comes behind the last where the tokenizer has left the characters out.
        """
        first = int(np.searchsorted(self.ends, start, side="right"))
        return first, int(np.searchsorted(self.starts, end, side="left")) - 1


@dataclass(frozen=True)
class Window:
    """A question with a part of its passage; all arrays have shape (tokens,).

    Attributes:
        input_ids: framed.
        starts: the character of the passage that each token begins with; `NO_PASSAGE` for those
            that are none of the passage's.
        ends: the one behind each, likewise.
        row: position of the question.
        first: the token of the passage that the part begins with.
        last: the one that it ends with.
        part_position: position in the window of the part's first token.
        num_tokens: of the framed question with the whole passage.
        is_cut: whether the question has lost its end.
    """

    input_ids: Ints
    starts: Ints
    ends: Ints
    row: int
    first: int
    last: int
    part_position: int
    num_tokens: int
    is_cut: bool

    def place_of(self, first: int, last: int) -> tuple[int, int]:
        """The positions in the window of the first and the last of a span of the passage's tokens.

        `FIRST_TOKEN` twice, where the window does not hold all of it, or it has no tokens.
        """
        if first <= last and self.first <= first and last <= self.last:
            shift = self.part_position - self.first
            return first + shift, last + shift
        return FIRST_TOKEN, FIRST_TOKEN


def read_tokens(texts: "pd.Series[str]", tokenizer: "PreTrainedTokenizerBase") -> list[Tokens]:
    """The tokens of each text; each distinct one is read once, all in one call in Rust.

    A mark that a text spells is text, as `plain_text.text_ids` has it; each of its tokens stands
    for all of its characters.

    Args:
        texts: not missing.
        tokenizer: a fast tokenizer.
    """
    codes, distinct = pd.factorize(texts.astype("object"))
    if not len(distinct):
        return []
    encoded = tokenizer(
        distinct.tolist(),
        add_special_tokens=False,
        split_special_tokens=True,
        return_offsets_mapping=True,
        return_attention_mask=False,
        verbose=False,  # windows are made of what is longer than the model reads
    )
    marks = mark_ids(tokenizer)
    tokens_of_texts = []
    for ids, offsets in zip(encoded["input_ids"], encoded["offset_mapping"], strict=True):
        starts, ends = np.array(offsets, dtype=np.int32).reshape(-1, 2).T
        tokens = Tokens(np.array(ids, dtype=np.int32), starts, ends)
        if spelled_marks := marks.intersection(ids):
            tokens = _spell_out(tokens, spelled(spelled_marks, tokenizer))
        tokens_of_texts.append(tokens)
    return [tokens_of_texts[code] for code in codes]


def _spell_out(tokens: Tokens, spellings: Mapping[int, Sequence[int]]) -> Tokens:
    """The tokens with those of its characters in the place of each mark."""
    pieces = [spellings.get(token_id, [token_id]) for token_id in tokens.ids.tolist()]
    sizes = [len(piece) for piece in pieces]
    ids = np.array([piece_id for piece in pieces for piece_id in piece], dtype=np.int32)
    return Tokens(ids, np.repeat(tokens.starts, sizes), np.repeat(tokens.ends, sizes))


def cut_windows(
    questions: Sequence[Tokens],
    passages: Sequence[Tokens],
    frame: Frame,
    *,
    max_length_tokens: int,
    stride_tokens: int,
) -> Iterator[Window]:
    """The windows of each question with its passage, in order; at least one each.

    A question loses its end where it would leave the passage less than half of the room. A window
    shares tokens with the one before it, so that an answer at its edge stands whole in one of them.

    Args:
        questions: their tokens.
        passages: of each.
        frame: of a pair.
        max_length_tokens: of a window, special tokens included.
        stride_tokens: that neighbouring windows share; at most half of a window's part.
    """
    room = max_length_tokens - frame.size
    after = np.array(frame.after, dtype=np.int32)
    for row, (question, passage) in enumerate(zip(questions, passages, strict=True)):
        question_ids = question.ids[: room - min(len(passage), (room + 1) // 2)]
        before = np.array([*frame.before, *question_ids, *frame.between], dtype=np.int32)
        part_size = room - len(question_ids)
        step = part_size - min(stride_tokens, part_size // 2)
        num_tokens = frame.size + len(question) + len(passage)
        for first in range(0, max(1, len(passage) - part_size + step), step):
            part = passage[first : first + part_size]
            yield Window(
                np.concatenate([before, part.ids, after]),
                _beside(part.starts, before, after),
                _beside(part.ends, before, after),
                row=row,
                first=first,
                last=first + len(part) - 1,
                part_position=len(before),
                num_tokens=num_tokens,
                is_cut=len(question_ids) < len(question),
            )


def _beside(characters: Ints, before: Ints, after: Ints) -> Ints:
    """The characters of a part's tokens, with none for those in front of it and behind it."""
    none_before, none_after = (np.full_like(ids, NO_PASSAGE) for ids in (before, after))
    return np.concatenate([none_before, characters, none_after])
