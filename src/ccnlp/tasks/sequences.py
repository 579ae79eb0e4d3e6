"""Texts, alone or with their context, as sequences of token ids that a model can read to the end.

The tokenizer is called once for all texts and once for all lines of contexts; they are put
together, and cut, as ids.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ccnlp.examples import CONTEXT
from ccnlp.tasks.frames import ContextReading, Frame
from ccnlp.tasks.plain_text import Ids, text_ids

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


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
    separator, where it has one. The separators and the frame are the only special tokens: those
    that a text or a line spells are text.

    Args:
        rows: `text`, and `context` where there is one.
        tokenizer: a fast tokenizer.
        reading: how contexts are read.
        max_length_tokens: special tokens included.
    """
    texts = rows["text"].tolist()
    if reading == "none" or CONTEXT not in rows:
        return encode_alone(texts, tokenizer, max_length_tokens=max_length_tokens)
    alone, together = Frame.of_text(tokenizer), Frame.of_both(tokenizer, reading)
    sequences, lengths = [], []
    contexts = _context_ids(rows[CONTEXT], tokenizer)
    for text, context in zip(text_ids(texts, tokenizer), contexts, strict=True):
        room = max_length_tokens - together.size - len(text)
        if context and room > 0:
            sequences.append(together.around(text, context[-room:]))
        else:
            sequences.append(_cut(text, alone, max_length_tokens))
        frame = together if context else alone
        lengths.append(frame.size + len(text) + len(context))
    return sequences, lengths


def encode_alone(
    texts: Sequence[str], tokenizer: "PreTrainedTokenizerBase", *, max_length_tokens: int
) -> tuple[list[Ids], list[int]]:
    """As `encode_texts`, of texts of which nothing more is told."""
    frame = Frame.of_text(tokenizer)
    own = text_ids(texts, tokenizer)
    return [_cut(ids, frame, max_length_tokens) for ids in own], [
        frame.size + len(ids) for ids in own
    ]


def _cut(text: Ids, frame: Frame, max_length_tokens: int) -> Ids:
    """The framed text, which has lost its end where it is too long."""
    return frame.around(text[: max_length_tokens - frame.size])


def _context_ids(contexts: pd.Series, tokenizer: "PreTrainedTokenizerBase") -> list[Ids]:
    """The ids of each context, none where there is none; each distinct line is read once."""
    told = [text if isinstance(text, str) and text else None for text in contexts]
    codes, distinct = pd.factorize(np.array(told, dtype=object))
    mark = tokenizer.sep_token_id
    lines = [[text] if mark is None else text.split("\n") for text in distinct]
    known = list(dict.fromkeys(line for own in lines for line in own))
    read = dict(zip(known, text_ids(known, tokenizer), strict=True))
    ids = [_joined([read[line] for line in own], mark) for own in lines]
    return [ids[code] if code >= 0 else [] for code in codes]


def _joined(lines: Sequence[Ids], mark: int | None) -> Ids:
    """The lines as one, with the mark between them where there is one."""
    between = [] if mark is None else [mark]
    return [token_id for line in lines for token_id in (*between, *line)][len(between) :]
