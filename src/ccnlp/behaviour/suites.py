"""Functional tests: suites of cases with the label that each should get.

CheckList (Ribeiro et al. 2020) calls them minimum functionality tests; HateCheck (Röttger et al.
2021) and Multilingual HateCheck (Röttger et al. 2022) are suites for hate speech.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ccnlp.behaviour.cases import FUNCTIONAL, Case, case_table
from ccnlp.behaviour.parameters import PARAMETERS_FILE, SuiteEntry
from ccnlp.conditioning.keys import COLUMNS
from ccnlp.corpora.cells import as_text
from ccnlp.corpora.cleaning import CleaningParameters, clean_rows
from ccnlp.corpora.fields import ValueMap
from ccnlp.corpora.quarantine import is_kept, reject, require_every_row
from ccnlp.corpora.raw import build_reader
from ccnlp.corpora.reading import read_corpus
from ccnlp.corpora.shaping import STAGE
from ccnlp.corpora.values import PARAMETERS_FILE as CORPORA_FILE
from ccnlp.corpora.values import ColumnField
from ccnlp.errors import CcnlpError, ConfigurationError, CorpusError, did_you_mean
from ccnlp.tasks.answers import labels_one_text
from ccnlp.tasks.base import Task
from ccnlp.tasks.kinds.sequence_classification import SequenceClassification
from ccnlp.tasks.parameters import TaskParameters

logger = logging.getLogger(__name__)

CELL = "cell: "
"""What the suite's own columns begin with, so that they are never those of an example."""

REJECTED_COLUMNS = ("suite", "source", "row", "rejected_by", "reason", "language", "text")


@dataclass(frozen=True)
class Suites:
    """What was read of all suites.

    Attributes:
        cases: columns as in `Case`.
        rejected: `REJECTED_COLUMNS`: the rows that are no case, with the reason.
    """

    cases: pd.DataFrame
    rejected: pd.DataFrame


def read_suites(
    suites: Mapping[str, SuiteEntry],
    *,
    tasks: Mapping[str, Task],
    raw_folder: Path,
    cleaning: CleaningParameters,
) -> Suites:
    """The cases of all suites; every entry is checked against the model before one is read.

    Args:
        suites: by key.
        tasks: of the model that is judged.
        raw_folder: where relative paths start.
        cleaning: as of corpora, so that the model reads cases as it reads its corpora.

    Raises:
        ConfigurationError: the model lacks the task or a label of a suite, or an entry is wrong.
        CorpusError: a suite's files can't be read, lack a column, or hold no case.
    """
    for name, suite in suites.items():
        _check_model(name, suite, tasks)
    results = [
        _read_suite(name, suite, tasks=tasks, raw_folder=raw_folder, cleaning=cleaning)
        for name, suite in suites.items()
    ]
    empty = Suites(case_table([]), pd.DataFrame(columns=list(REJECTED_COLUMNS), dtype="string"))
    results = results or [empty]
    return Suites(
        pd.concat([result.cases for result in results], ignore_index=True),
        pd.concat([result.rejected for result in results], ignore_index=True),
    )


def _check_model(name: str, suite: SuiteEntry, tasks: Mapping[str, Task]) -> None:
    where = f"suite {name!r}"
    if suite.task not in tasks:
        raise ConfigurationError(
            f"{where}: the model was not trained on the task {suite.task!r}; "
            f"{did_you_mean(suite.task, tasks)}; name one of the model's tasks, or judge a model "
            f"of this task (behaviour.suites, {PARAMETERS_FILE})"
        )
    if not labels_one_text(tasks[suite.task]):
        raise ConfigurationError(
            f"{where}: the task {suite.task!r} does not give one label to one text, which is what "
            f"a suite can judge (behaviour.suites, {PARAMETERS_FILE})"
        )
    labels = tasks[suite.task].labels
    for suite_label, model_label in suite.label_map.items():
        if model_label not in labels:
            raise ConfigurationError(
                f"{where}: label_map gives {model_label!r} for {suite_label!r}, and the model's "
                f"labels of the task {suite.task!r} are {', '.join(map(repr, labels))} "
                f"(behaviour.suites, {PARAMETERS_FILE})"
            )


