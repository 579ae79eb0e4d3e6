"""Corpora of a few rows, read as a run reads them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from ccnlp.corpora.curation import IngestionParameters, curate_corpus
from ccnlp.corpora.entry import CorporaParameters, CorpusEntry, Ratios
from ccnlp.corpora.reading import read_corpus
from ccnlp.tasks.base import Task, build_tasks
from ccnlp.tasks.parameters import TasksParameters

LABELS = ["negative", "neutral", "positive"]
RATIOS = {"train": 0.8, "validation": 0.1, "test": 0.1}

Entry = Callable[..., CorpusEntry]
ReadFiles = Callable[..., pd.DataFrame]
Rows = Sequence[Mapping[str, Any]]
MakeRows = Callable[[Rows], pd.DataFrame]
Curate = Callable[..., pd.DataFrame]

CONF = Path(__file__).parents[2] / "conf" / "base" / "parameters"
READ_ROW = {
    "corpus": "reviews",
    "task": "sentiment",
    "source": "reviews.csv",
    "text": "a text",
    "label": "neutral",
    "language": "en",
    "region": "und",
    "culture": "und",
    "domain": "und",
    "origin": "native",
    "engine": None,
    "pivot": None,
    "licence": "CC0-1.0",
    "split": "train",
    "group": None,
    "rejected_by": None,
    "rejection_reason": None,
    "content": None,
}
"""A row as reading gives it, beside its number and weight."""


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


@pytest.fixture(scope="session")
def ingestion() -> IngestionParameters:
    """The project's own defaults."""
    values = yaml.safe_load((CONF / "ingestion.yml").read_text(encoding="utf-8"))
    return IngestionParameters.model_validate(values["ingestion"])


@pytest.fixture
def make_rows() -> MakeRows:
    """A table as reading gives it, of rows that say only what matters to a test."""

    def make(rows: Rows) -> pd.DataFrame:
        columns = [*READ_ROW, *(key for key in (rows[0] if rows else ()) if key not in READ_ROW)]
        table = pd.DataFrame([{**READ_ROW, **row} for row in rows], columns=columns)
        table = table.astype("string")
        return table.assign(row=range(1, len(rows) + 1), weight=1.0)

    return make


@pytest.fixture
def curate(
    make_rows: MakeRows, sentiment: dict[str, Task], ingestion: IngestionParameters
) -> Curate:
    """Curates rows as one corpus, with changed parameters of a stage and in batches if asked."""

    def curate(
        rows: Rows,
        *,
        ratios: dict[str, float] | None = None,
        batch_size: int = 1000,
        **changes: Any,
    ) -> pd.DataFrame:
        values = ingestion.model_dump()
        for stage, change in changes.items():
            values[stage] = {**values[stage], **change} if isinstance(change, dict) else change
        if ratios is not None:
            rows = [{"split": None, **row} for row in rows]
        table = make_rows(rows)
        return curate_corpus(
            "reviews",
            (table.iloc[i : i + batch_size] for i in range(0, len(table), batch_size)),
            task=sentiment["sentiment"],
            ratios=Ratios.model_validate(ratios) if ratios is not None else None,
            parameters=IngestionParameters.model_validate(values),
        )

    return curate


@pytest.fixture
def hate() -> dict[str, Task]:
    parameters = {
        "kind": "label_distribution",
        "loss_weight": 1.0,
        "labels": ["not_hate", "hate"],
        "options": {"view": "distribution"},
    }
    return build_tasks(TasksParameters.model_validate({"hate": parameters}))


@pytest.fixture
def judge(
    tmp_path: Path, make_entry: Entry, hate: dict[str, Task], ingestion: IngestionParameters
) -> ReadFiles:
    """Writes files by name, and curates the corpus `reviews` of the judgements in them."""

    def curate(files: dict[str, str], **changes: Any) -> pd.DataFrame:
        for name, content in files.items():
            (tmp_path / name).write_text(content, encoding="utf-8")
        entry = make_entry(**{"task": "hate", "split": "train"} | changes)
        batches = read_corpus("reviews", entry, raw_folder=tmp_path, tasks=hate)
        return curate_corpus(
            "reviews",
            batches,
            task=hate["hate"],
            ratios=entry.ratios,
            parameters=ingestion,
            unit=entry.annotations.unit if entry.annotations else None,
        )

    return curate
