"""Whether one arm does better than another, for whom, and how sure that is.

The seeds of a text are drawn together: three trainings say no more about the texts than one does.
How far trainings differ among themselves is in no interval of texts, so that a difference counts
as shown only where every seed agrees on its sign.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
import pandas as pd

from ccnlp.evaluation.multiplicity import adjust_by_holm, two_sided_p
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.scores import compare_systems, score_predictions
from ccnlp.studies.arms import SEED
from ccnlp.tasks.base import Task

Finding = Literal["better", "worse", "open", "seeds disagree", "too small"]

COMMON_METRIC = "macro_f1"
"""What is compared of every task, beside its primary metric."""

GROUP_KEY = ["task", "corpus", "split", "slice", "group", "metric"]
COLUMNS = [
    "arm", "against", *GROUP_KEY, "is_primary", "score", "difference", "difference_low",
    "difference_high", "lowest_of_seeds", "highest_of_seeds", "p_value", "n", "is_small", "finding",
]  # fmt: skip


SCORE_COLUMNS = ["arm", *GROUP_KEY, "is_primary", "score", "low", "high", "n", "is_small"]


@dataclass(frozen=True)
class Contrast:
    """Two arms that differ in the one thing that is asked about."""

    arm: str
    against: str


def score_arms(
    predictions: pd.DataFrame,
    tasks: Mapping[str, Task],
    evaluation: EvaluationParameters,
    *,
    slices: Mapping[str, Sequence[str]],
) -> pd.DataFrame:
    """A row for each arm and group: how good it is there, of the seeds' predictions taken together.

    Columns `SCORE_COLUMNS`; metrics, rows, intervals and `n` are those of `compare_arms`.

    Args:
        predictions: of `run_arms`.
        tasks: by name.
        evaluation: resamples, confidence, and the minimal size of a group.
        slices: by name, the columns whose values form groups.
    """
    scored = predictions[_is_scored(predictions, tasks)]
    num_seeds = scored[SEED].nunique()
    scaled = _scale_min_group_size(
        evaluation.model_copy(update={"slices": dict(slices)}), num_seeds
    )
    baseline = str(scored["system"].iloc[0])
    scores = score_predictions(_pool_seeds(scored), tasks, scaled, baseline=baseline)
    table = _select_groups(scores, tasks).rename(columns={"system": "arm"})
    return table.assign(n=table["n"] // num_seeds)[SCORE_COLUMNS]


def compare_arms(
    predictions: pd.DataFrame,
    contrasts: Sequence[Contrast],
    tasks: Mapping[str, Task],
    evaluation: EvaluationParameters,
    *,
    slices: Mapping[str, Sequence[str]],
) -> pd.DataFrame:
    """A row for each contrast and group: the difference, its interval and what it shows.

    Columns `COLUMNS`; differences in a task's primary metric (`is_primary`) and, where that is
    another one, in macro-F1 beside it, 0..1, of the seeds' predictions taken together, with the
    percentile interval of resampled texts. `p_value` is corrected for the number of groups of a
    slice (Holm 1979), for each metric by itself. `finding` is `too small` where a group has fewer
    rows than the minimum, `open` where the p-value is not below 1 minus the confidence, else
    `better` or `worse`, or `seeds disagree` where these do not have one sign. `n` counts rows, not
    those of each seed.

    Args:
        predictions: of `run_arms`; rows that the primary metric does not look at have no part in
            it, such as those without a label to be right about.
        contrasts: which arms are compared.
        tasks: by name.
        evaluation: resamples, confidence, and the minimal size of a group.
        slices: by name, the columns whose values form groups.
    """
    scored = predictions[_is_scored(predictions, tasks)]
    tables = [
        _compare(
            scored[scored["system"].isin([contrast.arm, contrast.against])],
            contrast,
            tasks,
            evaluation.model_copy(update={"slices": dict(slices)}),
        )
        for contrast in contrasts
    ]
    return pd.concat(tables, ignore_index=True)[COLUMNS]


def _is_scored(predictions: pd.DataFrame, tasks: Mapping[str, Task]) -> "pd.Series[bool]":
    """Which rows the primary metric of their task looks at."""
    is_scored = pd.Series(False, index=predictions.index)
    for name, task_predictions in predictions.groupby("task", observed=True):
        is_scored[task_predictions.index] = tasks[str(name)].counts_in_score(task_predictions)
    return is_scored


def _compare(
    predictions: pd.DataFrame,
    contrast: Contrast,
    tasks: Mapping[str, Task],
    evaluation: EvaluationParameters,
) -> pd.DataFrame:
    systems = {"system": contrast.arm, "baseline": contrast.against}
    num_seeds = predictions[SEED].nunique()
    scaled = _scale_min_group_size(evaluation, num_seeds)
    table = _select_groups(
        compare_systems(_pool_seeds(predictions), tasks, scaled, **systems), tasks
    )
    single_draw = evaluation.model_copy(update={"num_draws": 1})
    seed_differences = pd.concat(
        _select_groups(compare_systems(seed_predictions, tasks, single_draw, **systems), tasks)
        for _, seed_predictions in predictions.groupby(SEED)
    )
    seed_ranges = (
        seed_differences.groupby(GROUP_KEY, sort=False)["difference"]
        .agg(["min", "max"])
        .reset_index()
    )
    table = table.merge(seed_ranges, on=GROUP_KEY, how="left", validate="one_to_one")
    table = table.rename(columns={"min": "lowest_of_seeds", "max": "highest_of_seeds"}).assign(
        n=table["n"] // num_seeds, arm=contrast.arm, against=contrast.against
    )
    table["p_value"] = _correct_p_values(table, evaluation.confidence)
    table["finding"] = [_find(row, level=1 - evaluation.confidence) for _, row in table.iterrows()]
    return table


def _pool_seeds(predictions: pd.DataFrame) -> pd.DataFrame:
    """The seeds' predictions as rows of their own."""
    seeds = predictions[SEED].astype(str)
    return predictions.assign(example_id=predictions["example_id"] + "/" + seeds)


