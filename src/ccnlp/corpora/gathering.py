"""From judgements to examples: a row a text and culture, with the labels counted."""

import logging
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.agreement.annotations import check_one_culture
from ccnlp.agreement.votes import majority_codes
from ccnlp.corpora.annotations import (
    ANNOTATIONS,
    ANNOTATOR,
    IS_EXAMPLE,
    NUM_SOURCE_ROWS,
    Unit,
    join_annotations,
    with_annotations,
)
from ccnlp.corpora.distributions import STAGE, settle_distributions
from ccnlp.corpora.quarantine import commonest_reasons, is_kept, reject
from ccnlp.corpora.values import PARAMETERS_FILE
from ccnlp.examples import CONTEXT, LABEL_COUNTS, NUM_ANNOTATIONS, POOLED_LABEL_COUNTS

logger = logging.getLogger(__name__)

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

TEXT = ("group_id", "language", "split", CONTEXT)
"""Rows that agree in these judge one text: in another context it is another."""

FACTS = ("region", "domain", "origin", "licence", "weight")
"""What all rows of a text say of it, beside the text itself."""


def gather_annotations(
    rows: pd.DataFrame, *, target: str, labels: Sequence[str], unit: Unit | None, where: str
) -> pd.DataFrame:
    """A row for each text and culture, at the place of its first judgement.

    A text is what shares a `group_id`, a language, a split and, where the corpus has contexts, the
    context: what is judged in another one is judged anew. To the columns come those of
    `examples.ANNOTATION_COLUMNS`, `NUM_SOURCE_ROWS` and `IS_EXAMPLE`, and `ANNOTATIONS` takes the
    place of its parts. The target becomes the label that most annotators of the culture gave,
    missing where two have the most. Rejected judgements stay rows of their own.

    Rejected are: a row that says other things of its text than the first one; an annotator's later
    annotations of a text, whether they repeat the first or not; the later of two distributions of
    a text and culture; and a distribution that is none.

    Args:
        rows: clean judgements with a fresh index, `group_id` and `text_hash`.
        target: the column of the label.
        labels: the task's.
        unit: of the numbers of distributions, where the entry says it.
        where: such as `corpus 'posts'`.

    Raises:
        CorpusError: an annotator is of two cultures.
        ConfigurationError: what a distribution's numbers are can't be told, and `unit` is missing.
    """
    rows = _reject_other_facts(_reject_other_texts(rows, where))
    if LABEL_COUNTS in rows:
        rows = settle_distributions(rows, unit=unit, where=where)
        rows = _reject_later_distributions(rows)
    else:
        named = rows.loc[is_kept(rows), [ANNOTATOR, "culture"]].dropna(subset=ANNOTATOR)
        check_one_culture(named, where=where)
        rows = with_annotations(_reject_repeated(rows, target), target)
    kept = rows[is_kept(rows)]
    gathered = _gather(kept, target, labels)
    if len(kept):
        _log(where, kept, gathered, target)
    else:
        logger.warning(
            "%s: none of its %s judgements is gathered, all are rejected: %s",
            where,
            f"{len(rows):,}",
            commonest_reasons(rows),
        )
    found = rows[~is_kept(rows) | rows.index.isin(gathered.index)].copy()
    for column in gathered:
        own = found.get(column, pd.Series(index=found.index, dtype=gathered[column].dtype))
        found[column] = gathered[column].reindex(found.index).where(is_kept(found), own)
    found[NUM_SOURCE_ROWS] = found[NUM_SOURCE_ROWS].fillna(1).astype("int64")
    found[IS_EXAMPLE] = is_kept(found)
    return found.reset_index(drop=True)


def _reject_other_texts(rows: pd.DataFrame, where: str) -> pd.DataFrame:
    kept = rows[is_kept(rows)]
    first = _first(kept, TEXT)
    differs = (kept["text_hash"] != kept.loc[first, "text_hash"].to_numpy()).fillna(False)
    if differs.any():
        logger.warning(
            "%s: %s of its %s groups hold more than one text, and %s judgements of others than "
            "their first one are rejected; `group` is to name the text: name another column, or "
            "leave group out, and the cleaned text names it (%s)",
            where,
            *(f"{first[differs].nunique():,}", f"{first.nunique():,}", f"{differs.sum():,}"),
            PARAMETERS_FILE,
        )
    reason = "its text is another than that of the first annotation of its group"
    return reject(rows, pd.Series(reason, index=kept.index[differs], dtype="string"), stage=STAGE)


