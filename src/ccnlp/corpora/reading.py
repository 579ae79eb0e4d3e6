"""From a corpus entry to rows in the shape of examples, the bad ones marked with the reason."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from ccnlp.corpora.entry import CorpusEntry
from ccnlp.corpora.fields import build_fields
from ccnlp.corpora.files import SourceFile
from ccnlp.corpora.joining import Join
from ccnlp.corpora.melting import melt_batches
from ccnlp.corpora.raw import RawBatch, Reader, build_reader, number_rows
from ccnlp.corpora.readable_task import ReadableTask, check_entry
from ccnlp.corpora.shaping import RowShaper
from ccnlp.corpora.task_columns import FlagColumns
from ccnlp.corpora.values import PARAMETERS_FILE
from ccnlp.errors import ConfigurationError, CorpusError, did_you_mean, listed

NUM_TELLING_ROWS = 3
"""From so many broken rows on, a file without a good one is taken to be of another format."""


def read_corpus(
    name: str, entry: CorpusEntry, *, raw_folder: Path, tasks: Mapping[str, ReadableTask]
) -> Iterator[pd.DataFrame]:
    """The rows of a corpus in batches of bounded size, in the order of its files.

    The entry is checked and its files are found at the call; rows are read as the result is
    consumed. No row is left out: a bad one carries its reason.

    Columns of each batch, text as `string` with `pd.NA` where missing:
        corpus, task, source (file), row (line or record in it, from 1), language, region, culture,
        domain, origin, engine, pivot, licence, weight (float), split (missing where the entry's
        ratios decide), group (missing where the row is its own), the task's columns, context
        (where the entry names one; missing in rows that have none), rejected_by
        (`reading`, or missing while a row is fine), rejection_reason (a sentence, or missing) and
        content (the raw columns as JSON, of rejected rows only). A fine row misses none of the
        task's columns and no language, region, culture, domain, origin. Of a task with annotation
        columns, further annotator and the attributes of annotations, or label_counts and
        num_annotations where the source gives distributions; the label is missing then.

    Raises:
        ConfigurationError: an unknown reader, task, option, column of the task, a constant that is
            no language, culture, split or origin, or annotations for a task of one label a text.
        CorpusError: files are missing, empty, of another format or encoding, or lack a column.
    """
    where = f"corpus {name!r}"
    if entry.task not in tasks:
        raise ConfigurationError(
            f"{where}: unknown task {entry.task!r}; {did_you_mean(entry.task, tasks)} "
            f"({PARAMETERS_FILE})"
        )
    task = tasks[entry.task]
    check_entry(entry, task, where=where)
    fields = build_fields(entry, has_annotations=bool(task.annotation_columns), where=where)
    shaper = RowShaper(name, entry, task=task, fields=fields)
    reader = build_reader(entry.reader, entry.options, where=where)
    with _NamedErrors(where):
        sources = reader.find(entry, raw_folder)
        joins = [
            Join.find(
                file,
                reader=entry.reader,
                options=entry.options,
                raw_folder=raw_folder,
                where=where,
            )
            for file in entry.joined
        ]
    return _read(reader, sources, joins, entry, shaper=shaper, where=where)


def _read(
    reader: Reader[Any],
    sources: list[SourceFile],
    joins: Sequence[Join],
    entry: CorpusEntry,
    *,
    shaper: RowShaper,
    where: str,
) -> Iterator[pd.DataFrame]:
    with _NamedErrors(where):
        for source in sources:
            known_columns: set[str] = set()
            num_rows = 0
            for raw_batch in _raw_batches(reader, source, entry):
                batch, num_read = raw_batch, len(raw_batch.rows)
                if batch.rows:
                    for join in joins:
                        batch = join.join(batch, source)
                    _check_source(
                        shaper.source_columns - known_columns, batch.columns, source, reader
                    )
                    _check_flags(shaper.flags, batch.columns, source)
                    known_columns |= batch.columns.keys()
                elif num_rows == 0 and len(batch.broken) >= NUM_TELLING_ROWS:
                    first = batch.broken[0]
                    raise CorpusError(
                        f"{source.name}: none of {len(batch.broken)} rows can be read; row "
                        f"{first.row}: {first.reason}"
                    )
                num_rows += num_read + len(batch.broken)
                yield shaper.shape(batch, source)
            if num_rows == 0:
                raise CorpusError(f"{source.name} has no rows")


def _raw_batches(reader: Reader[Any], source: SourceFile, entry: CorpusEntry) -> Iterator[RawBatch]:
    """The rows of a file, molten and numbered as the entry says, with what its path captures."""
    batches = reader.read(source)
    if entry.melt is not None:
        batches = melt_batches(batches, entry.melt, source)
    for batch in batches:
        yield number_rows(_with_captures(batch, source), entry.row_number, source)


class _NamedErrors:
    """Puts the corpus before the messages of errors of readers, which don't know it."""

    def __init__(self, where: str) -> None:
        self._where = where

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, CorpusError):
            raise CorpusError(f"{self._where}: {error}") from error


def _check_source(
    needed_columns: set[str], columns: Mapping[str, object], source: SourceFile, reader: Reader[Any]
) -> None:
    for column in sorted(needed_columns):
        if column not in columns:
            near_name = did_you_mean(column, columns)
            hints = [near_name] if near_name.startswith("did") else []
            hints += [reader.header_hint] if reader.header_hint else []
            raise CorpusError(
                f"{source.name} has no column {column!r}; it has {listed(columns)}"
                f"{''.join(f'; {hint}' for hint in hints)} ({PARAMETERS_FILE})"
            )


def _check_flags(
    flags: Sequence[FlagColumns], columns: Mapping[str, object], source: SourceFile
) -> None:
    for flag in flags:
        if not flag.match(columns):
            raise CorpusError(
                f"{source.name} has no column that {flag.flags!r} names; it has {listed(columns)} "
                f"(columns, {PARAMETERS_FILE})"
            )


def _with_captures(batch: RawBatch, source: SourceFile) -> RawBatch:
    for name in source.captures:
        if name in batch.columns:
            raise CorpusError(
                f"{source.name} has a column {name!r}, and path a placeholder {{{name}}}: give the "
                f"placeholder another name (path, {PARAMETERS_FILE})"
            )
    captured = {name: [value] * len(batch.rows) for name, value in source.captures.items()}
    return replace(batch, columns={**batch.columns, **captured})
