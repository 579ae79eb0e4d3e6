"""What all rows of a pool tell of each: which negatives are none, and what passages answer.

A row by itself does not know that another one says its negative to be right, and neither does a
batch or a part of the rows.
"""

import numpy as np
import pandas as pd

from ccnlp.tasks.retrieval_texts import ANSWERED_KEYS, NEGATIVES, RelatedTexts, lists_of


def drop_relevant_negatives(rows: pd.DataFrame, texts: RelatedTexts) -> tuple[pd.DataFrame, int]:
    """The rows without negatives that answer their query, and how many these were.

    Such a passage is that of another row of the pool, so that the pool stays the same.

    Args:
        rows: of a task.
        texts: theirs.
    """
    if NEGATIVES not in rows:
        return rows, 0
    negatives = texts.negatives.join(texts.rows["query"], on="row")
    dropped: set[tuple[int, int]] = set()
    for _, pool_rows in texts.rows.groupby("pool", sort=False):
        pool_negatives = negatives[negatives["row"].isin(pool_rows.index)]
        relevant = pool_negatives.merge(texts.relevant(pool_rows), on=["query", "passage"])
        dropped.update(zip(relevant["row"], relevant["place"], strict=True))
    kept = [
        [text for place, text in enumerate(row_texts) if (row, place) not in dropped]
        for row, row_texts in enumerate(lists_of(rows, NEGATIVES))
    ]
    return rows.assign(**{NEGATIVES: pd.Series(kept, rows.index, dtype=object)}), len(dropped)


def add_answered_keys(rows: pd.DataFrame, texts: RelatedTexts) -> pd.DataFrame:
    """The rows with `answered_keys`: what each passage answers, whichever row of the pool says so.

    Those are the keys of what is asked for, and of the queries that ask for several things.

    Args:
        rows: of a task.
        texts: theirs.
    """
    keys = np.empty(len(rows), dtype=object)
    for _, pool_rows in texts.rows.groupby("pool", sort=False):
        pairs = _answered_in_pool(texts, pool_rows)
        keys_by_passage = {
            passage: answered.to_numpy() for passage, answered in pairs.groupby("passage")["key"]
        }
        keys[pool_rows.index] = pool_rows["passage"].map(keys_by_passage)
    return rows.assign(**{ANSWERED_KEYS: keys})


def _answered_in_pool(texts: RelatedTexts, rows: pd.DataFrame) -> pd.DataFrame:
    """Each `passage` of these rows with each `key` of what it answers."""
    answers = texts.answers[texts.answers["row"].isin(rows.index)].join(rows["passage"], on="row")
    queries = rows[["query", "group_key"]].drop_duplicates()["query"]
    relevant = texts.relevant(rows)
    of_several = relevant[relevant["query"].isin(queries[queries.duplicated()])]
    query_answers = of_several.assign(key=texts.query_keys[of_several["query"]])
    pairs = pd.concat([answers.rename(columns={"group_key": "key"}), query_answers])
    return pairs[["passage", "key"]].drop_duplicates()
