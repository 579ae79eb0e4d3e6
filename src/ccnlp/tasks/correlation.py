"""Pearson's correlation from sums over rows."""

import numpy as np

from ccnlp.tasks.tallied import Sums

NO_VARIANCE = 1e-10
"""Of numbers of 0..1: what the rounding of sums leaves of a variance that is 0."""


def correlation_tallies(references: Sums, predictions: Sums) -> Sums:
    """What each row adds: 1, x, y, xx, yy, xy of references x and predictions y; (rows, 6).

    Both are about 0..1: sums of squares of large numbers that differ little would say nothing.
    """
    x, y = references, predictions
    return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=-1)


def correlation(sums: Sums) -> Sums:
    """Pearson's correlation of summed tallies (..., 6), shape (...), −1..1.

    0 where the predictions do not vary, NaN where the references do not.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        x, y, xx, yy, xy = np.moveaxis(sums[..., 1:] / sums[..., :1], -1, 0)
        reference_variance, prediction_variance = xx - x * x, yy - y * y
        quotient = (xy - x * y) / np.sqrt(reference_variance * prediction_variance)
    quotient = np.where(prediction_variance > NO_VARIANCE, np.clip(quotient, -1, 1), 0.0)
    correlations: Sums = np.where(reference_variance > NO_VARIANCE, quotient, np.nan)
    return correlations
