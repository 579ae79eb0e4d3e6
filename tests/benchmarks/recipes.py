"""What each choice of training adds: trainings that differ in one thing, judged on validation.

Prints macro-F1 as the mean over the languages, and its difference to the default recipe with the
paired interval; see `arms` for what it reads and keeps.
"""

import pandas as pd
import pyarrow.compute as pc
from tests.benchmarks.arms import DEFAULT, Comparison, Features
from tests.benchmarks.corpus import load_parameters, load_tasks

from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.scores import lookup, score_predictions
from ccnlp.evaluation.slices import LANGUAGE_AVERAGE
from ccnlp.evaluation.summary import Estimate

WITHOUT_ROUND_TRIPS = "without round trips"
RECIPES: dict[str, dict[str, object]] = {
    DEFAULT: {},
    WITHOUT_ROUND_TRIPS: {},
    "averaged weights": {"regularisation.weight_average_decay": 0.99},
    "consistency": {"regularisation.consistency_weight": 1.0},
    "consistency, averaged weights": {
        "regularisation.consistency_weight": 1.0,
        "regularisation.weight_average_decay": 0.99,
    },
    "learning rate 2e-4": {"optimiser.learning_rate": 2e-4},
    "learning rate 5e-5": {"optimiser.learning_rate": 5e-5},
    "one learning rate for all layers": {"optimiser.layer_decay": 1.0},
    "layer decay 0.85": {"optimiser.layer_decay": 0.85},
    "label smoothing 0.1": {"regularisation.label_smoothing": 0.1},
    "first-token pooling": {"pooling": "first"},
    "batches of 64": {"batches.examples": 64, "batches.tokens": 8192},
    "five epochs": {"epochs": 5},
    "frozen embeddings": {"freeze.embeddings": True},
    "no dropout in the encoder": {"regularisation.encoder_dropout": 0.0},
}
"""By name, what differs from `conf/base/parameters/training.yml`."""


def features_of(recipe: str, features: Features) -> Features:
    """The features that a recipe trains on."""
    if recipe != WITHOUT_ROUND_TRIPS:
        return features
    return {
        task: table.filter(pc.equal(table["origin"], "native")) for task, table in features.items()
    }


def judge(predictions: pd.DataFrame, recipe: str) -> list[str]:
    """The mean over the languages, and its difference to the default."""
    parameters = EvaluationParameters.model_validate(load_parameters("evaluation"))
    scores = score_predictions(predictions, load_tasks(), parameters, baseline=DEFAULT)
    found = lookup(scores, split=predictions["split"].iloc[0])
    row = found[(found["system"] == recipe) & (found["group"] == LANGUAGE_AVERAGE)].iloc[0]
    score = Estimate(*(100 * row[["score", "low", "high"]]))
    gain = Estimate(*(100 * row[["difference", "difference_low", "difference_high"]]))
    return [str(score), "–" if recipe == DEFAULT else gain.signed]


COMPARISON = Comparison(
    "recipes",
    RECIPES,
    headings=["macro-F1 on {split}", "difference to the default"],
    judge=judge,
    features=features_of,
)

if __name__ == "__main__":
    COMPARISON.main(__doc__)
