"""The table of annotations: one row an annotation, with the annotator and their culture."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ccnlp.errors import CorpusError, did_you_mean
from ccnlp.examples import require_columns

COLUMNS: dict[str, str] = {
    "group_id": "the text that was annotated",
    "annotator": "who annotated it, or missing; one label a text",
    "culture": "ISO 3166 region or declared group of the annotator, or und",
    "label": "one of the task's labels",
}
"""The columns that agreement needs; others may stand beside them."""


def check_annotations(
    annotations: pd.DataFrame, labels: Sequence[str], *, where: str = "annotations"
) -> None:
    """Checks the columns of `COLUMNS` and their values.

    Args:
        annotations: a row an annotation.
        labels: the label set; for an ordinal level from low to high.
        where: what to name in a message, such as `corpus 'crehate'`.

    Raises:
        CorpusError: a column is missing, there is no row, a text, culture or label is missing, a
            label is not in the set, an annotator is of two cultures, or an annotator labelled a
            text more than once, which would count as agreement with themselves.
    """
    require_columns(annotations, COLUMNS, where=where)
    if annotations.empty:
        raise CorpusError(f"{where}: there is no annotation")
    for column in ("group_id", "culture", "label"):
        num_missing = int(annotations[column].isna().sum())
        if num_missing:
            hint = '; leave out annotations such as "don\'t know"' if column == "label" else ""
            raise CorpusError(f"{where}: {num_missing:,} rows have no {column}{hint}")
    _check_labels(annotations["label"], labels, where=where)
    named = annotations.loc[annotations["annotator"].notna(), ["annotator", "culture", "group_id"]]
    check_one_culture(named, where=where)
    _check_one_label_a_text(named, where=where)


def _check_labels(annotation_labels: pd.Series, labels: Sequence[str], *, where: str) -> None:
    if len(set(labels)) != len(labels):
        raise CorpusError(f"{where}: the label set {list(labels)} names a label twice")
    is_unknown = pd.Index(list(labels)).get_indexer(pd.Index(annotation_labels)) < 0
    if is_unknown.any():
        first = annotation_labels[is_unknown].iloc[0]
        raise CorpusError(
            f"{where}: {np.sum(is_unknown):,} rows have a label outside the set, such as "
            f"{first!r}; {did_you_mean(str(first), map(str, labels))}"
        )


def check_one_culture(named: pd.DataFrame, *, where: str) -> None:
    """Checks that each annotator is of one culture.

    Args:
        named: annotations with an `annotator`, and their `culture`.
        where: what to name in a message.

    Raises:
        CorpusError: one is of two; names them.
    """
    pairs = named[["annotator", "culture"]].drop_duplicates()
    has_two = pairs["annotator"].duplicated(keep=False)
    if has_two.any():
        first = pairs.loc[has_two, "annotator"].iloc[0]
        cultures = sorted(map(str, pairs.loc[pairs["annotator"] == first, "culture"]))
        raise CorpusError(
            f"{where}: annotator {first!r} is of the cultures {', '.join(map(repr, cultures))}; "
            "where each culture numbers its annotators anew, put the culture before the number"
        )


def _check_one_label_a_text(annotations: pd.DataFrame, *, where: str) -> None:
    is_repeated = annotations.duplicated(["group_id", "annotator"])
    if is_repeated.any():
        first = annotations[is_repeated].iloc[0]
        raise CorpusError(
            f"{where}: {int(is_repeated.sum()):,} annotations repeat an annotator on the same "
            f"text, such as {first['annotator']!r} on {first['group_id']!r}; keep one of each"
        )
