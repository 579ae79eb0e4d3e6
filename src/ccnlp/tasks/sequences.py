"""Texts, alone or with their context, as sequences of token ids that a model can read to the end.

The tokenizer is called once for all texts and once for all lines of contexts; they are put
together, and cut, as ids.
"""

from collections.abc import Sequence
from itertools import chain
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
    text_frame, pair_frame = Frame.of_text(tokenizer), Frame.of_both(tokenizer, reading)
    sequences, lengths = [], []
    ids_of_contexts = _context_ids(rows[CONTEXT], tokenizer)
    for ids, context_ids in zip(text_ids(texts, tokenizer), ids_of_contexts, strict=True):
        room = max_length_tokens - pair_frame.size - len(ids)
        if context_ids and room > 0:
            sequences.append(pair_frame.around(ids, context_ids[-room:]))
        else:
            sequences.append(_cut(ids, text_frame, max_length_tokens))
        frame = pair_frame if context_ids else text_frame
        lengths.append(frame.size + len(ids) + len(context_ids))
    return sequences, lengths


def encode_alone(
    texts: Sequence[str], tokenizer: "PreTrainedTokenizerBase", *, max_length_tokens: int
) -> tuple[list[Ids], list[int]]:
    """As `encode_texts`, of texts of which nothing more is told."""
    frame = Frame.of_text(tokenizer)
    ids_of_texts = text_ids(texts, tokenizer)
    sequences = [_cut(ids, frame, max_length_tokens) for ids in ids_of_texts]
    return sequences, [frame.size + len(ids) for ids in ids_of_texts]


def _cut(ids: Ids, frame: Frame, max_length_tokens: int) -> Ids:
    """The framed text, which has lost its end where it is too long."""
    return frame.around(ids[: max_length_tokens - frame.size])


def _context_ids(contexts: pd.Series, tokenizer: "PreTrainedTokenizerBase") -> list[Ids]:
    """The ids of each context, none where there is none; each distinct line is read once."""
    filled = [text if isinstance(text, str) and text else None for text in contexts]
    codes, distinct = pd.factorize(np.array(filled, dtype=object))
    separator_id = tokenizer.sep_token_id
    lines_by_context = [[text] if separator_id is None else text.split("\n") for text in distinct]
    lines = list(dict.fromkeys(chain.from_iterable(lines_by_context)))
    ids_by_line = dict(zip(lines, text_ids(lines, tokenizer), strict=True))
    ids = [
        _joined([ids_by_line[line] for line in context_lines], separator_id)
        for context_lines in lines_by_context
    ]
    return [ids[code] if code >= 0 else [] for code in codes]


def _joined(lines: Sequence[Ids], separator_id: int | None) -> Ids:
    """The lines as one, with the separator between them where there is one."""
    between = [] if separator_id is None else [separator_id]
    return [token_id for line in lines for token_id in (*between, *line)][len(between) :]
