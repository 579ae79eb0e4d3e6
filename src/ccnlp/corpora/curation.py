"""One corpus from the rows that were read to rows that are clean, unique, identified and split."""

import json
import logging
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from ccnlp.agreement.parameters import AgreementParameters
from ccnlp.corpora.annotations import ANNOTATIONS, NUM_SOURCE_ROWS, Unit, list_annotations
from ccnlp.corpora.cleaning import CleaningParameters, clean_contexts, clean_lists, clean_rows
from ccnlp.corpora.cleaning_words import clean_words
from ccnlp.corpora.deduplication import (
    DeduplicationParameters,
    remove_duplicates,
    remove_repetitions,
)
from ccnlp.corpora.entry import Ratios
from ccnlp.corpora.gathering import gather_annotations
from ccnlp.corpora.language_identification import (
    LanguageIdentificationParameters,
    identify_languages,
)
from ccnlp.corpora.leakage import held_out_texts, remove_leaks, without_leaks
from ccnlp.corpora.quarantine import is_kept, require_every_row
from ccnlp.corpora.readable_task import ReadableTask, identifying_columns, other_columns
from ccnlp.corpora.similarity import PART, parts_key
from ccnlp.corpora.spans import follow_cleaning
from ccnlp.corpora.splitting import follow_given_splits, keep_groups_together, split_by_ratios
from ccnlp.corpora.tokens import join_tokens
from ccnlp.corpora.unknown_labels import UnknownLabels, require_known_labels
from ccnlp.examples import COLUMNS, CONTEXT, LABEL_COUNTS, NUM_ANNOTATIONS, stable_hash
from ccnlp.progress import ProgressLine

logger = logging.getLogger(__name__)

Corpora = Mapping[str, Callable[[], pd.DataFrame]]
"""By corpus, what gives its table: one is in memory at a time."""

REPEATED = (
    *("corpus", "task", "source", "language", "region", "culture", "domain", "origin", "licence"),
    *("split", "rejected_by", "mended", "detected_language"),
)
"""Columns whose values repeat: as categories they take a byte or two a row."""

FLAGS = ("detected_language", "detected_language_score", "is_language_suspect")
TEXT = "text"
QUARANTINE = (
    *("corpus", "task", "source", "row", "rejected_by", "rejection_reason"),
    *("id", "split", "language", "culture", "domain", "content"),
)


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
    rows = _add_identity(rows, texts, task)
    require_every_row(num_rows, num_rows_out=len(rows), where="a batch")
    return _compact(rows)


def texts_of(
    rows: pd.DataFrame, task: ReadableTask, columns: Sequence[str] | None = None
) -> pd.Series:
    """What a row says, as one text: the columns that tell it, or some, a part each.

    Missing where one is missing. Lists of words are joined as their script is written
    (`join_tokens`). Places in a text, as of the entities of a relation, say nothing.
    """
    if columns is None:
        columns = [
            column for column in identifying_columns(task) if column not in task.span_columns
        ]
    part_columns = [
        rows[column].map(join_tokens, na_action="ignore").astype("string")
        if column in task.list_columns
        else rows[column].astype("string")
        for column in columns
    ]
    texts = part_columns[0]
    for part_column in part_columns[1:]:
        texts = texts + PART + part_column
    return texts


def _add_identity(rows: pd.DataFrame, texts: "pd.Series[str]", task: ReadableTask) -> pd.DataFrame:
    """Adds `id`, `text_hash`, `group_id` and `parent_id`; the first two need a text."""
    scope = _joined(rows, ("task", "corpus", "language", "culture"))
    known_texts = texts.dropna()
    text_hash = _hash_texts(known_texts)
    groups = rows["group"].dropna()
    group_id = _hashes(rows.loc[groups.index, "corpus"], groups)
    quoted_column = task.quoted_column
    text_groups = (
        text_hash
        if quoted_column is None
        else _hash_texts(rows.loc[known_texts.index, quoted_column])
    )
    group_id = group_id.reindex(rows.index).fillna(text_groups)
    # The labels of a text that several people judged do not make it another one.
    content_columns = (*other_columns(task), *task.span_columns)
    content = group_id if task.annotation_columns else _joined(rows, content_columns)
    return rows.drop(columns="group").assign(
        id=_ids(rows, scope[known_texts.index], known_texts, content[known_texts.index]),
        text_hash=text_hash,
        group_id=group_id,
        parent_id=pd.Series(pd.NA, index=rows.index, dtype="string"),
    )


def _hash_texts(texts: "pd.Series[str]") -> "pd.Series[str]":
    """A hash of each text, which texts of one key share."""
    keys = pd.Series(map(parts_key, texts.tolist()), index=texts.index, dtype="string")
    return _hashes(keys)


def _ids(rows: pd.DataFrame, *key_columns: "pd.Series[str]") -> "pd.Series[str]":
    """The ids by the keys; a text in a context is another example than in none or in another."""
    ids = _hashes(*key_columns)
    if CONTEXT in rows:
        context = rows.loc[ids.index, CONTEXT].dropna()
        ids.loc[context.index] = _hashes(
            *(key_column[context.index] for key_column in key_columns), context
        )
    return ids


def _hashes(*columns: "pd.Series[str]") -> "pd.Series[str]":
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return pd.Series(map(stable_hash, rows), index=columns[0].index, dtype="string")


def _joined(rows: pd.DataFrame, columns: Sequence[str]) -> "pd.Series[str]":
    joined = pd.Series("", index=rows.index, dtype="str")
    for column in columns:
        joined = joined + "\x1f" + rows[column].astype("str").fillna("")
    return joined


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
    return held_out_texts(rows, texts_of(rows, _task_of(rows, tasks)), parameters)


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
    texts = texts_of(rows, _task_of(rows, tasks))
    tables = (load() for load in held_out.values())
    checked = remove_leaks(rows, texts, tables, parameters)
    require_every_row(len(rows), num_rows_out=len(checked), where="the search for leaks")
    num_leaks = int(is_kept(rows).sum() - is_kept(checked).sum())
    if num_leaks:
        logger.info(
            "%s: %s rows rejected whose text is held out", rows["corpus"].iloc[0], f"{num_leaks:,}"
        )
    return _compact(checked)


def select_examples(rows: pd.DataFrame, *, tasks: Mapping[str, ReadableTask]) -> pd.DataFrame:
    """The examples of a curated corpus: the columns of an example, of its task, and the flags.

    Where the entry names a context, `context` stands beside the task's inputs, and likewise its
    optional columns. Where the inputs are lists, such as the words of a sentence, `text` is what
    they say, for people to read.
    """
    task = _task_of(rows, tasks)
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
    task = _task_of(rows, tasks)
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


def _task_of(rows: pd.DataFrame, tasks: Mapping[str, ReadableTask]) -> ReadableTask:
    return tasks[str(rows["task"].iloc[0])]
