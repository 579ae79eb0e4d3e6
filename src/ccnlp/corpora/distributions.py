"""Distributions of labels that a source gives itself: counts of annotations, shares or percent."""

import logging
import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.corpora.annotations import Unit
from ccnlp.corpora.cells import as_text
from ccnlp.corpora.quarantine import is_kept, reject
from ccnlp.corpora.values import PARAMETERS_FILE
from ccnlp.errors import ConfigurationError
from ccnlp.examples import LABEL_COUNTS, NUM_ANNOTATIONS

logger = logging.getLogger(__name__)

Floats = npt.NDArray[np.float64]

STAGE = "gathering"

Bools = npt.NDArray[np.bool_]

PLAIN_NUMBER = re.compile(r"\+?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
"""As tables write them; Python also reads other digits, and `2_0` as 20."""

ROUNDING = 0.005
"""By how much a share with two decimals may be off."""

ADJUSTED_ROUNDING = 2 * ROUNDING
"""By how much it may be off where the shares were made to sum to 1, as in 0.33, 0.33 and 0.34."""


def read_distributions(
    cells: Sequence[Sequence[object]], labels: Sequence[str], size: int
) -> tuple["pd.Series[Any]", "pd.Series[str]"]:
    """Each row's numbers by label, missing where one is no number, and the reasons.

    Args:
        cells: by label, the column.
        labels: their names.
        size: number of rows.
    """
    columns = [[_number(cell) for cell in column] for column in cells]
    reasons: dict[int, str] = {}
    for label, column, raw_cells in zip(labels, columns, cells, strict=True):
        for i, number in enumerate(column):
            if math.isnan(number):
                text = as_text(raw_cells[i])
                is_empty = not (text or "").strip()
                why = "is empty" if is_empty else f"is {text!r}, no number such as 3 or 0.25"
                reasons.setdefault(i, f"the distribution's {label!r} {why}")
    rows = [
        None if i in reasons else list(numbers_of_row)
        for i, numbers_of_row in enumerate(zip(*columns, strict=True))
    ]
    return pd.Series(rows, dtype="object"), _reasons(reasons, size)


def read_num_annotations(
    cells: Sequence[object], size: int
) -> tuple["pd.Series[float]", "pd.Series[str]"]:
    """The numbers of annotations, and why one is none."""
    numbers = [_number(cell) for cell in cells]
    reasons = {
        i: f"num_annotations is {as_text(cells[i])!r}, no whole number from 1"
        for i, number in enumerate(numbers)
        if not (number >= 1 and number.is_integer())
    }
    return pd.Series(numbers, dtype="float64"), _reasons(reasons, size)


def _number(cell: object) -> float:
    """The number, from 0; NaN where it is none."""
    text = (as_text(cell) or "").strip()
    number = float(text) if PLAIN_NUMBER.fullmatch(text) else math.nan
    return number if number < math.inf else math.nan


def _reasons(reasons: dict[int, str], size: int) -> "pd.Series[str]":
    return pd.Series([reasons.get(i) for i in range(size)], dtype="string")


def settle_distributions(rows: pd.DataFrame, *, unit: Unit | None, where: str) -> pd.DataFrame:
    """The rows with counts in `LABEL_COUNTS` where the number of annotations is known, else shares.

    Counts are whole numbers, shares sum to 1 and percent to 100, give or take their rounding to two
    decimals or to whole percent.

    Args:
        rows: with `LABEL_COUNTS` and `NUM_ANNOTATIONS` as they are read; those of another unit, or
            of none, are rejected.
        unit: of the numbers; without it the corpus as a whole decides between counts and shares,
            and the log says how.
        where: such as `corpus 'posts'`.

    Raises:
        ConfigurationError: the unit is not given, and most distributions sum to 100.
    """
    index = rows.index[is_kept(rows)]
    if not len(index):
        return rows
    numbers = np.array(rows.loc[index, LABEL_COUNTS].tolist(), dtype=np.float64)
    totals = rows.loc[index, NUM_ANNOTATIONS].to_numpy(np.float64)
    unit = unit or _find_unit(numbers, totals, where)
    shares = numbers / 100 if unit == "percent" else numbers
    if unit == "counts":
        is_fit, row_counts, sums = _fits_counts(numbers, totals), numbers, numbers.sum(axis=1)
    else:
        is_fit, row_counts, sums = _fits_shares(shares), _counts_of_shares(shares, totals), totals
    counts = pd.Series(row_counts.tolist(), index=index, dtype="object")
    settled = rows.assign(
        **{
            LABEL_COUNTS: counts.reindex(rows.index),
            NUM_ANNOTATIONS: pd.Series(sums, index=index).reindex(rows.index),
        }
    )
    reasons = [
        (row, _why_unfit(numbers_of_row, total, unit))
        for row, numbers_of_row, total, is_row_fit in zip(
            index, numbers, totals, is_fit, strict=True
        )
        if not is_row_fit
    ]
    return reject(settled, pd.Series(dict(reasons), dtype="string"), stage=STAGE)


def _find_unit(numbers: Floats, totals: Floats, where: str) -> Unit:
    """Counts or shares, as more rows are; numbers that are 1 and 0 could be either."""
    is_counts, is_shares = _fits_counts(numbers, totals), _fits_shares(numbers)
    num_like_percent = int((_fits_shares(numbers / 100) & (numbers.sum(axis=1) != totals)).sum())
    if 2 * num_like_percent > len(numbers):
        raise ConfigurationError(
            f"{where}: {num_like_percent:,} of its {len(numbers):,} distributions sum to 100, as "
            "percent do, and counts of 100 annotations each; say which they are, "
            f"annotations.unit: percent or annotations.unit: counts ({PARAMETERS_FILE})"
        )
    num_shares = int((is_shares & ~is_counts).sum())
    num_counts = int((is_counts & ~is_shares).sum())
    unit: Unit = "shares" if num_shares > num_counts else "counts"
    certainty = ""
    if not (num_shares or num_counts):
        fits_both = bool((is_shares & is_counts).any())
        certainty = (
            "; each is 1 or 0, taken as one annotation" if fits_both else ", as none fits any unit"
        )
    logger.info("%s: its distributions are %s of annotations%s", where, unit, certainty)
    return unit


def _fits_counts(numbers: Floats, totals: Floats) -> Bools:
    sums = numbers.sum(axis=1)
    is_of_n = np.isnan(totals) | (sums == totals)
    is_counts: Bools = (numbers == np.round(numbers)).all(axis=1) & (sums >= 1) & is_of_n
    return is_counts


def _fits_shares(numbers: Floats) -> Bools:
    is_shares: Bools = np.abs(numbers.sum(axis=1) - 1) <= ROUNDING * numbers.shape[1] + 1e-9
    return is_shares


def _counts_of_shares(shares: Floats, totals: Floats) -> Floats:
    """Whole numbers of annotations where the shares are those of whole numbers, but for rounding.

    The whole numbers then sum to the number of annotations. Shares of an unknown number stay
    shares.
    """
    n = np.where(np.isnan(totals), 1, totals)[:, None]
    rounded = np.round(shares * n)
    is_near = (np.abs(rounded / n - shares) <= ADJUSTED_ROUNDING + 1e-9).all(axis=1)
    is_whole = is_near & (rounded.sum(axis=1) == n[:, 0])
    counts: Floats = np.where((is_whole & ~np.isnan(totals))[:, None], rounded, shares * n)
    return counts


NEEDED = {
    "counts": "are whole numbers of at least one annotation",
    "shares": "are to sum to 1",
    "percent": "are to sum to 100",
}
"""By unit, what a row must have."""


def _why_unfit(numbers: Floats, total: float, unit: Unit) -> str:
    listed = ", ".join(f"{number:g}" for number in numbers)
    if not math.isnan(total) and unit == "counts":
        return (
            f"the distribution {listed} sums to {numbers.sum():g}, and num_annotations is {total:g}"
        )
    return (
        f"the distribution {listed} sums to {numbers.sum():g}: the corpus gives {unit}, and these "
        f"{NEEDED[unit]}"
    )
