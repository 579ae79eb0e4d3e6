"""Texts, alone or with their context, as sequences of token ids that a model can read to the end.

The tokenizer is called once for all texts and once for all contexts; they are put together, and
cut, as ids.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from ccnlp.examples import CONTEXT

if TYPE_CHECKING:
    from transformers import BatchEncoding, PreTrainedTokenizerBase

ContextReading = Literal["none", "text_pair", "prefix"]
"""How a model reads the context of a text: not at all, behind the text as the second of a pair, or
in front of it."""

Ids = list[int]


def encode_texts(
    rows: pd.DataFrame,
    tokenizer: "PreTrainedTokenizerBase",
    *,
    reading: ContextReading,
    max_length_tokens: int,
) -> tuple[list[Ids], list[int]]:
    """The ids of each text with its context, cut to `max_length_tokens`, and their numbers before.

    A context loses its beginning before a text loses its end: the text keeps all of its tokens, or
    as many as there is room for without a context, and what room is left goes to the end of the
    context. A text without context, or with no room for one, is read as one of a model that reads
    none. Between the lines of a context, and behind one in front of a text, stands the tokenizer's
    separator, where it has one.

    Args:
        rows: `text`, and `context` where there is one.
        tokenizer: a fast tokenizer.
        reading: how contexts are read.
        max_length_tokens: special tokens included.
    """
    texts = rows["text"].tolist()
    if reading == "none" or CONTEXT not in rows:
        # One call in Rust; the cut is made here so that the length before it is known.
        full = tokenizer(texts, add_special_tokens=True, return_attention_mask=False)["input_ids"]
        return [_truncate(ids, max_length_tokens) for ids in full], [len(ids) for ids in full]
    alone, together = _Frame.of_text(tokenizer), _Frame.of_both(tokenizer, reading)
    sequences, lengths = [], []
    contexts = _context_ids(rows[CONTEXT], tokenizer)
    for text, context in zip(_own_ids(texts, tokenizer), contexts, strict=True):
        room = max_length_tokens - together.size - len(text)
        if context and room > 0:
            sequences.append(together.around(text, context[-room:]))
        else:
            sequences.append(_truncate(alone.around(text), max_length_tokens))
        frame = together if context else alone
        lengths.append(frame.size + len(text) + len(context))
    return sequences, lengths


@dataclass(frozen=True)
class _Frame:
    """The special tokens around a text, and where it stands with a context those between the two.

    Attributes:
        before: in front of what stands first.
        between: of the two.
        after: behind what stands last.
        is_context_first: whether the context stands in front of the text.
    """

    before: Ids
    between: Ids
    after: Ids
    is_context_first: bool = False

    @classmethod
    def of_text(cls, tokenizer: "PreTrainedTokenizerBase") -> "_Frame":
        """As the tokenizer frames a text."""
        ids, own = _framed(tokenizer("a"))
        return cls(ids[: own.index(0)], [], ids[len(own) - own[::-1].index(0) :])

    @classmethod
    def of_both(cls, tokenizer: "PreTrainedTokenizerBase", reading: ContextReading) -> "_Frame":
        """As the tokenizer frames a pair; or the frame of a text around both."""
        if reading == "prefix":
            text, mark = cls.of_text(tokenizer), tokenizer.sep_token_id
            between = [] if mark is None else [mark]
            return cls(text.before, between, text.after, is_context_first=True)
        ids, own = _framed(tokenizer("a", "a"))
        end_of_first = len(own) - own[::-1].index(0)
        end_of_second = len(own) - own[::-1].index(1)
        return cls(ids[: own.index(0)], ids[end_of_first : own.index(1)], ids[end_of_second:])

    @property
    def size(self) -> int:
        """How many they are."""
        return len(self.before) + len(self.between) + len(self.after)

    def around(self, text: Ids, context: Sequence[int] = ()) -> Ids:
        """The ids with the special tokens in their places."""
        first, second = (context, text) if self.is_context_first else (text, context)
        return [*self.before, *first, *self.between, *second, *self.after]


def _framed(encoded: "BatchEncoding") -> tuple[Ids, list[int | None]]:
    """The ids, and which of the sequences each belongs to, `None` for special tokens."""
    return encoded["input_ids"], encoded.sequence_ids()


def _own_ids(texts: list[str], tokenizer: "PreTrainedTokenizerBase") -> list[Ids]:
    """The ids of each text without special tokens; in one call in Rust."""
    if not texts:
        return []
    encoded = tokenizer(texts, add_special_tokens=False, return_attention_mask=False)
    ids: list[Ids] = encoded["input_ids"]
    return ids


def _context_ids(contexts: pd.Series, tokenizer: "PreTrainedTokenizerBase") -> list[Ids]:
    """The ids of each context, none where there is none; each distinct one is read once."""
    told = [text if isinstance(text, str) and text else None for text in contexts]
    codes, distinct = pd.factorize(np.array(told, dtype=object))
    mark = tokenizer.sep_token or "\n"
    ids = _own_ids([text.replace("\n", mark) for text in distinct], tokenizer)
    return [ids[code] if code >= 0 else [] for code in codes]


def _truncate(ids: Ids, max_length_tokens: int) -> Ids:
    """Keeps the last id, the end mark, when a text is cut."""
    if len(ids) <= max_length_tokens:
        return ids
    return [*ids[: max_length_tokens - 1], ids[-1]]
