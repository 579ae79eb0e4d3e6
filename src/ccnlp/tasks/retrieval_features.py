"""Queries, passages and negatives as token ids, and what batches of them tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ccnlp.tasks.base import Batch, Features
from ccnlp.tasks.padding import pad_token_ids
from ccnlp.tasks.retrieval_options import RetrievalOptions
from ccnlp.tasks.retrieval_texts import NEGATIVES, Places, RelatedTexts, lists_of
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
    others = lists_of(rows, NEGATIVES)
    owners = np.repeat(np.arange(len(rows)), [len(own) for own in others])
    places = np.concatenate([np.arange(len(own)) for own in others]) if len(owners) else owners
    negatives = [text for own in others for text in own]
    read = _TextReader(tokenizer, max_length_tokens)
    asked, sizes = read(rows["query"].tolist(), options.query_prefix)
    told, own = read([*rows["passage"], *negatives], options.passage_prefix)
    sizes = sizes + own[: len(rows)]
    is_read = places < options.num_negatives
    np.add.at(sizes, owners[is_read], own[len(rows) :][is_read])
    columns: dict[str, Sequence[Any]] = {
        "input_ids": asked,
        "passage_input_ids": told[: len(rows)],
        **dict(zip(SIZES, sizes.T, strict=True)),
    }
    if NEGATIVES in rows:
        by_row = _grouped(told[len(rows) :], others)
        columns["negative_input_ids"] = [[i for ids in own for i in ids] for own in by_row]
        columns["negative_lengths"] = [
            np.array([len(ids) for ids in own], dtype=np.int64) for own in by_row
        ]
    return columns


@dataclass(frozen=True)
class _TextReader:
    """Reads each distinct text once."""

    tokenizer: "PreTrainedTokenizerBase"
    max_length_tokens: int

    def __call__(self, texts: Sequence[str], prefix: str) -> tuple[list[list[int]], Places]:
        """The ids of each text behind the prefix, and the numbers of `SIZES` (texts, 3)."""
        codes, distinct = pd.factorize(np.array(texts, dtype=object))
        read = pd.DataFrame({"text": [prefix + text for text in distinct]})
        ids, lengths = encode_texts(
            read, self.tokenizer, reading="none", max_length_tokens=self.max_length_tokens
        )
        sizes = [list(map(len, ids)), lengths, list(map(len, distinct))]
        table = np.array(sizes, dtype=np.int64).reshape(len(SIZES), -1).T
        return [ids[code] for code in codes], table[codes]


def texts_as_features(
    texts: Sequence[str],
    tokenizer: "PreTrainedTokenizerBase",
    *,
    prefix: str,
    max_length_tokens: int,
) -> list[Features]:
    """Features of texts that are encoded by themselves, as `Retrieval.infer` takes them."""
    ids, _ = _TextReader(tokenizer, max_length_tokens)(texts, prefix)
    return [{"input_ids": own} for own in ids]


def distinct_texts(features: Sequence[Features]) -> list[Features]:
    """The distinct queries, then the passages, in the order of `RelatedTexts`."""
    texts = RelatedTexts.of(features)
    queries, passages, others = texts.first_rows()
    ids: list[Any] = [features[row]["input_ids"] for row in queries]
    told: list[Any] = [features[row]["passage_input_ids"] if row >= 0 else None for row in passages]
    for row, place, passage in others[["row", "place", "passage"]].itertuples(index=False):
        told[passage] = _negatives_of_row(features[row])[place]
    return [{"input_ids": own} for own in [*ids, *told]]


def relevance(features: Sequence[Features]) -> "torch.Tensor":
    """Whether the passage of a row answers what another's query asks (batch, batch).

    Texts that stand in several rows ask or answer what any of these says; rows that are not of the
    batch have told it where the features are of rows that `prepare` saw.
    """
    import torch

    names = ("query_key", "passage_key", "group_key")
    queries, passages, asked = (
        np.array([feature[name] for feature in features], dtype=np.uint64) for name in names
    )
    answered = [np.asarray(own["passage_group_keys"], dtype=np.uint64) for own in features]
    is_answered = np.stack(
        [np.isin(asked, own) | np.isin(queries, own) for own in answered], axis=1
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

    lists = [
        _negatives_of_row(own)[:number] if "negative_lengths" in own else [] for own in features
    ]
    most = max(map(len, lists))
    given = np.array([len(own) for own in lists])[:, None] > np.arange(most)
    batch = {"has_negative": torch.from_numpy(given)}
    if not most:
        return batch
    texts = [
        own[place] if place < len(own) else feature["passage_input_ids"]
        for place in range(most)
        for own, feature in zip(lists, features, strict=True)
    ]
    ids, mask = pad_token_ids(texts, pad_token_id=pad_token_id)
    shape = (most, len(features), -1)
    return batch | {"negative_input_ids": ids.view(shape), "negative_mask": mask.view(shape)}


def _negatives_of_row(feature: Features) -> list[Any]:
    """The token ids of each negative of a row."""
    ends = np.cumsum(feature["negative_lengths"])
    starts = ends - feature["negative_lengths"]
    ids = feature["negative_input_ids"]
    return [ids[start:end] for start, end in zip(starts, ends, strict=True)]


def _grouped(items: Sequence[Any], like: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    """The items in lists of the lengths of others."""
    ends = np.cumsum([len(own) for own in like])
    return [items[end - len(own) : end] for own, end in zip(like, ends, strict=True)]