def _scale_min_group_size(evaluation: EvaluationParameters, num_seeds: int) -> EvaluationParameters:
    """For rows that stand there once for each seed: their number says how sure a score is."""
    return evaluation.model_copy(update={"min_group_size": evaluation.min_group_size * num_seeds})


def _select_groups(scores: pd.DataFrame, tasks: Mapping[str, Task]) -> pd.DataFrame:
    """The rows of groups in the metrics that are compared, with `is_primary`."""
    primary = scores["task"].map({name: task.primary_metric for name, task in tasks.items()})
    is_primary = scores["metric"] == primary
    is_compared = is_primary | (scores["metric"] == COMMON_METRIC)
    is_group = ~scores["slice"].isin(["label", "length"])
    return scores.assign(is_primary=is_primary)[is_compared & is_group].reset_index(drop=True)


def _correct_p_values(table: pd.DataFrame, confidence: float) -> pd.Series:
    """p-values by the width of the intervals, corrected within each slice and metric."""
    width = table["difference_high"] - table["difference_low"]
    deviation = width / (2 * NormalDist().inv_cdf((1 + confidence) / 2))
    p_values = pd.Series(
        two_sided_p(table["difference"].to_numpy(), deviation.to_numpy()), index=table.index
    ).where(~table["is_small"].astype(bool) & deviation.notna())
    families = table[["task", "corpus", "split", "slice", "metric"]].agg("\x1f".join, axis=1)
    return p_values.groupby(families, group_keys=False).transform(
        lambda family: pd.Series(adjust_by_holm(family.to_numpy()), index=family.index)
    )


def _find(row: "pd.Series[float]", *, level: float) -> Finding:
    if row["is_small"] or np.isnan(row["p_value"]):
        return "too small"
    if row["p_value"] >= level:
        return "open"
    if row["lowest_of_seeds"] > 0:
        return "better"
    return "worse" if row["highest_of_seeds"] < 0 else "seeds disagree"
