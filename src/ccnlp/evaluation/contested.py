"""How far a model's answers for the cultures lie apart, and whether people's do there, too."""

from typing import Any

import numpy as np
import pandas as pd

from ccnlp.evaluation.bootstrap import Floats, Seed, percentile_interval
from ccnlp.evaluation.by_culture import PREDICTION
from ccnlp.evaluation.parameters import EvaluationParameters

KEYS = (
    "num_texts", "num_contested", "median", "min_disagreement", "num_judged", "correlation", "low",
    "high", "texts",
)  # fmt: skip
"""Of what is told of a task."""

MAX_SHOWN = 8
"""The most contested texts that a report shows."""


def summarise_disagreement(
    table: pd.DataFrame, parameters: EvaluationParameters
) -> dict[str, dict[str, Any]]:
    """By task, how far the cultures' answers lie apart, and whether those of people do there, too.

    Keys: `num_texts`, `num_contested`, `median`, `min_disagreement`; `correlation`, Spearman's rank
    correlation of `judges_disagreement` and `annotators_disagreement`, with `low` and `high` of its
    bootstrap interval, in which texts of a `group_id` are drawn together, and `num_judged`, the
    texts that it is of; `texts`, the most contested ones with the answer of each culture. What is
    undefined is null.

    Args:
        table: of `by_culture.predict_by_culture`.
        parameters: resamples, group sizes, and what is contested.
    """
    summaries = {}
    for task, task_table in table.groupby("task", sort=False):
        annotated = task_table.dropna(subset=["judges_disagreement", "annotators_disagreement"])
        summaries[str(task)] = {
            "num_texts": len(task_table),
            "num_contested": int(task_table["contested"].sum()),
            "median": float(task_table["disagreement"].median()),
            "min_disagreement": parameters.by_culture.min_disagreement,
            "num_judged": len(annotated),
            **_correlate(annotated, str(task), parameters),
            "texts": _most_contested(task_table),
        }
    return summaries


def _correlate(
    annotated: pd.DataFrame, task: str, parameters: EvaluationParameters
) -> dict[str, float | None]:
    """`correlation`, `low` and `high`; null for few groups, or where all of a side are alike."""
    undefined: dict[str, float | None] = dict.fromkeys(("correlation", "low", "high"))
    disagreements = annotated[["judges_disagreement", "annotators_disagreement"]].to_numpy(
        np.float64
    )
    rows_by_group = list(annotated.groupby("group_id", sort=False).indices.values())
    if len(rows_by_group) < parameters.min_group_size:
        return undefined
    observed = _rank_correlation(disagreements)
    if np.isnan(observed):
        return undefined
    generator = np.random.default_rng(Seed(parameters.seed, (task, "disagreement")).entropy)
    correlations = []
    for _ in range(parameters.num_draws):
        drawn_groups = generator.integers(0, len(rows_by_group), len(rows_by_group))
        rows = np.concatenate([rows_by_group[group] for group in drawn_groups])
        correlations.append(_rank_correlation(disagreements[rows]))
    low, high = percentile_interval(np.array(correlations)[:, None], parameters.confidence)
    return {"correlation": observed, "low": float(low[0]), "high": float(high[0])}


def _rank_correlation(disagreements: Floats) -> float:
    """Spearman's, with the mean rank of ties; NaN where one side is all alike."""
    from scipy.stats import rankdata

    ranks = rankdata(disagreements, axis=0)
    centred = ranks - ranks.mean(axis=0)
    spread = np.sqrt((centred**2).sum(axis=0)).prod()
    return float(centred.prod(axis=1).sum() / spread) if spread else float("nan")


def _most_contested(table: pd.DataFrame) -> list[dict[str, Any]]:
    predictions = [column for column in table if str(column).startswith(PREDICTION)]
    most_contested = table[table["contested"].astype(bool)].nlargest(MAX_SHOWN, "disagreement")
    return [
        {
            "text": row["text"],
            "language": row["language"],
            "disagreement": float(row["disagreement"]),
            "answers": {
                str(column).removeprefix(PREDICTION): row[column] for column in predictions
            },
        }
        for row in most_contested[["text", "language", "disagreement", *predictions]].to_dict(
            "records"
        )
    ]
