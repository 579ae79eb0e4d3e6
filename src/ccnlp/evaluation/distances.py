"""How far each answer is from the distribution of annotators' labels."""

import numpy as np
import pandas as pd

from ccnlp.metrics import cross_entropy, jensen_shannon_distance

METRICS = ("jensen_shannon_distance", "cross_entropy")
"""Columns of predictions, and metrics of scores; down is better."""


def measure_distances(
    reference: pd.Series | None, predicted: pd.Series
) -> dict[str, "pd.Series[float] | float"]:
    """The columns `METRICS` of predictions; missing where annotators gave no distribution.

    Args:
        reference: shares of labels, a list a row; or `None`.
        predicted: probabilities of labels, a list a row, in the same order.
    """
    if reference is None or not len(predicted):
        return dict.fromkeys(METRICS, np.nan)
    pair = np.stack(reference.tolist()), np.stack(predicted.tolist())
    return {
        "jensen_shannon_distance": pd.Series(jensen_shannon_distance(*pair), predicted.index),
        "cross_entropy": pd.Series(cross_entropy(*pair), predicted.index),
    }
