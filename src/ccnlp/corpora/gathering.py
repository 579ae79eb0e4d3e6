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

TEXT_COLUMNS = ("group_id", "language", "split", CONTEXT)
"""Rows that agree in these judge one text: in another context it is another."""

FACT_COLUMNS = ("region", "domain", "origin", "licence", "weight")
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
    result = rows[~is_kept(rows) | rows.index.isin(gathered.index)].copy()
    for column in gathered:
        old_values = result.get(column, pd.Series(index=result.index, dtype=gathered[column].dtype))
        result[column] = gathered[column].reindex(result.index).where(is_kept(result), old_values)
    result[NUM_SOURCE_ROWS] = result[NUM_SOURCE_ROWS].fillna(1).astype("int64")
    result[IS_EXAMPLE] = is_kept(result)
    return result.reset_index(drop=True)


def _reject_other_texts(rows: pd.DataFrame, where: str) -> pd.DataFrame:
    kept = rows[is_kept(rows)]
    first_index = _first_index(kept, TEXT_COLUMNS)
    differs = (kept["text_hash"] != kept.loc[first_index, "text_hash"].to_numpy()).fillna(False)
    if differs.any():
        logger.warning(
            "%s: %s of its %s groups hold more than one text, and %s judgements of others than "
            "their first one are rejected; `group` is to name the text: name another column, or "
            "leave group out, and the cleaned text names it (%s)",
            where,
            *(
                f"{first_index[differs].nunique():,}",
                f"{first_index.nunique():,}",
                f"{differs.sum():,}",
            ),
            PARAMETERS_FILE,
        )
    reason = "its text is another than that of the first annotation of its group"
    return reject(rows, pd.Series(reason, index=kept.index[differs], dtype="string"), stage=STAGE)


def _reject_other_facts(rows: pd.DataFrame) -> pd.DataFrame:
    kept = rows[is_kept(rows)]
    first_index = _first_index(kept, TEXT_COLUMNS)
    for column in FACT_COLUMNS:
        facts = kept[column].astype("string").fillna("")
        first_facts = facts.loc[first_index].set_axis(kept.index)
        differing = facts.index[facts != first_facts]
        reasons = [
            f"its {column} {fact!r} is not {first_fact!r}, as the first annotation of its text says"
            for fact, first_fact in zip(facts[differing], first_facts[differing], strict=True)
        ]
        rows = reject(rows, pd.Series(reasons, index=differing, dtype="string"), stage=STAGE)
    return rows


def _reject_repeated(rows: pd.DataFrame, target: str) -> pd.DataFrame:
    named = rows[is_kept(rows) & rows[ANNOTATOR].notna()]
    first_index = _first_index(named, (*TEXT_COLUMNS, ANNOTATOR))
    repeats = first_index[first_index != first_index.index]
    first_labels = rows.loc[repeats, target].set_axis(repeats.index)
    reasons = [
        f"annotator {annotator!r} annotated the text before, "
        + ("with the same label" if label == first_label else f"with the label {first_label!r}")
        for annotator, label, first_label in zip(
            named.loc[repeats.index, ANNOTATOR],
            named.loc[repeats.index, target],
            first_labels,
            strict=True,
        )
    ]
    return reject(rows, pd.Series(reasons, index=repeats.index, dtype="string"), stage=STAGE)


def _reject_later_distributions(rows: pd.DataFrame) -> pd.DataFrame:
    kept = rows[is_kept(rows)]
    first_index = _first_index(kept, (*TEXT_COLUMNS, "culture"))
    later = first_index[first_index != first_index.index]
    reason = "an earlier row gives the distribution of the same text and culture"
    return reject(rows, pd.Series(reason, index=later.index, dtype="string"), stage=STAGE)


def _gather(kept: pd.DataFrame, target: str, labels: Sequence[str]) -> pd.DataFrame:
    """What the examples have in place of their judgements; the index is that of the first ones."""
    example_codes = _group_codes(kept, (*TEXT_COLUMNS, "culture"))
    first_index = kept.index[~pd.Series(example_codes).duplicated().to_numpy()]
    num_judgements = np.bincount(example_codes, minlength=len(first_index))
    if LABEL_COUNTS in kept:
        counts = np.array(kept[LABEL_COUNTS].tolist(), np.float64).reshape(-1, len(labels))
        annotations = pd.Series(pd.NA, index=first_index, dtype="string")
        num_annotations = kept[NUM_ANNOTATIONS].to_numpy(np.float64)
    else:
        label_codes = pd.Index(list(labels)).get_indexer(pd.Index(kept[target].astype("str")))
        flat_counts = np.bincount(
            example_codes * len(labels) + label_codes, minlength=len(first_index) * len(labels)
        )
        counts = flat_counts.reshape(-1, len(labels)).astype(np.float64)
        joined = kept[ANNOTATIONS].groupby(example_codes).agg(join_annotations)
        annotations = joined.astype("string").set_axis(first_index)
        num_annotations = num_judgements.astype(np.float64)
    text_codes = _group_codes(kept.loc[first_index], TEXT_COLUMNS)
    pooled_counts = np.zeros((len(first_index), len(labels)))
    np.add.at(pooled_counts, text_codes, counts)
    majority = pd.Series(list(labels), dtype="string").reindex(majority_codes(counts))
    return pd.DataFrame(
        {
            target: majority.to_numpy(),
            LABEL_COUNTS: pd.Series(counts.tolist(), index=first_index, dtype="object"),
            POOLED_LABEL_COUNTS: pd.Series(
                pooled_counts[text_codes].tolist(), index=first_index, dtype="object"
            ),
            NUM_ANNOTATIONS: num_annotations,
            ANNOTATIONS: annotations,
            NUM_SOURCE_ROWS: num_judgements,
        },
        index=first_index,
    ).astype({target: "string"})


def _group_codes(rows: pd.DataFrame, columns: Sequence[str]) -> Codes:
    """A number for each combination of values in the columns, in the order in which they come.

    A column that the rows lack, as many corpora lack a context, tells none apart.
    """
    present = [column for column in columns if column in rows]
    groups = rows.groupby(present, dropna=False, observed=True, sort=False)
    return groups.ngroup().to_numpy().astype(np.int64)


def _first_index(rows: pd.DataFrame, columns: Sequence[str]) -> "pd.Series[int]":
    """By row, the index of the first one with the same values in the columns."""
    index = pd.Series(rows.index, index=rows.index, dtype="int64")
    return index.groupby(_group_codes(rows, columns)).transform("first")


def _log(where: str, kept: pd.DataFrame, gathered: pd.DataFrame, target: str) -> None:
    num_texts = len(np.unique(_group_codes(kept, TEXT_COLUMNS)))
    logger.info(
        "%s: %s judgements gathered to %s examples, of %s texts in %s cultures; %s of them have no "
        "majority",
        where,
        *(f"{len(kept):,}", f"{len(gathered):,}", f"{num_texts:,}"),
        *(f"{kept['culture'].nunique():,}", f"{gathered[target].isna().sum():,}"),
    )
