"""How each group of a slice does beside the rest, and how many rows are too few to say."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Literal

import numpy as np
import pandas as pd

from ccnlp.evaluation.bootstrap import percentile_interval
from ccnlp.evaluation.multiplicity import adjust_by_holm, two_sided_p
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.slice_draws import DrawnSlice

Verdict = Literal["worse", "better", "open", "too small", "no labels"]

KEYS = ["task", "corpus", "split", "system", "slice", "group"]
FROM_SCORES = ["n", "num_unlabelled", "score", "low", "high"]
COLUMNS = [
    *KEYS, *FROM_SCORES, "rest", "difference", "difference_low", "difference_high", "p_value",
    "p_adjusted", "verdict", "num_needed",
]  # fmt: skip


def compare_groups(drawn_slice: DrawnSlice, *, confidence: float) -> Iterator[dict[str, object]]:
    """Each group's headline metric beside that of the rest, which is the whole without the group.

    Both come from the same draws. `p_adjusted` is Holm's over the groups that are large enough; the
    `verdict` is `worse` or `better` than the rest where it is surer than the confidence, and `open`
    where chance explains the difference.

    Args:
        drawn_slice: with the draws of its groups and their rests.
        confidence: of the intervals and verdicts, such as 0.95.
    """
    draws = drawn_slice.draws
    differences = draws.scores - draws.rest
    differences_drawn = draws.scores_drawn - draws.rest_drawn
    low, high = percentile_interval(differences_drawn, confidence)
    if not drawn_slice.has_intervals:
        low = high = np.full(len(drawn_slice.groups), np.nan)
    p_values = two_sided_p(differences, differences_drawn.std(axis=0))
    p_values[~drawn_slice.is_judged] = np.nan
    adjusted = adjust_by_holm(p_values)
    keys = {
        **asdict(drawn_slice.evaluation_set),
        "system": drawn_slice.system,
        "slice": drawn_slice.slice,
    }
    for column, group in enumerate(drawn_slice.groups):
        yield {
            **keys,
            "group": group,
            "rest": draws.rest[column],
            "difference": differences[column],
            "difference_low": low[column],
            "difference_high": high[column],
            "p_value": p_values[column],
            "p_adjusted": adjusted[column],
            "verdict": _verdict(differences[column], adjusted[column], level=1 - confidence),
        }
    for group in drawn_slice.unlabelled_groups:
        yield {**keys, "group": group, "verdict": "no labels"}


def _verdict(difference: float, p_adjusted: float, *, level: float) -> Verdict:
    if math.isnan(p_adjusted):
        return "too small"
    if p_adjusted >= level:
        return "open"
    return "worse" if difference < 0 else "better"


def with_scores(
    rows: Sequence[dict[str, object]], scores: pd.DataFrame, parameters: EvaluationParameters
) -> pd.DataFrame:
    """The rows of `compare_groups` with each group's score and interval, so that these stand once.

    `num_needed` are the rows with which the interval would have the parameters' half-width:
    widths shrink with the square root of the rows, so it is as rough as the interval is.

    Args:
        rows: of `compare_groups`.
        scores: of `score_predictions`, of the same predictions.
        parameters: with the half-width.
    """
    compared_columns = [name for name in COLUMNS if name not in (*FROM_SCORES, "num_needed")]
    headline_scores = scores.loc[scores["is_headline"].astype(bool), [*KEYS, *FROM_SCORES]]
    table = pd.DataFrame(rows, columns=compared_columns).merge(
        headline_scores, on=KEYS, how="left", validate="1:1"
    )
    half_widths = (table["high"] - table["low"]) / 2
    table["num_needed"] = np.ceil(table["n"] * (half_widths / parameters.fairness.half_width) ** 2)
    return table[COLUMNS]
