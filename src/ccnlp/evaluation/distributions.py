"""How near systems come to the distribution of annotators' labels.

Beside right and wrong: where people disagree, a good answer is as divided as they are (Uma et al.
2021). The measures are means over rows, those without a majority among them. Distances are better
where they are down; the similarity, 1 less the Jensen–Shannon distance, where it is up.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ccnlp.evaluation.bootstrap import Floats
from ccnlp.evaluation.distances import METRICS
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.summed import align_sums, score_sums
from ccnlp.metrics import DISTRIBUTION_SIMILARITY


def score_distances(
    predictions: pd.DataFrame, *, baseline: str, parameters: EvaluationParameters, name: str
) -> Iterator[dict[str, object]]:
    """The rows of the scores table for `METRICS` and the similarity; none without a distribution.

    Slices are those of `score_sums`; `n` counts rows, with or without a majority.

    Args:
        predictions: of one task, corpus and split; only rows that all systems answered count.
        baseline: the system that each is compared with in the same draws.
        parameters: slices, resamples and group sizes.
        name: of the rows; with the parameters' seed it makes the draws.
    """
    if METRICS[0] not in predictions or predictions[METRICS[0]].isna().all():
        return
    with_distribution = predictions[predictions[METRICS[0]].notna()]
    sums = align_sums(with_distribution, _tally, reference_column=METRICS[0])
    yield from score_sums(sums, _metrics, baseline=baseline, parameters=parameters, name=name)


def _tally(rows: pd.DataFrame) -> Floats:
    return np.column_stack([np.ones(len(rows)), *(rows[metric] for metric in METRICS)])


def _metrics(sums: Floats) -> dict[str, Floats]:
    with np.errstate(invalid="ignore"):
        means = sums[..., 1:] / sums[..., :1]
    mean_by_metric = {metric: means[..., column] for column, metric in enumerate(METRICS)}
    return {
        **mean_by_metric,
        DISTRIBUTION_SIMILARITY: 1 - mean_by_metric["jensen_shannon_distance"],
    }
