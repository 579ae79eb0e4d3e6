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
    wrong: set[tuple[int, int]] = set()
    for _, own in texts.rows.groupby("pool", sort=False):
        given = negatives[negatives["row"].isin(own.index)]
        found = given.merge(texts.relevant(own), on=["query", "passage"])
        wrong.update(zip(found["row"], found["place"], strict=True))
    lists = [
        [text for place, text in enumerate(own) if (row, place) not in wrong]
        for row, own in enumerate(lists_of(rows, NEGATIVES))
    ]
    return rows.assign(**{NEGATIVES: pd.Series(lists, rows.index, dtype=object)}), len(wrong)


def add_answered_keys(rows: pd.DataFrame, texts: RelatedTexts) -> pd.DataFrame:
    """The rows with `answered_keys`: what each passage answers, whichever row of the pool says so.

    Those are the keys of what is asked for, and of the queries that ask for several things.

    Args:
        rows: of a task.
        texts: theirs.
    """
    keys = np.empty(len(rows), dtype=object)
    for _, own in texts.rows.groupby("pool", sort=False):
        pairs = _answered_in_pool(texts, own)
        by_passage = {name: part.to_numpy() for name, part in pairs.groupby("passage")["key"]}
        keys[own.index] = own["passage"].map(by_passage)
    return rows.assign(**{ANSWERED_KEYS: keys})


def _answered_in_pool(texts: RelatedTexts, rows: pd.DataFrame) -> pd.DataFrame:
    """Each `passage` of these rows with each `key` of what it answers."""
    told = texts.answers[texts.answers["row"].isin(rows.index)].join(rows["passage"], on="row")
    asked = rows[["query", "group_key"]].drop_duplicates()["query"]
    relevant = texts.relevant(rows)
    several = relevant[relevant["query"].isin(asked[asked.duplicated()])]
    found = several.assign(key=texts.query_keys[several["query"]])
    every = pd.concat([told.rename(columns={"group_key": "key"}), found])
    return every[["passage", "key"]].drop_duplicates()
