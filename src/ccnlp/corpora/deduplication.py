"""Texts that stand in a corpus twice, exactly or nearly, and texts with conflicting labels.

Two rows repeat each other only where they share language, culture and, where the corpus gives it,
the split: a text that another culture judges is another example, and one that stands in another
split is a leak, which is the matter of `leakage`. Where the corpus has contexts, a text in another
one is another example, too, and so is one in which other places are marked. Of a pair of texts,
each must be nearly that of the other row. Labels conflict across splits too.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from ccnlp.corpora.quarantine import is_kept, reject
from ccnlp.corpora.similarity import (
    ESTIMATE_MARGIN,
    Indices,
    SignedTexts,
    parts_jaccard,
    sign_at,
    similar_pairs,
)
from ccnlp.examples import CONTEXT, NO_MAJORITY

STAGE = "deduplication"

JUDGE_COLUMNS = ("language", "culture")
"""Rows that differ in one of them are judged by others."""

SCOPE_COLUMNS = (*JUDGE_COLUMNS, "split")
"""Rows that differ in one of them do not repeat each other."""

NEIGHBOURS = 4
"""Texts before it in a bucket that a text is compared with, beside the bucket's first: buckets of
boilerplate hold a large part of some corpora."""


class DeduplicationParameters(BaseModel):
    """`deduplication` in `parameters/ingestion.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    conflicting_labels: Literal["keep", "reject"] = Field(
        description="what happens to the rows of one text whose labels differ within a culture"
    )
    near_threshold: float = Field(
        ge=0.7, le=1, description="Jaccard similarity of near-duplicates; 1 looks for none"
    )
    ngram: int = Field(ge=2, le=12, description="characters of an n-gram")
    min_characters: int = Field(ge=1, description="shorter texts have no near-duplicates")


def remove_duplicates(
    rows: pd.DataFrame,
    texts: pd.Series,
    targets: Sequence[str],
    parameters: DeduplicationParameters,
    *,
    span_columns: Sequence[str] = (),
    quoted_column: str | None = None,
    has_one_answer: bool = True,
) -> pd.DataFrame:
    """The rows without repetitions, those of conflicting labels marked, or rejected if configured.

    Equal texts with other targets are a conflict, in whichever splits they stand. Each row of one
    has the others' targets in the added column `conflicting_labels`; it is missing where there is
    no conflict. All are kept, as judgements of one text, or all are rejected.

    Args:
        rows: as for `remove_repetitions`.
        texts: of the rows.
        targets: the columns of the target.
        parameters: `deduplication`.
        span_columns: the columns of places in the text; rows that differ in one are other examples.
        quoted_column: as for `remove_repetitions`.
        has_one_answer: whether other targets are a conflict; a query may find several passages.
    """
    rows = _reject_equal(rows, targets, span_columns)
    if has_one_answer:
        rows = _mark_conflicts(rows, targets, span_columns)
    else:
        rows = rows.assign(conflicting_labels=pd.Series(pd.NA, index=rows.index, dtype="string"))
    if parameters.conflicting_labels == "reject":
        other_labels = rows.loc[is_kept(rows), "conflicting_labels"].dropna()
        rows = reject(rows, "the same text is labelled " + other_labels + " elsewhere", stage=STAGE)
    return _reject_near(
        rows, texts, _equal_columns(targets, span_columns, quoted_column), parameters
    )


def remove_repetitions(
    rows: pd.DataFrame,
    texts: pd.Series,
    targets: Sequence[str],
    parameters: DeduplicationParameters,
    *,
    span_columns: Sequence[str] = (),
    quoted_column: str | None = None,
) -> pd.DataFrame:
    """The rows, those rejected that repeat an earlier one; the first in the corpus's order stays.

    Rows repeat each other when their texts are equal or nearly so and their targets equal. Nearly
    equal texts with other targets are both kept: in *I like it* and *I liked it not* the small
    difference is the point.

    Args:
        rows: one corpus with a fresh index, with `id`, `text_hash`, `language`, `culture`, `split`
            and `rejected_by`.
        texts: of the rows.
        targets: the columns of the target.
        parameters: `deduplication`.
        span_columns: the columns of places in the text.
        quoted_column: the column that targets are cut out of, which near repetitions must share;
            `texts` are then without it, as two questions on one passage would else be nearly the
            same.
    """
    rows = _reject_equal(rows, targets, span_columns)
    return _reject_near(
        rows, texts, _equal_columns(targets, span_columns, quoted_column), parameters
    )


def _equal_columns(
    targets: Sequence[str], span_columns: Sequence[str], quoted_column: str | None
) -> list[str]:
    """The columns that near repetitions have in common."""
    return [*targets, *span_columns, *([quoted_column] if quoted_column is not None else [])]


def _with_context(rows: pd.DataFrame, *columns: str) -> list[str]:
    """The columns, and that of the context where the rows have one."""
    return [*columns, CONTEXT] if CONTEXT in rows else list(columns)


def _group_codes(rows: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """A number for each combination of values in the columns; lists and missing values count."""
    lists = [column for column in columns if rows[column].dtype == object]
    keys = rows[list(columns)].astype(dict.fromkeys(lists, "str"))
    return keys.groupby(list(columns), dropna=False, observed=True, sort=False).ngroup()


def _reject_equal(
    rows: pd.DataFrame, targets: Sequence[str], span_columns: Sequence[str]
) -> pd.DataFrame:
    columns = [*_with_context(rows, "text_hash", *SCOPE_COLUMNS), *targets, *span_columns]
    groups = _group_codes(rows.loc[is_kept(rows), columns], columns)
    first_index = pd.Series(groups.index, index=groups.index).groupby(groups).transform("first")
    later = first_index[first_index != first_index.index]
    reasons = "the same text as example " + rows.loc[later, "id"].set_axis(later.index)
    return reject(rows, reasons, stage=STAGE)


def _mark_conflicts(
    rows: pd.DataFrame, targets: Sequence[str], span_columns: Sequence[str]
) -> pd.DataFrame:
    columns = [*_with_context(rows, "text_hash", *JUDGE_COLUMNS), *span_columns]
    groups = _group_codes(rows.loc[is_kept(rows), columns], columns)
    groups = groups[groups.duplicated(keep=False)]
    label_columns = rows.loc[groups.index, list(targets)].astype("str").fillna(NO_MAJORITY)
    labels = label_columns.agg("/".join, axis=1)
    other_labels = {
        row: ", ".join(repr(other) for other in dict.fromkeys(group_labels) if other != label)
        for _, group_labels in labels.groupby(groups)
        if group_labels.nunique() > 1
        for row, label in group_labels.items()
    }
    conflicts = pd.Series(other_labels, dtype="string").reindex(rows.index)
    return rows.assign(conflicting_labels=conflicts)


def _reject_near(
    rows: pd.DataFrame,
    texts: pd.Series,
    equal_columns: Sequence[str],
    parameters: DeduplicationParameters,
) -> pd.DataFrame:
    if parameters.near_threshold == 1:
        return rows
    is_long = (texts.str.len() >= parameters.min_characters).fillna(False)
    positions = np.flatnonzero(is_kept(rows) & is_long)
    columns = [*_with_context(rows, *SCOPE_COLUMNS), *equal_columns]
    repeats = find_near_duplicates(
        sign_at(texts, positions, ngram=parameters.ngram),
        _group_codes(rows[columns].iloc[positions], columns).to_numpy(),
        threshold=parameters.near_threshold,
        ngram=parameters.ngram,
    )
    if not repeats:
        return rows
    later, earlier = rows.index[list(repeats)], rows.index[list(repeats.values())]
    reasons = "nearly the same text as example " + rows.loc[earlier, "id"].set_axis(later)
    return reject(rows, reasons, stage=STAGE)


def find_near_duplicates(
    signed: SignedTexts, blocks: Indices, *, threshold: float, ngram: int
) -> dict[int, int]:
    """By position of a text that nearly repeats an earlier one, the position of that one.

    The earlier one is never itself in the result, and each pair was verified. What comes later
    among the texts does not change the result for what comes before.

    Args:
        signed: the texts that are looked at.
        blocks: of each of these; only texts of one block are compared.
        threshold: 0..1.
        ngram: characters of an n-gram.
    """
    texts, positions, signatures = signed.texts, signed.positions, signed.signatures
    are_alike = partial(_are_alike, texts, threshold=threshold, ngram=ngram)
    repeats: dict[int, int] = {}
    is_repeat = np.zeros(len(texts), dtype=bool)
    for band in signatures.bands.T:
        earlier, later = _candidates(band, blocks)
        is_open = ~is_repeat[positions[earlier]] & ~is_repeat[positions[later]]
        earlier, later = earlier[is_open], later[is_open]
        is_likely = signatures.estimate(earlier, signatures, later) >= threshold - ESTIMATE_MARGIN
        earlier, later = positions[earlier[is_likely]], positions[later[is_likely]]
        order = np.lexsort((earlier, later))
        pairs = (later[order], earlier[order])
        for repeat, original in similar_pairs(
            texts, texts, pairs, threshold=threshold, ngram=ngram, skip=repeats.keys()
        ):
            if original not in repeats and are_alike(repeat, original):
                repeats[repeat] = original
                is_repeat[repeat] = True
    return _point_at_kept(repeats, are_alike)


def _are_alike(
    texts: "pd.Series[str]", first: int, second: int, *, threshold: float, ngram: int
) -> bool:
    """Whether each part of two texts is nearly the same."""
    return parts_jaccard(texts.iloc[first], texts.iloc[second], ngram=ngram) >= threshold


def _candidates(band: npt.NDArray[np.uint32], blocks: Indices) -> tuple[Indices, Indices]:
    """Pairs (earlier, later) of one block and bucket: with the bucket's first and nearest ones."""
    if not len(band):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    keys = (band.astype(np.uint64) << np.uint64(32)) | blocks.astype(np.uint64)
    order = np.argsort(keys, kind="stable")
    sorted_keys = keys[order]
    is_start = np.r_[True, sorted_keys[1:] != sorted_keys[:-1]]
    start = np.maximum.accumulate(np.where(is_start, np.arange(len(sorted_keys)), 0))
    rank = np.arange(len(sorted_keys)) - start  # in the bucket
    far = np.flatnonzero(rank > NEIGHBOURS)
    earlier, later = [order[start[far]]], [order[far]]
    for distance in range(1, NEIGHBOURS + 1):
        near = np.flatnonzero(rank >= distance)
        earlier.append(order[near - distance])
        later.append(order[near])
    return np.concatenate(earlier), np.concatenate(later)


def _point_at_kept(
    repeats: dict[int, int], are_alike: Callable[[int, int], bool]
) -> dict[int, int]:
    """Where an earlier text turned out to be a repetition too, the pair with what stays for it."""
    resolved: dict[int, int] = {}
    for later in sorted(repeats):
        earlier = repeats[later]
        kept = resolved.get(earlier, earlier)
        if kept == earlier or are_alike(later, kept):
            resolved[later] = kept
    return resolved
