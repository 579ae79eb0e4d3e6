"""What each objective and mixture does for the worst language, and what it costs the others.

Prints macro-F1 averaged over the languages and of the worst one, each with its difference to the
default and the paired interval; see `arms` for what it reads and keeps. The worst language of an
arm is the one that scores lowest in that arm, in each resample anew: the lowest of several noisy
scores is too low, in the arm and in the default alike, so read the difference.
"""

import numpy as np
import pandas as pd
from tests.benchmarks.arms import DEFAULT, Comparison
from tests.benchmarks.corpus import load_parameters, load_tasks

from ccnlp.evaluation.bootstrap import Floats, Seed, percentile_interval
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.sampling import align, sample_metrics
from ccnlp.evaluation.slices import members
from ccnlp.evaluation.summary import Estimate
from ccnlp.examples import groups_by_columns

EVENLY: dict[str, object] = {"mixture.groups": ["language"], "mixture.temperature": float("inf")}
GROUP_DRO: dict[str, object] = {"objective.name": "group_dro"}
PENALTY: dict[str, object] = {"objective.name": "fairness_penalty"}
WORST: dict[str, object] = {"validation.select_by": "worst_group"}

ARMS: dict[str, dict[str, object]] = {
    DEFAULT: {},
    "languages at temperature 2": {**EVENLY, "mixture.temperature": 2.0},
    "languages evenly": EVENLY,
    "group DRO": GROUP_DRO,
    "group DRO, step size 0.1": {**GROUP_DRO, "objective.group_dro.step_size": 0.1},
    "group DRO, adjustment 1": {**GROUP_DRO, "objective.group_dro.adjustment": 1.0},
    "group DRO, languages evenly": {**GROUP_DRO, **EVENLY},
    "fairness penalty": PENALTY,
    "fairness penalty, weight 10": {**PENALTY, "objective.fairness_penalty.weight": 10.0},
    "weights of the worst language": WORST,
    "group DRO, weights of the worst language": {**GROUP_DRO, **WORST},
}
"""By name, what differs from `conf/base/parameters/training.yml`."""


def judge(predictions: pd.DataFrame, arm: str) -> list[str]:
    """The average over languages and the worst one, each with its difference to the default."""
    parameters = EvaluationParameters.model_validate(load_parameters("evaluation"))
    names, own, default = draw_languages(predictions, arm, parameters)
    cells = []
    for of in (np.mean, np.min):
        score, gain = of(own, axis=1), of(own, axis=1) - of(default, axis=1)
        name = f"{names[int(own[0].argmin())]} " if of is np.min else ""
        cells.append(f"{name}{_estimate(score, parameters)}")
        cells.append("–" if arm == DEFAULT else _estimate(gain, parameters).signed)
    return cells


def draw_languages(
    predictions: pd.DataFrame, arm: str, parameters: EvaluationParameters
) -> tuple[list[str], Floats, Floats]:
    """The languages, and macro-F1 of the arm and of the default, as observed and in each resample.

    Both scores have the shape (1 + draws, languages).
    """
    task, *others = predictions["task"].unique()
    if others:
        raise ValueError(f"only one task can be judged, but there are {[task, *others]}")
    outcomes, rows = align(predictions, labels=load_tasks()[task].labels)
    names: list[str] = []
    scores: tuple[list[Floats], list[Floats]] = ([], [])
    for language, places in members(groups_by_columns(rows, ["language"])):
        paired = sample_metrics(
            outcomes.take(places),
            baseline=DEFAULT,
            num_draws=parameters.num_draws,
            seed=Seed(parameters.seed, ("objectives", language)),
        )
        names.append(language)
        for collected, samples in zip(scores, paired[arm], strict=True):
            collected.append(samples["macro_f1"])
    return names, np.stack(scores[0], axis=1), np.stack(scores[1], axis=1)


def _estimate(samples: Floats, parameters: EvaluationParameters) -> Estimate:
    low, high = percentile_interval(samples[1:, None], parameters.confidence)
    return Estimate(*(100 * float(value) for value in (samples[0], low[0], high[0])))


COMPARISON = Comparison(
    "objectives",
    ARMS,
    headings=[
        "macro-F1 on {split}, languages' average",
        "difference to the default",
        "worst language",
        "difference to the default's worst",
    ],
    judge=judge,
)

if __name__ == "__main__":
    COMPARISON.main(__doc__)
