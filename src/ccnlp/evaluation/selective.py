"""Answering only what one is sure of: risk against coverage, and the confidence to answer from.

A system that may abstain answers the rows whose confidence is at least a threshold. Its coverage is
the share of rows that it answers, its risk the share of these that it gets wrong (Geifman and
El-Yaniv 2017, section 2).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, NonNegativeInt

from ccnlp.parameter_types import Share

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

NUM_CANDIDATES = 20
"""Thresholds that are tried, at every twentieth of the rows: so many tests share the doubt."""


@dataclass(frozen=True)
class RiskCurve:
    """Risk against coverage, a point for each confidence that occurs, the highest first.

    Rows of one confidence are answered together. All arrays have shape (points,).

    Attributes:
        thresholds: the confidences, falling.
        num_answered: rows of that confidence or a higher one.
        num_wrong: the wrong ones among them.
        num_effective: independent rows that those answered are worth (Kish 1965), where all rows of
            a group may be wrong together.
    """

    thresholds: Floats
    num_answered: Ints
    num_wrong: Ints
    num_effective: Floats

    @property
    def num_rows(self) -> int:
        """All rows."""
        return int(self.num_answered[-1]) if len(self.num_answered) else 0

    @property
    def coverage(self) -> Floats:
        """The share of the rows that is answered."""
        coverage: Floats = self.num_answered / max(1, self.num_rows)
        return coverage

    @property
    def risk(self) -> Floats:
        """The share of the answers that is wrong."""
        risk: Floats = self.num_wrong / self.num_answered
        return risk

    @property
    def area(self) -> float:
        """The area under the curve (AURC; Geifman et al. 2019, section 3): down is better.

        The mean risk over the rows, each answered with all that are as sure or surer; NaN without
        any row.
        """
        if not self.num_rows:
            return float("nan")
        return float((np.diff(self.num_answered, prepend=0) * self.risk).sum() / self.num_rows)


def risk_curve(
    confidence: npt.ArrayLike, is_wrong: npt.ArrayLike, groups: npt.ArrayLike | None = None
) -> RiskCurve:
    """The curve of rows, by the confidence of each and whether its answer is wrong.

    Rows of one of the `groups` may be wrong together; each is its own where none are given.

    >>> curve = risk_curve([0.9, 0.8, 0.8, 0.4], [False, False, True, True])
    >>> curve.coverage.tolist(), curve.num_wrong.tolist()
    ([0.25, 0.75, 1.0], [0, 1, 2])
    """
    values, value_indices = np.unique(np.asarray(confidence, np.float64), return_inverse=True)
    sizes = np.bincount(value_indices, minlength=len(values))
    wrong = np.bincount(value_indices[np.asarray(is_wrong, bool)], minlength=len(values))
    num_answered = np.cumsum(sizes[::-1]).astype(np.int64)
    group_of_row = pd.Series(
        np.arange(len(value_indices)) if groups is None else np.asarray(groups)
    )
    ordered_groups = group_of_row.iloc[np.argsort(-value_indices, kind="stable")]
    # A group that grows from m to m + 1 rows adds 2 m + 1 to the sum of squared sizes.
    squares = (2 * ordered_groups.groupby(ordered_groups).cumcount() + 1).cumsum().to_numpy()
    return RiskCurve(
        values[::-1],
        num_answered,
        np.cumsum(wrong[::-1]).astype(np.int64),
        num_answered**2 / squares[num_answered - 1],
    )


class Choice(BaseModel):
    """From which confidence on a system answers, and what that was chosen by.

    Attributes:
        threshold: answers are given from it on, 0..1; `None` where none keeps the error rate, and
            then the others are of answering every row.
        n: rows that it was chosen on.
        coverage: the share of them that is answered; `None` without any row.
        error_rate: the share of these answers that is wrong; `None` without any.
        error_bound: what the true error rate is below, with the confidence that was asked for.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: Share | None
    n: NonNegativeInt
    coverage: Share | None
    error_rate: Share | None
    error_bound: Share


def choose_threshold(curve: RiskCurve, *, max_error_rate: float, confidence: float) -> Choice:
    """The smallest threshold whose answers are surely wrong no more often than asked for.

    Of thresholds that are chosen by the errors that they happen to make, the lowest one is the
    luckiest, and on new rows it does worse. So the bound of the error rate is held against the
    limit, by the tail of the binomial distribution (Geifman and El-Yaniv 2017, section 3). The
    thresholds of `NUM_CANDIDATES` coverages are tried, and each has its part of the doubt: with the
    asked confidence, none that passes has a larger error rate than allowed.

    Args:
        curve: of validation rows.
        max_error_rate: of the rows that are answered, 0..1.
        confidence: of the bound, such as 0.95.
    """
    level = 1 - (1 - confidence) / NUM_CANDIDATES
    sizes = np.ceil(np.arange(1, NUM_CANDIDATES + 1) / NUM_CANDIDATES * curve.num_rows)
    points = np.unique(np.searchsorted(curve.num_answered, np.maximum(sizes, 1)))
    for point in points[points < len(curve.thresholds)][::-1]:
        num_wrong, num_answered = int(curve.num_wrong[point]), int(curve.num_answered[point])
        bound = _bound_at(curve, int(point), level)
        if bound <= max_error_rate:
            return Choice(
                threshold=float(curve.thresholds[point]),
                n=curve.num_rows,
                coverage=num_answered / curve.num_rows,
                error_rate=num_wrong / num_answered,
                error_bound=bound,
            )
    return _no_choice(curve, level)


def _bound_at(curve: RiskCurve, point: int, level: float) -> float:
    """Of the rows that are answered there, counted by what they are worth."""
    effective = float(curve.num_effective[point])
    return error_bound(effective * float(curve.risk[point]), effective, confidence=level)


def _no_choice(curve: RiskCurve, level: float) -> Choice:
    """What answering every row would mean."""
    n = curve.num_rows
    num_wrong = int(curve.num_wrong[-1]) if n else 0
    return Choice(
        threshold=None,
        n=n,
        coverage=1.0 if n else None,
        error_rate=num_wrong / n if n else None,
        error_bound=_bound_at(curve, -1, level) if n else 1.0,
    )


def error_bound(num_wrong: float, num_answered: float, *, confidence: float) -> float:
    """The largest error rate that so few errors are still likely for (Clopper and Pearson 1934).

    With the given confidence the true rate is below it. Numbers may be effective ones, with
    fractions.

    >>> round(error_bound(0, 30, confidence=0.95), 3)  # 1 - 0.05 ** (1 / 30)
    0.095
    """
    from scipy.special import betaincinv

    if num_wrong >= num_answered:
        return 1.0
    return float(betaincinv(num_wrong + 1, num_answered - num_wrong, confidence))