def _read_suite(
    name: str,
    suite: SuiteEntry,
    *,
    tasks: Mapping[str, Task],
    raw_folder: Path,
    cleaning: CleaningParameters,
) -> Suites:
    task = _reading_task(tasks[suite.task])
    with _errors_of_suite(name):
        batches = read_corpus(name, suite, raw_folder=raw_folder, tasks={suite.task: task})
        rows = pd.concat(list(batches), ignore_index=True)
    num_rows = len(rows)
    rows = clean_rows(rows, [*task.input_columns], cleaning)
    columns = _suite_columns(name, suite, raw_folder)
    rows = rows.merge(columns, on=["source", "row"], how="left", validate="one_to_one")
    is_unnamed = rows[CELL + suite.functionality.column].fillna("") == ""
    reason = f"the functionality is empty (column {suite.functionality.column!r})"
    rows = reject(rows, pd.Series(reason, index=rows.index[is_unnamed]), stage=STAGE)
    require_every_row(num_rows, num_rows_out=len(rows), where=f"suite {name!r}")
    kept, rejected = rows[is_kept(rows)], rows[~is_kept(rows)]
    logger.info("%s: %s cases, %s rows rejected", name, f"{len(kept):,}", f"{len(rejected):,}")
    if kept.empty:
        raise CorpusError(
            f"suite {name!r}: none of its {num_rows:,} rows is a case; row "
            f"{rejected['row'].iloc[0]} of {rejected['source'].iloc[0]}: "
            f"{rejected['rejection_reason'].iloc[0]} (behaviour.suites, {PARAMETERS_FILE})"
        )
    return Suites(case_table(_cases(kept, name, suite)), _rejected_table(rejected, name))


def _reading_task(task: Task) -> SequenceClassification:
    """The task as cases have it: a text and one label, however the model's own targets look."""
    entry = TaskParameters(kind="sequence_classification", loss_weight=1.0, labels=task.labels)
    return SequenceClassification(task.name, entry)


def _suite_columns(name: str, suite: SuiteEntry, raw_folder: Path) -> pd.DataFrame:
    """`source`, `row`, and the suite's columns that an example does not have, as text."""
    fields = [suite.functionality, *suite.further_columns.values()]
    columns = list(dict.fromkeys(field.column for field in fields))
    reader = build_reader(suite.reader, suite.options, where=f"suite {name!r}")
    tables = []
    for source in reader.find(suite, raw_folder):
        for batch in reader.read(source):
            size = len(batch.rows)
            captures = {name: [value] * size for name, value in source.captures.items()}
            values_by_column = {**batch.columns, **captures}
            for column in columns:
                if size and column not in values_by_column:
                    raise CorpusError(
                        f"suite {name!r}: {source.name} has no column {column!r}; "
                        f"{did_you_mean(column, values_by_column)} (functionality and "
                        f"further_columns in behaviour.suites, {PARAMETERS_FILE})"
                    )
            cells = {
                CELL + column: [
                    (as_text(cell) or "").strip() for cell in values_by_column.get(column, [])
                ]
                for column in columns
            }
            tables.append(pd.DataFrame({"source": source.name, "row": batch.rows, **cells}))
    return pd.concat(tables, ignore_index=True)


def _cases(rows: pd.DataFrame, name: str, suite: SuiteEntry) -> Iterator[Case]:
    tests = _values(rows, suite.functionality)
    further_columns = {
        label: _values(rows, field) for label, field in suite.further_columns.items()
    }
    for number, row in enumerate(rows.to_dict("records")):
        values = {label: column[number] for label, column in further_columns.items()}
        location = f"{row['source']} {row['row']}"
        unit = location if pd.isna(row["group"]) else f"{row['language']} {row['group']}"
        yield Case(
            kind=FUNCTIONAL,
            suite=name,
            task=suite.task,
            test=tests[number],
            **{name: row[name] for name in COLUMNS},
            unit=unit,
            text=row["text"],
            expected=row["label"],
            further=json.dumps(values, ensure_ascii=False) if values else None,
        )


def _values(rows: pd.DataFrame, field: ColumnField) -> list[str]:
    """The column's values as the field's map and default have them; empty where it has none."""
    mapped = ValueMap(field.map)
    # As for an entry's fields: what the map lacks becomes the default, or stays without one.
    cells = rows[CELL + field.column].tolist()
    defaults = [cell if field.default is None else field.default for cell in cells]
    return [mapped.get(cell) or default for cell, default in zip(cells, defaults, strict=True)]


def _rejected_table(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    texts = rows["text"].fillna(rows["content"])
    table = rows.assign(suite=name, reason=rows["rejection_reason"], text=texts)
    return table[list(REJECTED_COLUMNS)].astype("string").reset_index(drop=True)


@contextmanager
def _errors_of_suite(name: str) -> Iterator[None]:
    """Readers speak of a corpus and of its file; a suite's entry stands in another."""
    try:
        yield
    except CcnlpError as error:
        message = str(error).replace(f"corpus {name!r}", f"suite {name!r}")
        message = message.replace(CORPORA_FILE, f"behaviour.suites, {PARAMETERS_FILE}")
        raise type(error)(message) from error
