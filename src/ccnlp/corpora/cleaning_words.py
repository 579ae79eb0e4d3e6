"""Repairs what storage and transport did to the words of a list, and keeps their number."""

from collections.abc import Sequence

import pandas as pd

from ccnlp.corpora.cleaning import (
    STAGE,
    CleaningParameters,
    clean_bounded,
    what_changed,
    why_unusable,
)
from ccnlp.corpora.quarantine import is_kept, reject
from ccnlp.corpora.tokens import join_tokens


def clean_words(
    rows: pd.DataFrame, columns: Sequence[str], parameters: CleaningParameters
) -> pd.DataFrame:
    """The rows with each word of the lists clean; what is too long or invisible is rejected.

    No word is dropped, as its tag would stand for another: one of which cleaning leaves nothing
    stays as it is. `mended` tells of the words where the text was clean.

    Args:
        rows: of `clean_rows`.
        columns: the columns that hold lists of words.
        parameters: `cleaning`.
    """
    rows = rows.copy(deep=False)
    for column in columns:
        old_lists = rows.loc[is_kept(rows), column]
        distinct_words = dict.fromkeys(word for words in old_lists for word in words)
        cleaned = {word: clean_bounded(word, parameters) or word for word in distinct_words}
        new_lists = old_lists.map(lambda words, cleaned=cleaned: [cleaned[word] for word in words])
        is_changed = [old != new for old, new in zip(old_lists.map(list), new_lists, strict=True)]
        rows[column] = new_lists.reindex(rows.index).combine_first(rows[column])
        texts = old_lists[is_changed].map(join_tokens)
        mended = texts.map(lambda text: what_changed(text, parameters)).astype("string")
        rows["mended"] = rows["mended"].fillna(mended.reindex(rows.index))
        reasons = new_lists.map(join_tokens).map(
            lambda text, column=column: why_unusable(text, column, parameters.max_characters)
        )
        rows = reject(rows, reasons.dropna().astype("string"), stage=STAGE)
    return rows
