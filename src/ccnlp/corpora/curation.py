"""One corpus from the rows that were read to rows that are clean, unique, identified and split."""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from ccnlp.agreement.parameters import AgreementParameters
from ccnlp.corpora.annotations import NUM_SOURCE_ROWS, Unit
from ccnlp.corpora.cleaning import CleaningParameters, clean_contexts, clean_lists, clean_rows
from ccnlp.corpora.cleaning_words import clean_words
from ccnlp.corpora.deduplication import (
    DeduplicationParameters,
    remove_duplicates,
    remove_repetitions,
)
from ccnlp.corpora.entry import Ratios
from ccnlp.corpora.gathering import gather_annotations
from ccnlp.corpora.identity import add_identity, texts_of
from ccnlp.corpora.language_identification import (
    LanguageIdentificationParameters,
    identify_languages,
)
from ccnlp.corpora.leakage import held_out_texts, remove_leaks, without_leaks
from ccnlp.corpora.quarantine import is_kept, require_every_row
from ccnlp.corpora.readable_task import ReadableTask, identifying_columns, other_columns, task_of
from ccnlp.corpora.spans import follow_cleaning
from ccnlp.corpora.splitting import follow_given_splits, keep_groups_together, split_by_ratios
from ccnlp.corpora.unknown_labels import UnknownLabels, require_known_labels
from ccnlp.progress import ProgressLine

logger = logging.getLogger(__name__)

Corpora = Mapping[str, Callable[[], pd.DataFrame]]
"""By corpus, what gives its table: one is in memory at a time."""

REPEATED = (
    *("corpus", "task", "source", "language", "region", "culture", "domain", "origin", "licence"),
    *("split", "rejected_by", "mended", "detected_language"),
)
"""Columns whose values repeat: as categories they take a byte or two a row."""


