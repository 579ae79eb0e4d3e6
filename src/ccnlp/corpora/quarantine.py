"""Rejected rows stay in their table, marked with the stage that rejected them and the reason."""

import re

import pandas as pd

from ccnlp.errors import CcnlpError

MAX_REASONS = 3

VARIABLE_PARTS = re.compile(
    r"example [0-9a-f]{16}"
    r"|(?<!\w)'(?:[^'\\]|\\.)*'"  # no apostrophe, as in can't
    r'|"(?:[^"\\]|\\.)*"'  # of a text with apostrophes
    r"|\d[\d.,]*"
)
"""What makes reasons of one kind differ."""


def is_kept(rows: pd.DataFrame) -> pd.Series:
    """Which rows no stage has rejected so far."""
    return rows["rejected_by"].isna()


def reject(rows: pd.DataFrame, reasons: pd.Series, *, stage: str) -> pd.DataFrame:
    """The rows, those with a reason marked as rejected; the first stage to reject a row is named.

    Args:
        rows: with `rejected_by` and `rejection_reason`.
        reasons: a sentence for each row to reject; indexed by `rows`' index or a part of it.
        stage: such as `cleaning`.
    """
    reasons = reasons.dropna().astype("string")
    reasons = reasons[is_kept(rows)[reasons.index]]
    if reasons.empty:
        return rows
    rows = rows.copy(deep=False)
    is_rejected = rows.index.isin(reasons.index)
    all_reasons = reasons.reindex(rows.index)
    rows["rejected_by"] = rows["rejected_by"].astype("string").mask(is_rejected, stage)
    rows["rejection_reason"] = rows["rejection_reason"].mask(is_rejected, all_reasons)
    return rows


def kinds_of(reasons: "pd.Series[str]") -> "pd.Series[str]":
    """The reasons without what is a row's own, such as numbers and quoted texts."""
    return reasons.str.replace(VARIABLE_PARTS, "…", regex=True)


def commonest_reasons(rows: pd.DataFrame) -> str:
    """The `MAX_REASONS` commonest kinds of reasons with their rows, as the first row says each."""
    reasons = rows.loc[~is_kept(rows), "rejection_reason"].astype("str")
    kinds = reasons.groupby(kinds_of(reasons), sort=False).agg(["size", "first"])
    commonest = kinds.sort_values("size", ascending=False, kind="stable").head(MAX_REASONS)
    return "; ".join(f"{size:,} as {first}" for size, first in commonest.itertuples(index=False))


def require_every_row(num_rows_in: int, *, num_rows_out: int, where: str) -> None:
    """Checks that no row was lost or doubled.

    Raises:
        CcnlpError: the counts differ.
    """
    if num_rows_in != num_rows_out:
        raise CcnlpError(
            f"{where}: {num_rows_in:,} rows went in and {num_rows_out:,} came out, kept and "
            "rejected together; a stage lost or doubled rows"
        )
