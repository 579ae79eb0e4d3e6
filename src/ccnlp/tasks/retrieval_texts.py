"""Which queries and passages rows have, which of them are the same, and which are relevant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.examples import UNKNOWN, stable_hash
from ccnlp.tasks.base import Features

Keys = npt.NDArray[np.uint64]
Indices = npt.NDArray[np.int64]

NEGATIVES = "negatives"
QUERY_GROUP, PASSAGE_GROUPS = "query_group", "passage_groups"
ANSWERED_KEYS = "answered_keys"
"""The column with `passage_group_keys` as all rows of the pool tell them, where these were seen."""
READ_BESIDE_TEXTS = (
    *("corpus", "split", "language", "passage_language"),
    *(QUERY_GROUP, PASSAGE_GROUPS, NEGATIVES),
)
"""Columns that say how texts belong together, as far as rows have them."""


def text_key(text: str, language: str) -> int:
    """The number of 64 bits by which texts of one language are the same.

    As 16 hexadecimal digits it is a passage's id.
    """
    return int(stable_hash((language, text)), 16)


def passage_id(key: int) -> str:
    """The id of the passage with that key."""
    return f"{int(key):016x}"


def relate(rows: pd.DataFrame) -> dict[str, Any]:
    """Columns of features that say how the texts of rows belong together.

    `pool` is what a passage is searched in: those of one corpus and split. `query_key` and
    `passage_key` are of texts with their language, `group_key` is of what the query asks, and
    `passage_group_keys` (list) of what the passage answers. `negative_keys` (list) is there where
    rows have negatives, which are in the language of the passage.

    Args:
        rows: `query` and `passage`; the columns of `READ_BESIDE_TEXTS`, and `answered_keys`, as far
            as there are any.
    """
    corpora, splits = _cells(rows, "corpus"), _cells(rows, "split")
    query_languages = _cells(rows, "language")
    passage_languages = _cells(rows, "passage_language")
    query_keys = list(map(text_key, rows["query"], query_languages))
    passage_keys = list(map(text_key, rows["passage"], passage_languages))
    group_keys = [
        _group_key(group) if group else query_key
        for group, query_key in zip(_cells(rows, QUERY_GROUP, missing=""), query_keys, strict=True)
    ]
    related: dict[str, Any] = {
        "pool": [f"{corpus}/{split}" for corpus, split in zip(corpora, splits, strict=True)],
        "query_key": np.array(query_keys, dtype=np.uint64),
        "passage_key": np.array(passage_keys, dtype=np.uint64),
        "query_language": query_languages,
        "passage_language": passage_languages,
        "group_key": np.array(group_keys, dtype=np.uint64),
        "passage_group_keys": _answered_keys(rows, group_keys),
    }
    if NEGATIVES in rows:
        related["negative_keys"] = [
            np.array([text_key(text, language) for text in texts], dtype=np.uint64)
            for texts, language in zip(lists_of(rows, NEGATIVES), passage_languages, strict=True)
        ]
    return related


def lists_of(rows: pd.DataFrame, column: str) -> list[list[str]]:
    """The lists in a column; empty where a row has none, or there is no such column."""
    if column not in rows:
        return [[]] * len(rows)
    return [list(cell) if pd.api.types.is_list_like(cell) else [] for cell in rows[column]]


def _cells(rows: pd.DataFrame, column: str, *, missing: str = UNKNOWN) -> list[str]:
    if column not in rows:
        return [missing] * len(rows)
    return [missing if pd.isna(cell) else str(cell) for cell in rows[column]]


def _answered_keys(rows: pd.DataFrame, group_keys: Sequence[int]) -> list[Keys]:
    """The keys of what each row's passage answers, of which that of its query's group is one."""
    if ANSWERED_KEYS in rows:
        return [np.asarray(keys, dtype=np.uint64) for keys in rows[ANSWERED_KEYS]]
    return [
        np.array([group_key, *map(_group_key, groups)], dtype=np.uint64)
        for group_key, groups in zip(group_keys, lists_of(rows, PASSAGE_GROUPS), strict=True)
    ]


def _group_key(group: str) -> int:
    return int(stable_hash(("group", group)), 16)


@dataclass(frozen=True)
class RelatedTexts:
    """The distinct texts of rows, in the order of their first appearance, and how they belong.

    Attributes:
        rows: `pool`, `query` and `passage` (indices of the distinct ones), `query_language`,
            `passage_language` and `group_key` of each row.
        answers: `row` and `group_key` of what each row's passage answers.
        negatives: `row`, `passage` and `place` in the row's list of each negative.
        query_keys: shape (queries,).
        passage_keys: of passages and negatives, shape (passages,).
        passage_languages: theirs.
    """

    rows: pd.DataFrame
    answers: pd.DataFrame
    negatives: pd.DataFrame
    query_keys: Keys
    passage_keys: Keys
    passage_languages: npt.NDArray[np.object_]

    @classmethod
    def of(cls, features: Sequence[Features]) -> "RelatedTexts":
        """Those of features that have the columns of `relate`."""
        names = ("pool", "query_language", "passage_language")
        rows = pd.DataFrame({name: [feature[name] for feature in features] for name in names})
        rows["group_key"] = _keys(features, "group_key")
        rows["query"], query_keys = pd.factorize(_keys(features, "query_key"))
        negatives, negative_keys = _flat(features, "negative_keys")
        all_keys = np.concatenate([_keys(features, "passage_key"), negative_keys])
        passages, passage_keys = pd.factorize(all_keys)
        rows["passage"], negatives["passage"] = np.split(passages, [len(rows)])
        row_languages = rows["passage_language"].to_numpy(dtype=object)
        all_languages = np.concatenate([row_languages, row_languages[negatives["row"]]])
        _, first = np.unique(passages, return_index=True)
        answers, group_keys = _flat(features, "passage_group_keys")
        return cls(
            rows=rows,
            answers=answers.assign(group_key=group_keys),
            negatives=negatives,
            query_keys=query_keys,
            passage_keys=passage_keys,
            passage_languages=all_languages[first],
        )

    @classmethod
    def of_rows(cls, rows: pd.DataFrame) -> "RelatedTexts":
        """Those of examples; see `relate`."""
        related = relate(rows)
        return cls.of(
            [dict(zip(related, row, strict=True)) for row in zip(*related.values(), strict=True)]
        )

    def pool(self, rows: pd.DataFrame) -> Indices:
        """The passages and negatives of some rows, each once, the passages first."""
        negatives = self.negatives["passage"][self.negatives["row"].isin(rows.index)]
        passages: Indices = pd.unique(np.concatenate([rows["passage"], negatives]))
        return passages

    def relevant(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Pairs of `query` and `passage` of some rows that belong together, each once.

        A passage is relevant where it answers what the query asks, whichever row says so, and is
        not the query itself.
        """
        queries = rows[["query", "group_key"]].drop_duplicates()
        answers = self.answers.assign(passage=self.rows["passage"].to_numpy()[self.answers["row"]])
        answers = answers[answers["row"].isin(rows.index)][["passage", "group_key"]]
        pairs: pd.DataFrame = queries.merge(answers.drop_duplicates(), on="group_key")
        pairs = pairs[["query", "passage"]].drop_duplicates()
        is_itself = self.query_keys[pairs["query"]] == self.passage_keys[pairs["passage"]]
        relevant: pd.DataFrame = pairs[~is_itself].sort_values(["query", "passage"])
        return relevant.reset_index(drop=True)

    def first_rows(self) -> tuple[Indices, Indices, pd.DataFrame]:
        """Of each query and each passage a row that has it, and of the other passages a negative.

        Returns:
            Rows by query; rows by passage, -1 where none has it as its passage; and the rows of
            `negatives` for those, with `passage`.
        """
        query_rows = np.unique(self.rows["query"], return_index=True)[1]
        passage_rows = np.full(len(self.passage_keys), -1, dtype=np.int64)
        passages, first = np.unique(self.rows["passage"], return_index=True)
        passage_rows[passages] = first
        negatives = self.negatives[passage_rows[self.negatives["passage"]] < 0]
        return query_rows, passage_rows, negatives.drop_duplicates("passage")