class IngestionParameters(BaseModel):
    """`parameters/ingestion.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = Field(ge=0, description="of the splits by ratios")
    unknown_labels: UnknownLabels = Field(
        description="what labels, tags and relations do that the task of their corpus lacks: "
        "`reject` their rows, or `stop` the run with their numbers"
    )
    cleaning: CleaningParameters
    language_identification: LanguageIdentificationParameters
    deduplication: DeduplicationParameters
    agreement: AgreementParameters


def curate_corpus(
    name: str,
    batches: Iterable[pd.DataFrame],
    *,
    task: ReadableTask,
    ratios: Ratios | None,
    parameters: IngestionParameters,
    unit: Unit | None = None,
) -> pd.DataFrame:
    """All rows of a corpus, curated: the rejected ones marked with the stage and the reason.

    To the columns of `read_corpus` come those of an example, the flags `detected_language`,
    `detected_language_score` and `is_language_suspect`, and `mended`, `conflicting_labels` and
    `text_hash`. Of a task with annotation columns the judgements are gathered to examples before
    duplicates are looked for; see `gather_annotations`.

    No row is lost: those that an example was gathered from count with it.

    Args:
        name: the corpus's key.
        batches: of `read_corpus`.
        task: of the corpus.
        ratios: place the rows whose split is missing.
        parameters: of all stages.
        unit: of the numbers of distributions, where the entry says it.

    Raises:
        CorpusError: rows have labels that the task lacks, where the parameters let these stop.
    """
    if parameters.unknown_labels == "stop":
        batches = require_known_labels(batches, task, corpus=name)
    curated = []
    progress = ProgressLine(f"{name}: rows read")
    for batch in batches:
        curated.append(_curate_batch(batch, task, parameters))
        progress.advance(len(batch))
    num_rows = sum(map(len, curated))
    rows = _concatenate(curated)
    is_mixed = ratios is not None and bool(rows["split"].notna().any())
    if is_mixed:
        rows = follow_given_splits(rows)
    if task.annotation_columns:
        rows = gather_annotations(
            rows,
            target=task.target_columns[0],
            labels=task.labels,
            unit=unit,
            where=f"corpus {name!r}",
        )
    rows = _split_without_duplicates(rows, task, ratios, parameters, is_mixed=is_mixed)
    rows = keep_groups_together(rows)
    num_rows_out = int(rows[NUM_SOURCE_ROWS].sum()) if NUM_SOURCE_ROWS in rows else len(rows)
    require_every_row(num_rows, num_rows_out=num_rows_out, where=f"corpus {name!r}")
    _log(name, rows)
    return _compact(rows)


def _split_without_duplicates(
    rows: pd.DataFrame,
    task: ReadableTask,
    ratios: Ratios | None,
    parameters: IngestionParameters,
    *,
    is_mixed: bool,
) -> pd.DataFrame:
    """The rows without repetitions, and where there are ratios each with a split.

    Args:
        rows: clean.
        task: of the corpus.
        ratios: place the rows whose split is missing.
        parameters: of all stages.
        is_mixed: whether some splits were given and others are drawn.
    """
    quoted_column, span_columns = task.quoted_column, task.span_columns
    columns = [
        column
        for column in identifying_columns(task)
        if column not in (quoted_column, *span_columns)
    ]
    texts = texts_of(rows, task, columns)  # shares its memory with `rows` where there is one column
    task_columns, deduplication = other_columns(task), parameters.deduplication
    rows = remove_duplicates(
        rows,
        texts,
        task_columns,
        deduplication,
        span_columns=span_columns,
        quoted_column=quoted_column,
        has_one_answer=task.has_one_answer,
    )
    if ratios is not None:
        drawn_splits = split_by_ratios(rows["group_id"], ratios, seed=parameters.seed)
        rows["split"] = rows["split"].astype("string").fillna(drawn_splits)
    if is_mixed:  # a row that was drawn may repeat one whose split was given
        rows = remove_repetitions(
            rows,
            texts,
            task_columns,
            deduplication,
            span_columns=span_columns,
            quoted_column=quoted_column,
        )
    return rows


def _curate_batch(
    rows: pd.DataFrame, task: ReadableTask, parameters: IngestionParameters
) -> pd.DataFrame:
    num_rows = len(rows)
    text_columns = [column for column in task.input_columns if column not in task.list_columns]
    word_lists = {*task.list_columns} - {*task.span_columns}
    word_columns = [column for column in task.input_columns if column in word_lists]
    cleaned = clean_rows(rows, text_columns, parameters.cleaning, quoted_column=task.quoted_column)
    cleaned = clean_words(cleaned, word_columns, parameters.cleaning)
    cleaned = clean_contexts(cleaned, parameters.cleaning)
    if task.span_columns:
        cleaned = follow_cleaning(cleaned, rows["text"], task.span_columns, parameters.cleaning)
    rows = cleaned
    lists = [
        column for column in task.optional_columns if column in task.list_columns and column in rows
    ]
    rows = clean_lists(rows, lists, parameters.cleaning)
    texts = texts_of(rows, task)
    texts_of_language = texts if task.quoted_column is None else rows[task.quoted_column]
    rows = identify_languages(rows, texts_of_language, parameters.language_identification)
    rows = add_identity(rows, texts, task)
    require_every_row(num_rows, num_rows_out=len(rows), where="a batch")
    return _compact(rows)


def _compact(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.astype({column: "category" for column in REPEATED if column in rows})


def _concatenate(batches: list[pd.DataFrame]) -> pd.DataFrame:
    """One table of all batches, with a fresh index; `batches` is emptied on the way."""
    columns = {}
    for column in batches[0].columns:
        batch_columns = [batch.pop(column) for batch in batches]
        if isinstance(batch_columns[0].dtype, pd.CategoricalDtype):
            values = pd.api.types.union_categoricals(batch_columns)
            columns[column] = pd.Series(values)
        else:
            columns[column] = pd.concat(batch_columns, ignore_index=True)
    batches.clear()
    return pd.DataFrame(columns, copy=False)


def _log(name: str, rows: pd.DataFrame) -> None:
    num_source_rows = (
        rows[NUM_SOURCE_ROWS] if NUM_SOURCE_ROWS in rows else pd.Series(1, index=rows.index)
    )
    counts = (
        num_source_rows.groupby(rows["rejected_by"], observed=True)
        .sum()
        .sort_values(ascending=False)
    )
    num_rows = int(num_source_rows.sum())
    num_kept = num_rows - int(counts.sum())
    by_stage = ", ".join(f"{count:,} by {stage}" for stage, count in counts.items() if count)
    examples = f" in {is_kept(rows).sum():,} examples" if NUM_SOURCE_ROWS in rows else ""
    rejected = f"; rejected {by_stage}" if by_stage else ""
    logger.info(
        "%s: %s rows read, %s kept%s%s",
        *(name, f"{num_rows:,}", f"{num_kept:,}", examples, rejected),
    )


def for_each(
    corpora: Corpora, function: Callable[[pd.DataFrame], pd.DataFrame]
) -> dict[str, Callable[[], pd.DataFrame]]:
    """By corpus, what loads its table and applies the function; nothing is done before that."""
    return {name: partial(_load_and_apply, load, function) for name, load in corpora.items()}


def with_columns(
    corpora: Mapping[str, Callable[..., pd.DataFrame]], columns: Collection[str]
) -> dict[str, Callable[[], pd.DataFrame]]:
    """By corpus, what loads these columns of its stored table, as far as it has them."""
    return {name: partial(load, columns=columns) for name, load in corpora.items()}


def _load_and_apply(
    load: Callable[[], pd.DataFrame], function: Callable[[pd.DataFrame], pd.DataFrame]
) -> pd.DataFrame:
    return function(load())


def find_held_out_texts(
    rows: pd.DataFrame, *, tasks: Mapping[str, ReadableTask], parameters: DeduplicationParameters
) -> pd.DataFrame:
    """The texts of a curated corpus that must not stand in train; see `leakage`."""
    return held_out_texts(rows, texts_of(rows, task_of(rows, tasks)), parameters)


def clear_held_out_texts(
    texts: pd.DataFrame, *, held_out: Corpora, parameters: DeduplicationParameters
) -> pd.DataFrame:
    """The held-out texts of a corpus that stay: those of validation not where test has them."""
    return without_leaks(texts, (load() for load in held_out.values()), parameters)


def keep_out(
    rows: pd.DataFrame,
    *,
    held_out: Corpora,
    tasks: Mapping[str, ReadableTask],
    parameters: DeduplicationParameters,
) -> pd.DataFrame:
    """A curated corpus, its rows rejected whose text is held out for a later split.

    Args:
        rows: of the corpus.
        held_out: by corpus, what loads the table of `clear_held_out_texts`; all of them.
        tasks: by name.
        parameters: what counts as nearly the same text.
    """
    texts = texts_of(rows, task_of(rows, tasks))
    tables = (load() for load in held_out.values())
    checked = remove_leaks(rows, texts, tables, parameters)
    require_every_row(len(rows), num_rows_out=len(checked), where="the search for leaks")
    num_leaks = int(is_kept(rows).sum() - is_kept(checked).sum())
    if num_leaks:
        logger.info(
            "%s: %s rows rejected whose text is held out", rows["corpus"].iloc[0], f"{num_leaks:,}"
        )
    return _compact(checked)
