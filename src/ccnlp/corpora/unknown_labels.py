"""Labels of a corpus that its task lacks, where they are to end a run."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal

import pandas as pd

from ccnlp.corpora.readable_task import ReadableTask
from ccnlp.corpora.values import PARAMETERS_FILE
from ccnlp.errors import MAX_LISTED, CorpusError, listed

UnknownLabels = Literal["reject", "stop"]
"""What they do: their rows go to quarantine, or the run ends."""


def require_known_labels(
    batches: Iterable[pd.DataFrame], task: ReadableTask, *, corpus: str
) -> Iterator[pd.DataFrame]:
    """The batches as they are; after the last one it is known whether there is another label.

    Args:
        batches: of `read_corpus`, with labels as the label map has made them.
        task: of the corpus.
        corpus: its key.

    Raises:
        CorpusError: rows have labels, tags or relations that are none of the task's; they are told
            with the number of rows that have each.
    """
    unknown: Counter[str] = Counter()
    name = ""
    for batch in batches:
        name = name or str(next(iter(batch["task"]), ""))
        unknown += count_unknown_labels(batch, task)
        yield batch
    if unknown:
        raise CorpusError(_why_unknown(unknown, task, corpus=corpus, name=name))


def count_unknown_labels(rows: pd.DataFrame, task: ReadableTask) -> Counter[str]:
    """By label that is none of the task's, the rows that have it; tags and items are labels, too.

    Nothing of a task whose targets may be anything. A missing target is no label.
    """
    known_labels = {*task.target_values}
    unknown: Counter[str] = Counter()
    for column in task.target_columns if known_labels else ():
        is_list = column in task.list_columns
        for cell in rows[column].dropna():
            unknown.update({*(cell if is_list else [cell])} - known_labels)
    return unknown


def _why_unknown(unknown: Counter[str], task: ReadableTask, *, corpus: str, name: str) -> str:
    labels = [
        f"{label[:100]!r} ({num_rows:,} {'row' if num_rows == 1 else 'rows'})"
        for label, num_rows in unknown.most_common(MAX_LISTED)
    ]
    more = f" and {len(unknown) - MAX_LISTED} more" if len(unknown) > MAX_LISTED else ""
    return (
        f"corpus {corpus!r}: the task {name!r} does not have its labels {', '.join(labels)}{more}; "
        f"it has {listed(task.target_values)}. Map them to these (label_map, {PARAMETERS_FILE}), "
        f"or give them to the task (tasks.{name}, parameters/tasks.yml); with "
        "ingestion.unknown_labels: reject their rows go to quarantine (parameters/ingestion.yml)"
    )
