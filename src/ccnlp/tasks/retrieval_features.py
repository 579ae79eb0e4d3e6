"""Queries, passages and negatives as token ids, and what batches of them tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ccnlp.tasks.base import Batch, Features
from ccnlp.tasks.padding import pad_token_ids
from ccnlp.tasks.retrieval_options import RetrievalOptions
from ccnlp.tasks.retrieval_texts import NEGATIVES, Indices, RelatedTexts, lists_of
from ccnlp.tasks.sequences import encode_texts

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

SIZES = ("num_tokens", "num_tokens_before_truncation", "num_characters")
"""What is counted of a text."""


def read_sides(
    rows: pd.DataFrame,
    tokenizer: "PreTrainedTokenizerBase",
    options: RetrievalOptions,
    *,
    max_length_tokens: int,
) -> dict[str, Sequence[Any]]:
    """Token ids of each row's query, passage and negatives, with their prefixes.

    `negative_input_ids` holds those of a row's negatives one after the other, and
    `negative_lengths` how many each has. Tokens and characters are counted of what training reads:
    of the negatives, the first `num_negatives`.

    Args:
        rows: `query`, `passage`, and `negatives` where there are any.
        tokenizer: a fast tokenizer.
        options: of the task.
        max_length_tokens: that each text is cut to.
    """
    num_rows = len(rows)
    negative_lists = lists_of(rows, NEGATIVES)
    negatives = [text for texts in negative_lists for text in texts]
    row_of = np.repeat(np.arange(num_rows), [len(texts) for texts in negative_lists])
    list_positions = [i for texts in negative_lists for i in range(len(texts))]
    read_texts = _TextReader(tokenizer, max_length_tokens)
    query_ids, query_sizes = read_texts(rows["query"].tolist(), options.query_prefix)
    passage_ids, passage_sizes = read_texts([*rows["passage"], *negatives], options.passage_prefix)
    sizes = query_sizes + passage_sizes[:num_rows]
    is_read = np.array(list_positions, dtype=np.int64) < options.num_negatives
    np.add.at(sizes, row_of[is_read], passage_sizes[num_rows:][is_read])
    columns: dict[str, Sequence[Any]] = {
        "input_ids": query_ids,
        "passage_input_ids": passage_ids[:num_rows],
        **dict(zip(SIZES, sizes.T, strict=True)),
    }
    if NEGATIVES in rows:
        ids_by_row = _grouped(passage_ids[num_rows:], negative_lists)
        columns["negative_input_ids"] = [
            [token_id for ids in row_ids for token_id in ids] for row_ids in ids_by_row
        ]
        columns["negative_lengths"] = [
            np.array([len(ids) for ids in row_ids], dtype=np.int64) for row_ids in ids_by_row
        ]
    return columns


@dataclass(frozen=True)
class _TextReader:
    """Reads each distinct text once."""

    tokenizer: "PreTrainedTokenizerBase"
    max_length_tokens: int

    def __call__(self, texts: Sequence[str], prefix: str) -> tuple[list[list[int]], Indices]:
        """The ids of each text behind the prefix, and the numbers of `SIZES` (texts, 3)."""
        codes, distinct = pd.factorize(np.array(texts, dtype=object))
        prefixed = pd.DataFrame({"text": [prefix + text for text in distinct]})
        ids, lengths = encode_texts(
            prefixed, self.tokenizer, reading="none", max_length_tokens=self.max_length_tokens
        )
        counts = [list(map(len, ids)), lengths, list(map(len, distinct))]
        sizes = np.array(counts, dtype=np.int64).reshape(len(SIZES), -1).T
        return [ids[code] for code in codes], sizes[codes]


def texts_as_features(
    texts: Sequence[str],
    tokenizer: "PreTrainedTokenizerBase",
    *,
    prefix: str,
    max_length_tokens: int,
) -> list[Features]:
    """Features of texts that are encoded by themselves, as `Retrieval.infer` takes them."""
    ids_of_texts, _ = _TextReader(tokenizer, max_length_tokens)(texts, prefix)
    return [{"input_ids": ids} for ids in ids_of_texts]


def distinct_texts(features: Sequence[Features]) -> list[Features]:
    """The distinct queries, then the passages, in the order of `RelatedTexts`."""
    texts = RelatedTexts.of(features)
    query_rows, passage_rows, negatives = texts.first_rows()
    query_ids: list[Any] = [features[row]["input_ids"] for row in query_rows]
    passage_ids: list[Any] = [
        features[row]["passage_input_ids"] if row >= 0 else None for row in passage_rows
    ]
    for row, place, passage in negatives[["row", "place", "passage"]].itertuples(index=False):
        passage_ids[passage] = _negatives_of_row(features[row])[place]
    return [{"input_ids": ids} for ids in [*query_ids, *passage_ids]]


def relevance(features: Sequence[Features]) -> "torch.Tensor":
    """Whether the passage of a row answers what another's query asks (batch, batch).

    Texts that stand in several rows ask or answer what any of these says; rows that are not of the
    batch have told it where the features are of rows that `prepare` saw.
    """
    import torch

    names = ("query_key", "passage_key", "group_key")
    queries, passages, groups = (
        np.array([feature[name] for feature in features], dtype=np.uint64) for name in names
    )
    answered = [np.asarray(feature["passage_group_keys"], dtype=np.uint64) for feature in features]
    is_answered = np.stack(
        [np.isin(groups, keys) | np.isin(queries, keys) for keys in answered], axis=1
    )
    is_same_query, is_same_passage = (keys[:, None] == keys for keys in (queries, passages))
    counts = is_same_query.astype(np.int64) @ is_answered @ is_same_passage
    return torch.from_numpy(counts > 0)


def negatives_of(features: Sequence[Features], *, number: int, pad_token_id: int) -> Batch:
    """`has_negative` (batch, negatives), and ids and masks of negatives, if the batch has any.

    Args:
        features: of a batch.
        number: of negatives that are taken of a row, at most.
        pad_token_id: fills the ends.
    """
    import torch

    negatives_by_row = [
        _negatives_of_row(feature)[:number] if "negative_lengths" in feature else []
        for feature in features
    ]
    num_columns = max(map(len, negatives_by_row))
    num_negatives = np.array([len(negatives) for negatives in negatives_by_row])
    has_negative = num_negatives[:, None] > np.arange(num_columns)
    batch = {"has_negative": torch.from_numpy(has_negative)}
    if not num_columns:
        return batch
    sequences = [
        negatives[column] if column < len(negatives) else feature["passage_input_ids"]
        for column in range(num_columns)
        for negatives, feature in zip(negatives_by_row, features, strict=True)
    ]
    ids, mask = pad_token_ids(sequences, pad_token_id=pad_token_id)
    shape = (num_columns, len(features), -1)
    return batch | {"negative_input_ids": ids.view(shape), "negative_mask": mask.view(shape)}


def _negatives_of_row(feature: Features) -> list[Any]:
    """The token ids of each negative of a row."""
    ends = np.cumsum(feature["negative_lengths"])
    starts = ends - feature["negative_lengths"]
    ids = feature["negative_input_ids"]
    return [ids[start:end] for start, end in zip(starts, ends, strict=True)]


def _grouped(items: Sequence[Any], like: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    """The items in lists of the lengths of others."""
    sizes = [len(group) for group in like]
    return [items[end - size : end] for size, end in zip(sizes, np.cumsum(sizes), strict=True)]
