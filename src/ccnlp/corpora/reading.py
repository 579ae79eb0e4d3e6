"""From a corpus entry to rows in the shape of examples, the bad ones marked with the reason."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from ccnlp.corpora.entry import CorpusEntry
from ccnlp.tasks.base import Task

STAGE = "reading"
"""What `rejected_by` holds for rows that can't be read."""


def read_corpus(
    name: str, entry: CorpusEntry, *, raw_folder: Path, tasks: Mapping[str, Task]
) -> Iterator[pd.DataFrame]:
    """The rows of a corpus in batches of bounded size, in the order of its files.

    The entry is checked and its files are found at the call; rows are read as the result is
    consumed. No row is left out: a bad one carries its reason.

    Columns of each batch, text as `string` with `pd.NA` where missing:
        corpus, task, source (file), row (line or record in it, from 1), language, region, culture,
        domain, origin, engine, pivot, licence, weight (float), split (missing where the entry's
        ratios decide), group (missing where the row is its own), the task's columns, rejected_by
        (`reading`, or missing while a row is fine), rejection_reason (a sentence, or missing) and
        content (the raw columns as JSON, of rejected rows only). A fine row misses none of the
        task's columns and no language, region, culture, domain, origin.

    Raises:
        ConfigurationError: an unknown reader, task, option, column of the task, or a constant that
            is no language, culture, split or origin.
        CorpusError: files are missing, empty, of another format or encoding, or lack a column.
    """
    raise NotImplementedError
