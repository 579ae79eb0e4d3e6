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
Places = npt.NDArray[np.int64]

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
    languages, others = _cells(rows, "language"), _cells(rows, "passage_language")
    queries = [text_key(*pair) for pair in zip(rows["query"], languages, strict=True)]
    passages = [text_key(*pair) for pair in zip(rows["passage"], others, strict=True)]
    asked = _cells(rows, QUERY_GROUP, missing="")
    groups = [_group_key(g) if g else key for g, key in zip(asked, queries, strict=True)]
    related: dict[str, Any] = {
        "pool": ["/".join(p) for p in zip(*(_cells(rows, c) for c in ("corpus", "split")))],  # noqa: B905
        "query_key": np.array(queries, dtype=np.uint64),
        "passage_key": np.array(passages, dtype=np.uint64),
        "query_language": languages,
        "passage_language": others,
        "group_key": np.array(groups, dtype=np.uint64),
        "passage_group_keys": _answered(rows, groups),
    }
    if NEGATIVES in rows:
        related["negative_keys"] = [
            np.array([text_key(text, language) for text in texts], dtype=np.uint64)
            for texts, language in zip(lists_of(rows, NEGATIVES), others, strict=True)
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


def _answered(rows: pd.DataFrame, groups: Sequence[int]) -> list[Keys]:
    """The keys of what each row's passage answers, of which its query's is one."""
    if ANSWERED_KEYS in rows:
        return [np.asarray(keys, dtype=np.uint64) for keys in rows[ANSWERED_KEYS]]
    return [
        np.array([own, *map(_group_key, given)], dtype=np.uint64)
        for own, given in zip(groups, lists_of(rows, PASSAGE_GROUPS), strict=True)
    ]


def _group_key(group: str) -> int:
    return int(stable_hash(("group", group)), 16)


@dataclass(frozen=True)
class RelatedTexts:
    """The distinct texts of rows, in the order of their first appearance, and how they belong.

    Attributes:
        rows: `pool`, `query` and `passage` (places among the distinct ones), `query_language`,
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
        names = ["pool", "query_key", "passage_key", "query_language", "passage_language"]
        columns = {name: [feature[name] for feature in features] for name in names}
        rows = pd.DataFrame({name: columns[name] for name in ("pool", *names[3:])})
        rows["group_key"] = _keys(features, "group_key")
        rows["query"], query_keys = pd.factorize(_keys(features, "query_key"))
        own = _keys(features, "passage_key")
        negatives, negative_keys = _flat(features, "negative_keys")
        places, passage_keys = pd.factorize(np.concatenate([own, negative_keys]))
        rows["passage"], negatives["passage"] = np.split(places, [len(own)])
        languages = rows["passage_language"].to_numpy(dtype=object)
        every = np.concatenate([languages, languages[negatives["row"]]])
        _, first = np.unique(places, return_index=True)
        answers, group_keys = _flat(features, "passage_group_keys")
        return cls(
            rows=rows,
            answers=answers.assign(group_key=group_keys),
            negatives=negatives,
            query_keys=query_keys,
            passage_keys=passage_keys,
            passage_languages=every[first],
        )

    @classmethod
    def of_rows(cls, rows: pd.DataFrame) -> "RelatedTexts":
        """Those of examples; see `relate`."""
        related = relate(rows)
        return cls.of(
            [dict(zip(related, row, strict=True)) for row in zip(*related.values(), strict=True)]
        )

    def pool(self, rows: pd.DataFrame) -> Places:
        """The passages and negatives of some rows, each once, the passages first."""
        negatives = self.negatives["passage"][self.negatives["row"].isin(rows.index)]
        passages: Places = pd.unique(np.concatenate([rows["passage"], negatives]))
        return passages

    def relevant(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Pairs of `query` and `passage` of some rows that belong together, each once.

        A passage is relevant where it answers what the query asks, whichever row says so, and is
        not the query itself.
        """
        asked = rows[["query", "group_key"]].drop_duplicates()
        answers = self.answers.assign(passage=self.rows["passage"].to_numpy()[self.answers["row"]])
        answers = answers[answers["row"].isin(rows.index)][["passage", "group_key"]]
        pairs: pd.DataFrame = asked.merge(answers.drop_duplicates(), on="group_key")
        pairs = pairs[["query", "passage"]].drop_duplicates()
        is_itself = self.query_keys[pairs["query"]] == self.passage_keys[pairs["passage"]]
        others: pd.DataFrame = pairs[~is_itself].sort_values(["query", "passage"])
        return others.reset_index(drop=True)

    def first_rows(self) -> tuple[Places, Places, pd.DataFrame]:
        """Of each query and each passage a row that has it, and of the other passages a negative.

        Returns:
            Rows by query; rows by passage, -1 where none has it as its passage; and the rows of
            `negatives` for those, with `passage`.
        """
        queries = np.unique(self.rows["query"], return_index=True)[1]
        passages = np.full(len(self.passage_keys), -1, dtype=np.int64)
        own, first = np.unique(self.rows["passage"], return_index=True)
        passages[own] = first
        others = self.negatives[passages[self.negatives["passage"]] < 0]
        return queries, passages, others.drop_duplicates("passage")


def read_texts(rows: pd.DataFrame) -> tuple[RelatedTexts, list[str], list[str]]:
    """How the texts of examples belong together, and the distinct queries and passages in order."""
    texts = RelatedTexts.of_rows(rows)
    first_query, first_passage, others = texts.first_rows()
    passages = rows["passage"].astype(object).to_numpy()[first_passage]
    negatives = lists_of(rows, NEGATIVES)
    for row, place, passage in others[["row", "place", "passage"]].itertuples(index=False):
        passages[passage] = negatives[row][place]
    queries = rows["query"].astype(object).to_numpy()[first_query]
    return texts, queries.tolist(), passages.tolist()


def _keys(features: Sequence[Mapping[str, Any]], name: str) -> Keys:
    return np.array([feature[name] for feature in features], dtype=np.uint64)


def _flat(features: Sequence[Mapping[str, Any]], name: str) -> tuple[pd.DataFrame, Keys]:
    """The `row` and `place` of each item of a column of lists, and the items."""
    lists = [np.asarray(feature.get(name, ()), dtype=np.uint64) for feature in features]
    sizes = np.array([len(own) for own in lists], dtype=np.int64)
    row = np.repeat(np.arange(len(lists)), sizes)
    place = np.arange(sizes.sum()) - np.repeat(sizes.cumsum() - sizes, sizes)
    return pd.DataFrame({"row": row, "place": place}), np.concatenate(lists)
