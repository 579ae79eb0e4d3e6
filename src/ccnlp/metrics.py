"""Metrics of classification, on rows or on counts; up is better but for errors and distances.

The functions on counts take any leading axes, so that one call scores a thousand resamples.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

Counts = npt.NDArray[np.floating] | npt.NDArray[np.integer]
Scores = npt.NDArray[np.float64]

NUM_CALIBRATION_BINS = 10

DISTRIBUTION_SIMILARITY = "distribution_similarity"
"""1 minus the mean Jensen–Shannon distance to the annotators' distributions, so that up is better:
the metric of tasks whose target is a distribution."""

SMALLEST_PROBABILITY = 1e-7
"""About the smallest share that a softmax in 32 bits tells from 0 beside a large one."""


def confusion_counts(
    reference: Sequence[str] | pd.Series,
    prediction: Sequence[str] | pd.Series,
    *,
    labels: Sequence[str],
) -> npt.NDArray[np.int64]:
    """How often each label was predicted for each: shape (labels, labels), references as rows.

    Raises:
        ValueError: a reference or prediction is not one of `labels`.
    """
    rows, columns = label_indices(reference, labels), label_indices(prediction, labels)
    size = len(labels)
    cells = np.bincount(rows * size + columns, minlength=size * size)
    return cells.reshape(size, size).astype(np.int64)


def label_indices(
    values: Sequence[str] | pd.Series, labels: Sequence[str]
) -> npt.NDArray[np.int64]:
    """The position of each value in `labels`.

    Raises:
        ValueError: a value is not one of them.
    """
    codes = pd.Index(list(labels)).get_indexer(pd.Index(values)).astype(np.int64)
    if (codes < 0).any():
        unknown = sorted(
            {str(value) for value, code in zip(values, codes, strict=True) if code < 0}
        )
        raise ValueError(f"{unknown} are not among the labels {list(labels)}")
    return codes


def f1_per_label(counts: Counts) -> Scores:
    """F1 of each label, shape (..., labels), of confusion counts (..., labels, labels).

    A label that is neither a reference nor a prediction has no F1: NaN.
    """
    hits = np.diagonal(counts, axis1=-2, axis2=-1).astype(np.float64)
    size = counts.sum(axis=-1) + counts.sum(axis=-2)
    with np.errstate(invalid="ignore", divide="ignore"):
        f1: Scores = np.where(size > 0, 2 * hits / size, np.nan)
    return f1


def macro_f1_of_tallies(hits: Counts, references: Counts, predictions: Counts) -> Scores:
    """As `macro_f1`, of how often each label was right, the reference, and predicted.

    All of shape (..., labels): a label's F1 needs no more of the confusion counts than these.
    """
    return _nan_mean(_divide(2 * hits, references + predictions))


def recall_per_label(counts: Counts) -> Scores:
    """Recall of each label, shape (..., labels); NaN for a label that is no reference."""
    return _divide(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-1))


def precision_per_label(counts: Counts) -> Scores:
    """Precision of each label, shape (..., labels); NaN for a label that is never predicted."""
    return _divide(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-2))


def macro_f1(counts: Counts) -> Scores:
    """The mean F1 of the labels that are a reference or a prediction; NaN without any row.

    A label that a small group happens to lack would otherwise count as an F1 of 0.
    """
    return _nan_mean(f1_per_label(counts))


def accuracy(counts: Counts) -> Scores:
    """The share of rows that are right; NaN without any row."""
    return _divide(np.trace(counts, axis1=-2, axis2=-1), counts.sum(axis=(-2, -1)))


def average_recall(counts: Counts) -> Scores:
    """The mean recall of the labels that are a reference; NaN without any row."""
    return _nan_mean(recall_per_label(counts))


def calibration_bins(confidence: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """The bin of each confidence, of `NUM_CALIBRATION_BINS` of equal width; 1 is in the last."""
    bins = (np.asarray(confidence, dtype=np.float64) * NUM_CALIBRATION_BINS).astype(np.int64)
    return np.clip(bins, 0, NUM_CALIBRATION_BINS - 1)


def calibration_error(hits: Counts, confidence: Counts, total: Counts) -> Scores:
    """Expected calibration error (Guo et al. 2017, section 2): the mean gap of bins, by their size.

    Args:
        hits: right rows in each bin, shape (..., bins).
        confidence: sum of the rows' confidence in each bin, same shape.
        total: number of rows, shape (...).
    """
    gap: npt.NDArray[np.float64] = np.abs(hits - confidence).sum(axis=-1).astype(np.float64)
    return _divide(gap, total)


def jensen_shannon_distance(reference: npt.ArrayLike, predicted: npt.ArrayLike) -> Scores:
    """The Jensen–Shannon distance of each pair of distributions, 0..1; shape (...).

    The square root of the divergence in bits (Endres and Schindelin 2003): 0 for equal ones, 1
    for those that have no label in common.

    Args:
        reference: shares, shape (..., labels).
        predicted: shares, same shape.
    """
    p, q = np.asarray(reference, np.float64), np.asarray(predicted, np.float64)
    middle = (p + q) / 2
    divergence = (_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2
    distance: Scores = np.sqrt(np.clip(divergence, 0, 1))
    return distance


def cross_entropy(reference: npt.ArrayLike, predicted: npt.ArrayLike) -> Scores:
    """The cross-entropy of each pair of distributions, in nats; shape (...).

    A label that has a share and is predicted with 0 counts as one of `SMALLEST_PROBABILITY`.

    Args:
        reference: shares, shape (..., labels).
        predicted: shares, same shape.
    """
    p, q = np.asarray(reference, np.float64), np.asarray(predicted, np.float64)
    entropy: Scores = -(p * np.log(np.maximum(q, SMALLEST_PROBABILITY))).sum(axis=-1)
    return entropy


def _relative_entropy(p: Scores, q: Scores) -> Scores:
    """In bits; where p is 0 nothing is added."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * np.log2(p / q), 0.0)
    total: Scores = terms.sum(axis=-1)
    return total


def classification_metrics(
    reference: Sequence[str] | pd.Series,
    prediction: Sequence[str] | pd.Series,
    confidence: Sequence[float] | pd.Series,
    *,
    labels: Sequence[str],
) -> dict[str, float]:
    """`macro_f1`, `accuracy`, `average_recall` and `calibration_error` of rows, each 0..1.

    Raises:
        ValueError: a reference or prediction is not one of `labels`.
    """
    counts = confusion_counts(reference, prediction, labels=labels)
    values = np.asarray(confidence, dtype=np.float64)
    is_hit = label_indices(reference, labels) == label_indices(prediction, labels)
    bins = calibration_bins(values)
    hits = np.bincount(bins, weights=is_hit, minlength=NUM_CALIBRATION_BINS)
    sums = np.bincount(bins, weights=values, minlength=NUM_CALIBRATION_BINS)
    return {
        "macro_f1": float(macro_f1(counts)),
        "accuracy": float(accuracy(counts)),
        "average_recall": float(average_recall(counts)),
        "calibration_error": float(calibration_error(hits, sums, np.array(len(values)))),
    }


def _divide(numerator: npt.ArrayLike, denominator: npt.ArrayLike) -> Scores:
    top, bottom = np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        quotient: Scores = np.where(bottom > 0, top / bottom, np.nan)
    return quotient


def _nan_mean(values: Scores) -> Scores:
    has_value = ~np.isnan(values)
    return _divide(np.where(has_value, values, 0.0).sum(axis=-1), has_value.sum(axis=-1))