def read_texts(rows: pd.DataFrame) -> tuple[RelatedTexts, list[str], list[str]]:
    """How the texts of examples belong together, and the distinct queries and passages in order."""
    texts = RelatedTexts.of_rows(rows)
    query_rows, passage_rows, negatives = texts.first_rows()
    passages = rows["passage"].astype(object).to_numpy()[passage_rows]
    negative_lists = lists_of(rows, NEGATIVES)
    for row, place, passage in negatives[["row", "place", "passage"]].itertuples(index=False):
        passages[passage] = negative_lists[row][place]
    queries = rows["query"].astype(object).to_numpy()[query_rows]
    return texts, queries.tolist(), passages.tolist()


def _keys(features: Sequence[Mapping[str, Any]], name: str) -> Keys:
    return np.array([feature[name] for feature in features], dtype=np.uint64)


def _flat(features: Sequence[Mapping[str, Any]], name: str) -> tuple[pd.DataFrame, Keys]:
    """The `row` and `place` of each item of a column of lists, and the items."""
    lists = [np.asarray(feature.get(name, ()), dtype=np.uint64) for feature in features]
    sizes = np.array([len(items) for items in lists], dtype=np.int64)
    row = np.repeat(np.arange(len(lists)), sizes)
    place = np.arange(sizes.sum()) - np.repeat(sizes.cumsum() - sizes, sizes)
    return pd.DataFrame({"row": row, "place": place}), np.concatenate(lists)
