"""What ingestion did, as counts."""

import logging
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.corpora.annotations import ANNOTATIONS, IS_EXAMPLE, NUM_SOURCE_ROWS
from ccnlp.corpora.quarantine import is_kept, kinds_of
from ccnlp.corpora.readable_task import ReadableTask, other_columns
from ccnlp.corpora.splitting import describe_gaps
from ccnlp.examples import CONTEXT, LABEL_COUNTS, NUM_ANNOTATIONS, fingerprint, hash_rows

logger = logging.getLogger(__name__)

Hashes = npt.NDArray[np.uint64]

CONTENT_COLUMNS = ("task", "split", "language", "culture", CONTEXT)
"""Rows that agree in these, their text and their target are the same in whichever corpus; one
without contexts has empty ones."""

REASON_COLUMNS = ("corpus", "source", "row", "rejected_by", "rejection_reason")
COUNT_COLUMNS = ("corpus", "task", "split", "language", "culture", "label")
MARK_COLUMNS = ("num_mended_encoding", "num_mended_characters", "num_language_suspect")
"""Counts of rows that stay."""

JUDGEMENT_COLUMNS = (LABEL_COUNTS, ANNOTATIONS)
"""What else makes them what they are where people judged them; the id does not stand for it."""

IDENTITY_COLUMNS = ["id", "group_id", "split", "region", "domain", "origin"]
"""What makes the examples of a corpus what they are; the id stands for its content."""

NEEDED = frozenset(
    {*CONTENT_COLUMNS, *COUNT_COLUMNS, *REASON_COLUMNS, *IDENTITY_COLUMNS}
    | {"licence", "text", "text_hash", "mended", "is_language_suspect", "conflicting_labels"}
    | {NUM_SOURCE_ROWS, IS_EXAMPLE, NUM_ANNOTATIONS, *JUDGEMENT_COLUMNS}
)
"""The columns of a curated corpus that its summary is made of, beside `other_columns`."""

SEPARATOR = "\x1f"
"""Between the items of a target that is a list."""

MAX_CONFLICTS = 100
"""Rows in conflict that the report lists for each corpus."""

MAX_TEXT_CHARACTERS = 200


class CorpusSummary(NamedTuple):
    """Of one curated corpus, or of all together.

    Attributes:
        row_counts: rows by corpus, task, split, language, culture, label and `rejected_by`, missing
            values as empty text; `num_rows` of the source, `num_examples` that they are or were
            gathered to, and of these those that were mended, are suspect of another language, or
            in conflict over their label.
        rejection_counts: `num_rows` by corpus, `rejected_by` and kind of `reason`, with an example.
        conflicts: rows with another label than the same text elsewhere in their culture.
        fingerprints: by corpus, of its kept examples: fingerprint, num_rows, num_annotations
            where people judged them and their number is known, licence, sources, languages,
            cultures, and num_rows_shared by other corpus, see `count_shared_rows`.
    """

    row_counts: pd.DataFrame
    rejection_counts: pd.DataFrame
    conflicts: pd.DataFrame
    fingerprints: dict[str, dict[str, Any]]


def summarise(
    corpora: Mapping[str, Callable[[], pd.DataFrame]], tasks: Mapping[str, ReadableTask]
) -> CorpusSummary:
    """What became of the rows of all corpora; one is in memory at a time, and 8 bytes a row.

    What is likely to be a mistake is logged as a warning.

    Args:
        corpora: by key, what loads the curated corpus.
        tasks: by name.
    """
    results = [_summarise_and_hash(load, tasks) for load in corpora.values()]
    summaries, hashes = zip(*results, strict=True)
    fingerprints = {
        name: description
        for summary in summaries
        for name, description in summary.fingerprints.items()
    }
    shared = count_shared_rows(dict(zip(fingerprints, hashes, strict=True)))
    for name, description in fingerprints.items():
        description["num_rows_shared"] = shared[name]
    row_counts = pd.concat([summary.row_counts for summary in summaries], ignore_index=True)
    for warning in describe_warnings(row_counts, fingerprints):
        logger.warning(warning)
    return CorpusSummary(
        row_counts,
        pd.concat([summary.rejection_counts for summary in summaries], ignore_index=True),
        pd.concat([summary.conflicts for summary in summaries], ignore_index=True),
        fingerprints,
    )


def _summarise_and_hash(
    load: Callable[[], pd.DataFrame], tasks: Mapping[str, ReadableTask]
) -> tuple[CorpusSummary, Hashes]:
    rows = load()
    task = tasks[str(rows["task"].iloc[0])]
    return summarise_corpus(rows), _hash_content(rows, other_columns(task))