def _reject_other_facts(rows: pd.DataFrame) -> pd.DataFrame:
    kept = rows[is_kept(rows)]
    first = _first(kept, TEXT)
    for column in FACTS:
        own = kept[column].astype("string").fillna("")
        others = own.loc[first].set_axis(kept.index)
        later = own.index[own != others]
        reasons = [
            f"its {column} {one!r} is not {other!r}, as the first annotation of its text says"
            for one, other in zip(own[later], others[later], strict=True)
        ]
        rows = reject(rows, pd.Series(reasons, index=later, dtype="string"), stage=STAGE)
    return rows


def _reject_repeated(rows: pd.DataFrame, target: str) -> pd.DataFrame:
    named = rows[is_kept(rows) & rows[ANNOTATOR].notna()]
    first = _first(named, (*TEXT, ANNOTATOR))
    later = first[first != first.index]
    before = rows.loc[later, target].set_axis(later.index)
    reasons = [
        f"annotator {annotator!r} annotated the text before, "
        + ("with the same label" if label == other else f"with the label {other!r}")
        for annotator, label, other in zip(
            named.loc[later.index, ANNOTATOR],
            named.loc[later.index, target],
            before,
            strict=True,
        )
    ]
    return reject(rows, pd.Series(reasons, index=later.index, dtype="string"), stage=STAGE)


def _reject_later_distributions(rows: pd.DataFrame) -> pd.DataFrame:
    kept = rows[is_kept(rows)]
    first = _first(kept, (*TEXT, "culture"))
    later = first[first != first.index]
    reason = "an earlier row gives the distribution of the same text and culture"
    return reject(rows, pd.Series(reason, index=later.index, dtype="string"), stage=STAGE)


def _gather(kept: pd.DataFrame, target: str, labels: Sequence[str]) -> pd.DataFrame:
    """What the examples have in place of their judgements; the index is that of the first ones."""
    example = _number(kept, (*TEXT, "culture"))
    first = kept.index[~pd.Series(example).duplicated().to_numpy()]
    size = np.bincount(example, minlength=len(first))
    if LABEL_COUNTS in kept:
        counts = np.array(kept[LABEL_COUNTS].tolist(), np.float64).reshape(-1, len(labels))
        annotations = pd.Series(pd.NA, index=first, dtype="string")
        num_annotations = kept[NUM_ANNOTATIONS].to_numpy(np.float64)
    else:
        label = pd.Index(list(labels)).get_indexer(pd.Index(kept[target].astype("str")))
        cells = np.bincount(example * len(labels) + label, minlength=len(first) * len(labels))
        counts = cells.reshape(-1, len(labels)).astype(np.float64)
        written = kept[ANNOTATIONS].groupby(example).agg(join_annotations)
        annotations = written.astype("string").set_axis(first)
        num_annotations = size.astype(np.float64)
    text = _number(kept.loc[first], TEXT)
    pooled = np.zeros((len(first), len(labels)))
    np.add.at(pooled, text, counts)
    majority = pd.Series(list(labels), dtype="string").reindex(majority_codes(counts))
    return pd.DataFrame(
        {
            target: majority.to_numpy(),
            LABEL_COUNTS: pd.Series(counts.tolist(), index=first, dtype="object"),
            POOLED_LABEL_COUNTS: pd.Series(pooled[text].tolist(), index=first, dtype="object"),
            NUM_ANNOTATIONS: num_annotations,
            ANNOTATIONS: annotations,
            NUM_SOURCE_ROWS: size,
        },
        index=first,
    ).astype({target: "string"})


def _number(rows: pd.DataFrame, columns: Sequence[str]) -> Codes:
    """A number for each combination of values in the columns, in the order in which they come.

    A column that the rows lack, as many corpora lack a context, tells none apart.
    """
    present = [column for column in columns if column in rows]
    groups = rows.groupby(present, dropna=False, observed=True, sort=False)
    return groups.ngroup().to_numpy().astype(np.int64)


def _first(rows: pd.DataFrame, columns: Sequence[str]) -> "pd.Series[int]":
    """By row, the index of the first one with the same values in the columns."""
    index = pd.Series(rows.index, index=rows.index, dtype="int64")
    return index.groupby(_number(rows, columns)).transform("first")


def _log(where: str, kept: pd.DataFrame, gathered: pd.DataFrame, target: str) -> None:
    num_texts = len(np.unique(_number(kept, TEXT)))
    logger.info(
        "%s: %s judgements gathered to %s examples, of %s texts in %s cultures; %s of them have no "
        "majority",
        where,
        *(f"{len(kept):,}", f"{len(gathered):,}", f"{num_texts:,}"),
        *(f"{kept['culture'].nunique():,}", f"{gathered[target].isna().sum():,}"),
    )
