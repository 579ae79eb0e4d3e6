"""What each objective and mixture does for the worst group, and what it costs the others.

The groups are the languages of UMSAB, or with `--env crehate` the countries of CREHate. Prints
macro-F1 averaged over the groups and of the worst one, each with its difference to the default and
the paired interval; see `arms` for what it reads and keeps. The worst group of an arm is the one
that scores lowest in that arm, in each resample anew: the lowest of several noisy scores is too
low, in the arm and in the default alike, so read the difference.
"""

import argparse
from functools import partial

import numpy as np
import pandas as pd
from tests.benchmarks.arms import DEFAULT, Comparison
from tests.benchmarks.corpus import load_parameters, load_tasks

from ccnlp.evaluation.bootstrap import Floats, Seed, percentile_interval
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.sampling import align
from ccnlp.evaluation.summary import Estimate
from ccnlp.metrics import macro_f1

GROUPS = {"umsab": "language", "crehate": "culture"}
"""By environment, the column whose values are the groups."""

Arms = dict[str, dict[str, object]]


def arms_of(group: str) -> Arms:
    """By name, what differs from `conf/base/parameters/training.yml`.

    Args:
        group: the column whose values are the groups.
    """
    objective_groups: dict[str, object] = {"objective.groups": [group]}
    evenly: dict[str, object] = {"mixture.groups": [group], "mixture.temperature": float("inf")}
    dro = {**objective_groups, "objective.name": "group_dro"}
    penalty = {**objective_groups, "objective.name": "fairness_penalty"}
    worst = {**objective_groups, "validation.select_by": "worst_group"}
    return {
        DEFAULT: {},
        f"{group}s at temperature 2": {**evenly, "mixture.temperature": 2.0},
        f"{group}s evenly": evenly,
        "group DRO": dro,
        "group DRO, step size 0.1": {**dro, "objective.group_dro.step_size": 0.1},
        "group DRO, adjustment 1": {**dro, "objective.group_dro.adjustment": 1.0},
        f"group DRO, {group}s evenly": {**dro, **evenly},
        "fairness penalty": penalty,
        "fairness penalty, weight 10": {**penalty, "objective.fairness_penalty.weight": 10.0},
        f"weights of the worst {group}": worst,
        f"group DRO, weights of the worst {group}": {**dro, **worst},
    }


def compare_objectives(environment: str) -> Comparison:
    """The comparison on the corpus of an environment."""
    group = GROUPS[environment]
    return Comparison(
        "objectives",
        arms_of(group),
        headings=[
            f"macro-F1 on {{split}}, {group}s' average",
            "difference to the default",
            f"worst {group}",
            "difference to the default's worst",
        ],
        judge=partial(judge, environment=environment),
        environment=environment,
    )


def judge(predictions: pd.DataFrame, arm: str, *, environment: str) -> list[str]:
    """The average over the groups and the worst one, each with its difference to the default."""
    parameters = EvaluationParameters.model_validate(load_parameters("evaluation"))
    names, arm_scores, default_scores = draw_groups(predictions, arm, environment, parameters)
    cells = []
    for reduce in (np.mean, np.min):
        score = reduce(arm_scores, axis=1)
        gain = score - reduce(default_scores, axis=1)
        name = f"{names[int(arm_scores[0].argmin())]} " if reduce is np.min else ""
        cells.append(f"{name}{_estimate(score, parameters)}")
        cells.append("–" if arm == DEFAULT else _estimate(gain, parameters).signed)
    return cells


def draw_groups(
    predictions: pd.DataFrame, arm: str, environment: str, parameters: EvaluationParameters
) -> tuple[list[str], Floats, Floats]:
    """The groups, and macro-F1 of the arm and of the default, as observed and in each resample.

    Texts are drawn with all their rows, of whichever groups and seeds, by the Bayesian bootstrap.
    Both scores have the shape (1 + draws, groups).
    """
    task, *others = predictions["task"].unique()
    if others:
        raise ValueError(f"only one task can be judged, but there are {[task, *others]}")
    outcomes, rows = align(predictions, labels=load_tasks(environment)[task].labels)
    num_rows, num_labels = len(outcomes.reference), len(outcomes.labels)
    codes, names = pd.factorize(rows[GROUPS[environment]][:num_rows], sort=True)
    generator = np.random.default_rng(Seed(parameters.seed, ("objectives",)).entropy)
    weights = generator.standard_exponential((1 + parameters.num_draws, outcomes.groups.max() + 1))
    weights[0] = 1.0  # as observed
    shape = (len(names), num_labels, num_labels)
    scores = []
    for system in (arm, DEFAULT):
        cells = (codes * num_labels + outcomes.reference) * num_labels
        cells = cells + outcomes.predictions[system]
        counts = [
            np.bincount(cells, text_weights[outcomes.groups], np.prod(shape))
            for text_weights in weights
        ]
        scores.append(macro_f1(np.reshape(counts, (-1, *shape))))
    return list(map(str, names)), scores[0], scores[1]


def _estimate(samples: Floats, parameters: EvaluationParameters) -> Estimate:
    low, high = percentile_interval(samples[1:, None], parameters.confidence)
    return Estimate(*(100 * float(value) for value in (samples[0], low[0], high[0])))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="objectives", add_help=False)
    parser.add_argument("--env", choices=GROUPS, default="umsab")
    chosen, rest = parser.parse_known_args()
    compare_objectives(chosen.env).main(__doc__, arguments=rest)
