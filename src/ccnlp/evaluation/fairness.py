"""Whom a system serves worse: two tables from the same draws."""

from collections.abc import Mapping

import pandas as pd

from ccnlp import progress
from ccnlp.evaluation import disparities, gaps
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.slice_draws import draw_slices
from ccnlp.tasks.base import Task


def measure_fairness(
    predictions: pd.DataFrame,
    scores: pd.DataFrame,
    tasks: Mapping[str, Task],
    parameters: EvaluationParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each group beside the rest, and how far the groups of each slice lie apart.

    The first table has a row a system and group (`disparities.compare_groups`), the second one a
    system and slice (`gaps.measure_gaps`). Slices of one group compare nothing and have no rows.

    Args:
        predictions: every system's answers; only rows that all systems answered count.
        scores: of `score_predictions`, of the same predictions.
        tasks: by name; those that can't be judged are left out.
        parameters: slices, resamples and group sizes.

    Raises:
        ConfigurationError: a slice has too many groups.
    """
    groups: list[dict[str, object]] = []
    slices: list[dict[str, object]] = []
    drawn_slices = draw_slices(predictions, tasks, parameters)
    for drawn_slice in progress.track(drawn_slices, "slices compared"):
        groups += disparities.compare_groups(drawn_slice, confidence=parameters.confidence)
        slices.append(gaps.measure_gaps(drawn_slice, confidence=parameters.confidence))
    return (
        disparities.with_scores(groups, scores, parameters),
        pd.DataFrame(slices, columns=gaps.COLUMNS),
    )
