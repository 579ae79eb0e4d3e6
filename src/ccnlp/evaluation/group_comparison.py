"""The new model beside the champion, group by group, with verdicts fit for many groups."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
import pandas as pd

from ccnlp.evaluation.judged_tasks import JudgedTask
from ccnlp.evaluation.multiplicity import adjust_by_holm, two_sided_p, upper_tail
from ccnlp.evaluation.scores import lookup
from ccnlp.evaluation.slices import ALL

Verdict = Literal["improved", "regressed", "inconclusive", "too small"]


@dataclass(frozen=True)
class Comparison:
    """The new model against the champion on one group of test rows.

    Attributes:
        task: of the rows.
        metric: that differences are in, the task's primary one.
        slice: `all`, or one of the gate's.
        group: of the slice.
        n: rows that the metric looks at and the champion was not trained on.
        difference: the new model's score less the champion's.
        low: lower end of the interval of this group alone; NaN where there is none.
        high: its upper end.
        p_adjusted: how often chance alone gives such a difference, by Holm over all groups of the
            gate; of all rows, by itself. NaN where the group is too small.
        verdict: `improved` or `regressed` where that is surer than the confidence.
        is_beyond_tolerance: whether the loss is surely larger than is tolerated.
        champion_differs: in what the champion was made otherwise than the new model; empty where in
            nothing.
    """

    task: str
    metric: str
    slice: str
    group: str
    n: int
    difference: float
    low: float
    high: float
    p_adjusted: float
    verdict: Verdict
    is_beyond_tolerance: bool = False
    champion_differs: str = ""


def compare_groups(
    champion_comparison: pd.DataFrame, name: str, task: JudgedTask, slices: Sequence[str]
) -> list[Comparison]:
    """All rows first, then the groups of each slice; empty where no row can be compared.

    Args:
        champion_comparison: the new model's scores with their differences to the champion.
        name: of the task.
        task: how it is judged.
        slices: of the gate.
    """
    tables = [
        lookup(champion_comparison, task=name, metric=task.metric, slice_name=slice_name)
        for slice_name in (ALL, *slices)
    ]
    tables[0] = tables[0][tables[0]["group"] == ALL]
    return [_compare_group(name, task, row) for table in tables for _, row in table.iterrows()]


def _compare_group(name: str, task: JudgedTask, row: "pd.Series[Any]") -> Comparison:
    """By the group's own interval; `decide_groups` corrects the verdicts of groups."""
    difference, low, high = interval_of(row)
    verdict: Verdict = "improved" if low > 0 else "regressed" if high < 0 else "inconclusive"
    return Comparison(
        task=name,
        metric=task.metric,
        slice=str(row["slice"]),
        group=str(row["group"]),
        n=int(row["n"]),
        difference=difference,
        low=low,
        high=high,
        p_adjusted=np.nan,
        verdict="too small" if row["is_small"] else verdict,
        champion_differs="; ".join(task.champion_differs),
    )


def decide_groups(
    comparisons: Sequence[Comparison], *, confidence: float, tolerance: float
) -> list[Comparison]:
    """The comparisons with p-values, and with the verdicts of groups corrected for their number.

    A group's deviation is that of a normal distribution with its interval. All rows are judged by
    themselves; they are no group.

    Args:
        comparisons: of `compare_groups`, of all tasks.
        confidence: of their intervals, such as 0.95.
        tolerance: loss that is tolerated, in each task's metric.
    """
    tail = (1 - confidence) / 2
    z_score = NormalDist().inv_cdf(1 - tail)
    centres = np.array([(comparison.low + comparison.high) / 2 for comparison in comparisons])
    deviations = np.array(
        [(comparison.high - comparison.low) / 2 / z_score for comparison in comparisons]
    )
    p_values = two_sided_p(centres, deviations)
    is_group = np.array([is_judged(comparison) for comparison in comparisons], dtype=bool)
    adjusted = np.where([comparison.slice == ALL for comparison in comparisons], p_values, np.nan)
    adjusted[is_group] = adjust_by_holm(p_values[is_group])
    with np.errstate(invalid="ignore", divide="ignore"):
        excess = (-tolerance - centres) / deviations
    loss_p_values = np.array([1.0 if math.isnan(value) else upper_tail(value) for value in excess])
    is_beyond = np.zeros(len(comparisons), dtype=bool)
    is_beyond[is_group] = adjust_by_holm(loss_p_values[is_group]) < tail
    decided = []
    for comparison, p_adjusted, is_beyond_tolerance in zip(
        comparisons, adjusted, is_beyond, strict=True
    ):
        if comparison.verdict == "too small":
            decided.append(comparison)
            continue
        is_open = is_judged(comparison) and not p_adjusted < 1 - confidence
        decided.append(
            replace(
                comparison,
                p_adjusted=float(p_adjusted),
                verdict="inconclusive" if is_open else comparison.verdict,
                is_beyond_tolerance=bool(is_beyond_tolerance),
            )
        )
    return decided


def is_judged(comparison: Comparison) -> bool:
    """Whether it is a group, and large enough."""
    return comparison.slice != ALL and comparison.verdict != "too small"


def interval_of(row: "pd.Series[Any]") -> tuple[float, float, float]:
    """The difference with its ends."""
    return (
        float(row["difference"]),
        float(row["difference_low"]),
        float(row["difference_high"]),
    )
