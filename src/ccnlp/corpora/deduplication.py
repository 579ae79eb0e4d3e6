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
    sign_where,
    similar_pairs,
)
from ccnlp.examples import CONTEXT, NO_MAJORITY

STAGE = "deduplication"

JUDGES = ("language", "culture")
"""Rows that differ in one of them are judged by others."""

PLACE = (*JUDGES, "split")
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
    marks: Sequence[str] = (),
    quoted: str | None = None,
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
        marks: the columns of places in the text; rows that differ in one are other examples.
        quoted: as for `remove_repetitions`.
        has_one_answer: whether other targets are a conflict; a query may find several passages.
    """
    rows = _reject_equal(rows, targets, marks)
    if has_one_answer:
        rows = _mark_conflicts(rows, targets, marks)
    else:
        rows = rows.assign(conflicting_labels=pd.Series(pd.NA, index=rows.index, dtype="string"))
    if parameters.conflicting_labels == "reject":
        others = rows.loc[is_kept(rows), "conflicting_labels"].dropna()
        rows = reject(rows, "the same text is labelled " + others + " elsewhere", stage=STAGE)
    return _reject_near(rows, texts, _equal(targets, marks, quoted), parameters)


def remove_repetitions(
    rows: pd.DataFrame,
    texts: pd.Series,
    targets: Sequence[str],
    parameters: DeduplicationParameters,
    *,
    marks: Sequence[str] = (),
    quoted: str | None = None,
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
        marks: the columns of places in the text.
        quoted: the column that targets are cut out of, which near repetitions must share; `texts`
            are then without it, as two questions on one passage would else be nearly the same.
    """
    rows = _reject_equal(rows, targets, marks)
    return _reject_near(rows, texts, _equal(targets, marks, quoted), parameters)


def _equal(targets: Sequence[str], marks: Sequence[str], quoted: str | None) -> list[str]:
    """The columns that near repetitions have in common."""
    return [*targets, *marks, *([quoted] if quoted is not None else [])]


def _with_context(rows: pd.DataFrame, *columns: str) -> list[str]:
    """The columns, and that of the context where the rows have one."""
    return [*columns, CONTEXT] if CONTEXT in rows else list(columns)


def _comparable(rows: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """A number for each combination of values in the columns; lists and missing values count."""
    lists = [column for column in columns if rows[column].dtype == object]
    keys = rows[list(columns)].astype(dict.fromkeys(lists, "str"))
    return keys.groupby(list(columns), dropna=False, observed=True, sort=False).ngroup()


def _reject_equal(rows: pd.DataFrame, targets: Sequence[str], marks: Sequence[str]) -> pd.DataFrame:
    columns = [*_with_context(rows, "text_hash", *PLACE), *targets, *marks]
    group = _comparable(rows.loc[is_kept(rows), columns], columns)
    first = pd.Series(group.index, index=group.index).groupby(group).transform("first")
    later = first[first != first.index]
    reasons = "the same text as example " + rows.loc[later, "id"].set_axis(later.index)
    return reject(rows, reasons, stage=STAGE)


def _mark_conflicts(
    rows: pd.DataFrame, targets: Sequence[str], marks: Sequence[str]
) -> pd.DataFrame:
    columns = [*_with_context(rows, "text_hash", *JUDGES), *marks]
    group = _comparable(rows.loc[is_kept(rows), columns], columns)
    group = group[group.duplicated(keep=False)]
    named = rows.loc[group.index, list(targets)].astype("str").fillna(NO_MAJORITY)
    labels = named.agg("/".join, axis=1)
    others = {
        row: ", ".join(repr(other) for other in dict.fromkeys(own) if other != label)
        for _, own in labels.groupby(group)
        if own.nunique() > 1
        for row, label in own.items()
    }
    conflicts = pd.Series(others, dtype="string").reindex(rows.index)
    return rows.assign(conflicting_labels=conflicts)


def _reject_near(
    rows: pd.DataFrame,
    texts: pd.Series,
    equal: Sequence[str],
    parameters: DeduplicationParameters,
) -> pd.DataFrame:
    if parameters.near_threshold == 1:
        return rows
    is_long = (texts.str.len() >= parameters.min_characters).fillna(False)
    where = np.flatnonzero(is_kept(rows) & is_long)
    columns = [*_with_context(rows, *PLACE), *equal]
    repeats = find_near_duplicates(
        sign_where(texts, where, ngram=parameters.ngram),
        _comparable(rows[columns].iloc[where], columns).to_numpy(),
        threshold=parameters.near_threshold,
        ngram=parameters.ngram,
    )
    if not repeats:
        return rows
    later, earlier = rows.index[list(repeats)], rows.index[list(repeats.values())]
    reasons = "nearly the same text as example " + rows.loc[earlier, "id"].set_axis(later)
    return reject(rows, reasons, stage=STAGE)


def find_near_duplicates(
    signed: SignedTexts, block: Indices, *, threshold: float, ngram: int
) -> dict[int, int]:
    """By position of a text that nearly repeats an earlier one, the position of that one.

    The earlier one is never itself in the result, and each pair was verified. What comes later
    among the texts does not change the result for what comes before.

    Args:
        signed: the texts that are looked at.
        block: of each of these; only texts of one block are compared.
        threshold: 0..1.
        ngram: characters of an n-gram.
    """
    texts, where, signatures = signed.texts, signed.where, signed.signatures
    are_alike = partial(_are_alike, texts, threshold=threshold, ngram=ngram)
    repeats: dict[int, int] = {}
    is_repeat = np.zeros(len(texts), dtype=bool)
    for band in signatures.bands.T:
        earlier, later = _candidates(band, block)
        is_open = ~is_repeat[where[earlier]] & ~is_repeat[where[later]]
        earlier, later = earlier[is_open], later[is_open]
        likely = signatures.estimate(earlier, signatures, later) >= threshold - ESTIMATE_MARGIN
        earlier, later = where[earlier[likely]], where[later[likely]]
        order = np.lexsort((earlier, later))
        pairs = (later[order], earlier[order])
        for one, other in similar_pairs(
            texts, texts, pairs, threshold=threshold, ngram=ngram, skip=repeats.keys()
        ):
            if other not in repeats and are_alike(one, other):
                repeats[one] = other
                is_repeat[one] = True
    return _point_at_kept(repeats, are_alike)


def _are_alike(
    texts: "pd.Series[str]", one: int, other: int, *, threshold: float, ngram: int
) -> bool:
    """Whether each part of two texts is nearly the same."""
    return parts_jaccard(texts.iloc[one], texts.iloc[other], ngram=ngram) >= threshold


def _candidates(band: npt.NDArray[np.uint32], block: Indices) -> tuple[Indices, Indices]:
    """Pairs (earlier, later) of one block and bucket: with the bucket's first and nearest ones."""
    if not len(band):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    keys = (band.astype(np.uint64) << np.uint64(32)) | block.astype(np.uint64)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    is_start = np.r_[True, ordered[1:] != ordered[:-1]]
    start = np.maximum.accumulate(np.where(is_start, np.arange(len(ordered)), 0))
    place = np.arange(len(ordered)) - start  # in its bucket
    far = np.flatnonzero(place > NEIGHBOURS)
    earlier, later = [order[start[far]]], [order[far]]
    for distance in range(1, NEIGHBOURS + 1):
        near = np.flatnonzero(place >= distance)
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
        stays = resolved.get(earlier, earlier)
        if stays == earlier or are_alike(later, stays):
            resolved[later] = stays
    return resolved
