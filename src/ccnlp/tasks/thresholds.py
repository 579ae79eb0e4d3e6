"""From which probability on a label is given, chosen on validation rows."""

import numpy as np
import numpy.typing as npt

HALF = 0.5
"""Of a label for which nothing was chosen."""

MIN_ROWS = 10
"""Validation rows with the label; the best F1 of fewer is that of a few lucky rows."""

Floats = npt.NDArray[np.floating]


def choose_thresholds(probabilities: Floats, applies: npt.NDArray[np.bool_]) -> Floats:
    """The threshold with the best F1 of each label (SCut: Yang 2001); shape (labels,).

    It lies in the middle of two probabilities that occur; of thresholds with the same F1 the one
    nearest to a half. Fewer than `MIN_ROWS` rows with the label, or without it, leave a half.

    Args:
        probabilities: of each row and label; shape (rows, labels).
        applies: whether the row has the label; of the same shape.
    """
    columns = zip(probabilities.T, applies.T, strict=True)
    return np.array([_choose(*column) for column in columns])


def _choose(probabilities: Floats, applies: npt.NDArray[np.bool_]) -> float:
    num_positive = int(applies.sum())
    if min(num_positive, len(applies) - num_positive) < MIN_ROWS:
        return HALF
    order = np.argsort(-probabilities, kind="stable")
    ordered = probabilities[order].astype(np.float64)
    is_last = np.append(ordered[1:] < ordered[:-1], True)  # equal ones are given together
    num_given = np.flatnonzero(is_last) + 1
    hits = np.cumsum(applies[order])[num_given - 1]
    f1_scores = 2 * hits / (num_given + num_positive)
    lowest = ordered[num_given - 1]
    next_lower = np.append(lowest[1:], 0.0)
    middles = (lowest + next_lower) / 2
    is_half_between = (lowest >= HALF) & (next_lower < HALF)
    middles[is_half_between] = HALF
    best = np.flatnonzero(f1_scores >= f1_scores.max() - 1e-12)
    return float(middles[best[np.argmin(np.abs(middles[best] - HALF))]])
