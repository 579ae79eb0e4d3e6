"""Rejected rows stay in their table, marked with the stage that rejected them and the reason."""

import pandas as pd

from ccnlp.errors import CcnlpError


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
    full = reasons.reindex(rows.index)
    rows["rejected_by"] = rows["rejected_by"].astype("string").mask(is_rejected, stage)
    rows["rejection_reason"] = rows["rejection_reason"].mask(is_rejected, full)
    return rows


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
