"""Corpora of a few rows, read as a run reads them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ccnlp.corpora.entry import CorporaParameters, CorpusEntry
from ccnlp.corpora.reading import read_corpus
from ccnlp.tasks.base import Task, TasksParameters, build_tasks

LABELS = ["negative", "neutral", "positive"]
RATIOS = {"train": 0.8, "validation": 0.1, "test": 0.1}

Entry = Callable[..., CorpusEntry]
ReadFiles = Callable[..., pd.DataFrame]


@pytest.fixture
def sentiment() -> dict[str, Task]:
    parameters = {"kind": "sequence_classification", "loss_weight": 1.0, "labels": LABELS}
    return build_tasks(TasksParameters.model_validate({"sentiment": parameters}))


@pytest.fixture
def make_entry() -> Entry:
    """An entry of a csv file with the columns text and label; keyword arguments change it."""

    def make(**changes: Any) -> CorpusEntry:
        entry = {
            "reader": "delimited",
            "path": "corpus.csv",
            "task": "sentiment",
            "columns": {"text": "text", "label": "label"},
            "language": "en",
            "licence": "CC0-1.0",
        } | changes
        if "split" not in entry:
            entry.setdefault("ratios", RATIOS)
        return CorporaParameters.model_validate({"reviews": entry}).entries()["reviews"]

    return make


@pytest.fixture
def read_files(tmp_path: Path, make_entry: Entry, sentiment: dict[str, Task]) -> ReadFiles:
    """Writes files by name, and reads the corpus `reviews` of them with an entry."""

    def read(files: dict[str, str | bytes], **changes: Any) -> pd.DataFrame:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        batches = read_corpus(
            "reviews", make_entry(**changes), raw_folder=tmp_path, tasks=sentiment
        )
        return pd.concat(list(batches), ignore_index=True)

    return read
