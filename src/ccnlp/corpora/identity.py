"""What a row says, and the ids and groups that follow from it."""

from collections.abc import Sequence

import pandas as pd

from ccnlp.corpora.readable_task import ReadableTask, identifying_columns, other_columns
from ccnlp.corpora.similarity import PART, parts_key
from ccnlp.corpora.tokens import join_tokens
from ccnlp.examples import CONTEXT, stable_hash


def texts_of(
    rows: pd.DataFrame, task: ReadableTask, columns: Sequence[str] | None = None
) -> pd.Series:
    """What a row says, as one text: the columns that tell it, or some, a part each.

    Missing where one is missing. Lists of words are joined as their script is written
    (`join_tokens`). Places in a text, as of the entities of a relation, say nothing.
    """
    if columns is None:
        columns = [
            column for column in identifying_columns(task) if column not in task.span_columns
        ]
    part_columns = [
        rows[column].map(join_tokens, na_action="ignore").astype("string")
        if column in task.list_columns
        else rows[column].astype("string")
        for column in columns
    ]
    texts = part_columns[0]
    for part_column in part_columns[1:]:
        texts = texts + PART + part_column
    return texts


def add_identity(rows: pd.DataFrame, texts: "pd.Series[str]", task: ReadableTask) -> pd.DataFrame:
    """Adds `id`, `text_hash`, `group_id` and `parent_id`; the first two need a text."""
    scope = _joined(rows, ("task", "corpus", "language", "culture"))
    known_texts = texts.dropna()
    text_hash = _hash_texts(known_texts)
    groups = rows["group"].dropna()
    group_id = _hashes(rows.loc[groups.index, "corpus"], groups)
    quoted_column = task.quoted_column
    text_groups = (
        text_hash
        if quoted_column is None
        else _hash_texts(rows.loc[known_texts.index, quoted_column])
    )
    group_id = group_id.reindex(rows.index).fillna(text_groups)
    # The labels of a text that several people judged do not make it another one.
    content_columns = (*other_columns(task), *task.span_columns)
    content = group_id if task.annotation_columns else _joined(rows, content_columns)
    return rows.drop(columns="group").assign(
        id=_ids(rows, scope[known_texts.index], known_texts, content[known_texts.index]),
        text_hash=text_hash,
        group_id=group_id,
        parent_id=pd.Series(pd.NA, index=rows.index, dtype="string"),
    )


def _hash_texts(texts: "pd.Series[str]") -> "pd.Series[str]":
    """A hash of each text, which texts of one key share."""
    keys = pd.Series(map(parts_key, texts.tolist()), index=texts.index, dtype="string")
    return _hashes(keys)


def _ids(rows: pd.DataFrame, *key_columns: "pd.Series[str]") -> "pd.Series[str]":
    """The ids by the keys; a text in a context is another example than in none or in another."""
    ids = _hashes(*key_columns)
    if CONTEXT in rows:
        context = rows.loc[ids.index, CONTEXT].dropna()
        ids.loc[context.index] = _hashes(
            *(key_column[context.index] for key_column in key_columns), context
        )
    return ids


def _hashes(*columns: "pd.Series[str]") -> "pd.Series[str]":
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return pd.Series(map(stable_hash, rows), index=columns[0].index, dtype="string")


def _joined(rows: pd.DataFrame, columns: Sequence[str]) -> "pd.Series[str]":
    joined = pd.Series("", index=rows.index, dtype="str")
    for column in columns:
        joined = joined + "\x1f" + rows[column].astype("str").fillna("")
    return joined
