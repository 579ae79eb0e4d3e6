"""What is stored of a curated corpus: examples, their annotations, and the rejected rows."""

import json
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import pandas as pd

from ccnlp.corpora.annotations import ANNOTATIONS, list_annotations
from ccnlp.corpora.identity import texts_of
from ccnlp.corpora.quarantine import is_kept
from ccnlp.corpora.readable_task import ReadableTask, task_of
from ccnlp.examples import COLUMNS, CONTEXT, LABEL_COUNTS, NUM_ANNOTATIONS

FLAGS = ("detected_language", "detected_language_score", "is_language_suspect")
TEXT = "text"
QUARANTINE = (
    *("corpus", "task", "source", "row", "rejected_by", "rejection_reason"),
    *("id", "split", "language", "culture", "domain", "content"),
)


def select_examples(rows: pd.DataFrame, *, tasks: Mapping[str, ReadableTask]) -> pd.DataFrame:
    """The examples of a curated corpus: the columns of an example, of its task, and the flags.

    Where the entry names a context, `context` stands beside the task's inputs, and likewise its
    optional columns. Where the inputs are lists, such as the words of a sentence, `text` is what
    they say, for people to read.
    """
    task = task_of(rows, tasks)
    columns = [*COLUMNS, *task.input_columns, *_further_columns(rows, task), *task.target_columns]
    columns += [*task.annotation_columns, *FLAGS]
    kept = rows.loc[is_kept(rows), columns].reset_index(drop=True)
    if TEXT not in kept and set(task.input_columns) & set(task.list_columns):
        kept.insert(list(kept).index(task.input_columns[0]), TEXT, texts_of(kept, task))
    return _with_plain_text(kept, task)


def is_annotated(load: Callable[..., pd.DataFrame]) -> bool:
    """Whether a stored corpus has single annotations; no other column of it is read."""
    rows = load(columns=[ANNOTATIONS])
    return ANNOTATIONS in rows and bool(rows[ANNOTATIONS].notna().any())


def select_annotations(rows: pd.DataFrame) -> pd.DataFrame:
    """The single annotations of the examples of a curated corpus; none where it has none."""
    return list_annotations(rows)


def select_rejected(rows: pd.DataFrame, *, tasks: Mapping[str, ReadableTask]) -> pd.DataFrame:
    """The rejected rows of a curated corpus: where they stood, what they held, and why.

    `content` is JSON: the raw columns of a row that could not be read, else the task's columns,
    and of an example that was gathered from annotations these, too.
    """
    task = task_of(rows, tasks)
    task_columns = [*task.input_columns, *_further_columns(rows, task), *task.target_columns]
    if task.annotation_columns:
        task_columns += [LABEL_COUNTS, NUM_ANNOTATIONS, ANNOTATIONS]
    rejected = rows.loc[~is_kept(rows), [*QUARANTINE, *task_columns]].reset_index(drop=True)
    was_read = rejected["content"].isna()
    read_rows = rejected.loc[was_read, task_columns].astype(object)
    content = [_as_json(row) for row in read_rows.to_dict("records")]
    rejected.loc[was_read, "content"] = pd.Series(content, index=read_rows.index, dtype="string")
    return _with_plain_text(rejected.rename(columns={"rejection_reason": "reason"}), task)


def _further_columns(rows: pd.DataFrame, task: ReadableTask) -> list[str]:
    """What a corpus may have beside the inputs: a context, and the task's optional columns."""
    context_columns = [CONTEXT] if task.can_read_context else []
    return [column for column in (*context_columns, *task.optional_columns) if column in rows]


def _as_json(row: Mapping[Hashable, Any]) -> str:
    cells = {
        name: cell
        for name, cell in row.items()
        if not pd.api.types.is_scalar(cell) or pd.notna(cell)
    }
    if ANNOTATIONS in cells:
        cells[ANNOTATIONS] = json.loads(cells[ANNOTATIONS])
    return json.dumps(cells, ensure_ascii=False, default=list)


def _with_plain_text(rows: pd.DataFrame, task: ReadableTask) -> pd.DataFrame:
    """The rows with text in place of categories; a category without values has lost its type."""
    categories = rows.select_dtypes(["category", "object"]).columns.difference(
        [*task.list_columns, *task.annotation_columns]
    )
    return rows.astype(dict.fromkeys(categories, "string"))