def _hash_content(rows: pd.DataFrame, task_columns: Sequence[str]) -> Hashes:
    """The hashes of the kept rows' content, sorted, each once."""
    is_row_kept = is_kept(rows)
    content = pd.DataFrame(
        {column: _as_category(rows, column)[is_row_kept] for column in CONTENT_COLUMNS}
    )
    for column in (*task_columns, "text_hash"):
        is_list = rows[column].dtype == object
        values = rows.loc[is_row_kept, column]
        content[column] = values.map(SEPARATOR.join, na_action="ignore") if is_list else values
    return np.unique(hash_rows(content))


def count_shared_rows(hashes: Mapping[str, Hashes]) -> dict[str, dict[str, int]]:
    """By corpus and other corpus, how many rows both have in the same split: equal text, label,
    language and culture.

    Args:
        hashes: by corpus, of its rows' content.
    """
    shared: dict[str, dict[str, int]] = {name: {} for name in hashes}
    for corpus, other in combinations(hashes, 2):
        num_rows = len(np.intersect1d(hashes[corpus], hashes[other], assume_unique=True))
        if num_rows:
            shared[corpus][other] = shared[other][corpus] = num_rows
    return shared


def describe_shared_rows(fingerprints: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A sentence for each two corpora that share rows."""
    return [
        f"corpora {corpus!r} and {other!r}: {num_rows:,} rows stand in both with the same split "
        "and label, and count twice in training and in scores; is it one corpus under two keys?"
        for corpus, description in fingerprints.items()
        for other, num_rows in description["num_rows_shared"].items()
        if corpus < other
    ]


def describe_warnings(
    row_counts: pd.DataFrame, fingerprints: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """A sentence for each thing that does not stop a run and is likely to be a mistake."""
    return [*describe_shared_rows(fingerprints), *describe_gaps(count_examples(row_counts))]


def count_examples(row_counts: pd.DataFrame) -> pd.DataFrame:
    """The counts of kept rows, `num_rows` being that of examples."""
    kept = row_counts[row_counts["rejected_by"] == ""]
    return kept.assign(num_rows=kept["num_examples"])


def summarise_corpus(rows: pd.DataFrame) -> CorpusSummary:
    """What became of the rows of one curated corpus."""
    kept = rows.loc[is_kept(rows)]
    return CorpusSummary(
        _count_rows(rows),
        _count_rejections(rows.loc[~is_kept(rows)]),
        _list_conflicts(rows),
        {str(rows["corpus"].iloc[0]): _describe(kept)},
    )


def _count_rows(rows: pd.DataFrame) -> pd.DataFrame:
    row_flags = pd.DataFrame(
        {
            "num_rows": rows.get(NUM_SOURCE_ROWS, 1),
            "num_examples": rows.get(IS_EXAMPLE, 1),
            "num_mended_encoding": rows["mended"].eq("encoding").fillna(False),
            "num_mended_characters": rows["mended"].eq("characters").fillna(False),
            "num_language_suspect": rows["is_language_suspect"],
            "num_conflicting_labels": rows["conflicting_labels"].notna(),
        },
        index=rows.index,
    ).astype("int64")
    columns = [*COUNT_COLUMNS, "rejected_by"]
    keys = [_as_category(rows, column) for column in columns]
    counts = row_flags.groupby(keys, sort=False, observed=True).sum().reset_index()
    return counts.astype(dict.fromkeys(columns, "str")).sort_values(columns, ignore_index=True)


def _as_text(rows: pd.DataFrame, column: str) -> pd.Series:
    """The column as text, empty where it is missing or holds lists."""
    if column not in rows or rows[column].dtype == object:
        return pd.Series("", index=rows.index, dtype="str", name=column)
    return rows[column].astype("str").fillna("")


def _as_category(rows: pd.DataFrame, column: str) -> pd.Series:
    """As `_as_text`, in a byte or two a row."""
    if column not in rows or rows[column].dtype == object:
        return pd.Series("", index=rows.index, dtype="category", name=column)
    values = rows[column].astype("category")
    if "" not in values.cat.categories:
        values = values.cat.add_categories([""])
    return values.fillna("")


def _count_rejections(rejected: pd.DataFrame) -> pd.DataFrame:
    reasons = _as_text(rejected, "rejection_reason")
    locations = _as_text(rejected, "source") + ", row " + rejected["row"].astype("str")
    kinds = pd.DataFrame(
        {
            "corpus": _as_text(rejected, "corpus"),
            "rejected_by": _as_text(rejected, "rejected_by"),
            "reason": kinds_of(reasons),
            "num_rows": rejected.get(NUM_SOURCE_ROWS, 1),
            "example": reasons + " (" + locations + ")",
        }
    )
    by_kind = kinds.groupby(["corpus", "rejected_by", "reason"], observed=True)
    counts = by_kind.agg({"num_rows": "sum", "example": "first"}).reset_index()
    return counts.sort_values("num_rows", ascending=False, kind="stable", ignore_index=True)


def _list_conflicts(rows: pd.DataFrame) -> pd.DataFrame:
    columns = ["corpus", "id", "language", "culture", "split", "text", "label"]
    hashes = rows.loc[rows["conflicting_labels"].notna(), "text_hash"]
    listed_rows = rows.loc[hashes.sort_values(kind="stable").index[:MAX_CONFLICTS]]
    table = pd.DataFrame({column: _as_text(listed_rows, column) for column in columns})
    table["text"] = table["text"].str.slice(0, MAX_TEXT_CHARACTERS)
    return table.assign(other_labels=_as_text(listed_rows, "conflicting_labels"))


def _describe(kept: pd.DataFrame) -> dict[str, Any]:
    judgements = {
        column: kept[column].astype("str") for column in JUDGEMENT_COLUMNS if column in kept
    }
    num_annotations: dict[str, int] = {}
    if judgements and kept[NUM_ANNOTATIONS].notna().all():
        num_annotations = {"num_annotations": int(kept[NUM_ANNOTATIONS].sum())}
    return {
        "fingerprint": fingerprint(kept[IDENTITY_COLUMNS].assign(**judgements)),
        "num_rows": len(kept),
        **num_annotations,
        "licence": "; ".join(_values(kept, "licence")),
        "sources": _values(kept, "source"),
        "languages": _values(kept, "language"),
        "cultures": _values(kept, "culture"),
    }


def _values(rows: pd.DataFrame, column: str) -> list[str]:
    return sorted(map(str, rows[column].unique()))


def report_ingestion(
    row_counts: pd.DataFrame,
    rejection_counts: pd.DataFrame,
    conflicts: pd.DataFrame,
    fingerprints: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """The counts as one JSON object: in all, by corpus, by split, language, culture and label.

    Args:
        row_counts: of `CorpusSummary`, as are the others.
        rejection_counts: why rows were rejected.
        conflicts: rows with conflicting labels.
        fingerprints: which corpora share rows, among others.
    """
    return {
        **_totals(row_counts),
        "warnings": describe_warnings(row_counts, fingerprints),
        "by_corpus": [
            {"corpus": corpus, **_totals(counts)} for corpus, counts in row_counts.groupby("corpus")
        ],
        "rejected": rejection_counts.to_dict("records"),
        **{f"by_{column}": _by(row_counts, column) for column in COUNT_COLUMNS[2:]},
        "conflicting_labels": conflicts.to_dict("records"),
    }


def _totals(row_counts: pd.DataFrame) -> dict[str, int]:
    """Rows in, out and rejected, the marks of kept rows, and all conflicts, rejected or kept.

    Where rows are annotations, also the examples that they were gathered to.
    """
    kept = row_counts[row_counts["rejected_by"] == ""]
    num_read, num_kept = int(row_counts["num_rows"].sum()), int(kept["num_rows"].sum())
    examples: dict[str, int] = {}
    if _has_annotations(row_counts):
        num_gathered = int(row_counts["num_examples"].sum())
        num_examples = int(kept["num_examples"].sum())
        examples = {
            "num_examples_gathered": num_gathered,
            "num_examples_kept": num_examples,
            "num_examples_rejected": num_gathered - num_examples,
        }
    return {
        "num_rows_read": num_read,
        "num_rows_kept": num_kept,
        "num_rows_rejected": num_read - num_kept,
        **examples,
        **{name: int(kept[name].sum()) for name in MARK_COLUMNS},
        "num_conflicting_labels": int(row_counts["num_conflicting_labels"].sum()),
    }


def _has_annotations(row_counts: pd.DataFrame) -> bool:
    return not row_counts["num_rows"].equals(row_counts["num_examples"])


def _by(row_counts: pd.DataFrame, column: str) -> list[dict[str, Any]]:
    """Rows kept and rejected by a column's values; rows that couldn't be read may have none."""
    records = []
    for value, counts in row_counts.groupby(column):
        is_row_kept = counts["rejected_by"] == ""
        totals = {
            "num_rows_kept": int(counts.loc[is_row_kept, "num_rows"].sum()),
            "num_rows_rejected": int(counts.loc[~is_row_kept, "num_rows"].sum()),
        }
        if _has_annotations(row_counts):
            totals["num_examples_kept"] = int(counts.loc[is_row_kept, "num_examples"].sum())
        records.append({column: str(value), **totals})
    return records
