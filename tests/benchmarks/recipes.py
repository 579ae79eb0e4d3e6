"""What each choice of training adds: trainings that differ in one thing, judged on validation.

Reads the features that `kedro run --env umsab --pipelines ingestion,augmentation,tokenisation` left
below `data`, and prints macro-F1 on validation as the mean over the languages, and its difference
to the default recipe with the paired interval. Predictions and checkpoints are kept: what was
trained by the same code is not trained again, and what was broken off goes on.
"""

import argparse
import hashlib
import logging
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from tests.benchmarks.corpus import load_parameters, load_tasks

from ccnlp.datasets.arrow_tables_dataset import ArrowTablesDataset
from ccnlp.datasets.encoder_checkpoint_dataset import EncoderCheckpointDataset
from ccnlp.datasets.table_folder_dataset import TableFolderDataset
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.predictions import predict_with, predict_with_finetuned
from ccnlp.evaluation.scores import LANGUAGE_AVERAGE, lookup, score_predictions
from ccnlp.evaluation.summary import Estimate
from ccnlp.models.trained import TrainedModel
from ccnlp.training.fingerprint import fingerprint_code
from ccnlp.training.parameters import TrainingParameters

DEFAULT = "default"
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


def main() -> None:
    """Trains what is missing, and prints the table of all that is there."""
    parser = argparse.ArgumentParser(prog="recipes", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=RECIPES, default=list(RECIPES))
    parser.add_argument("--seeds", type=int, default=1, help="trainings with each recipe")
    parser.add_argument("--data", type=Path, default=Path("data"))
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    kept = arguments.data / "07_model_output" / "recipes"
    kept.mkdir(parents=True, exist_ok=True)
    for seed in range(arguments.seeds):
        for name in arguments.only:
            path = kept / file_name(name, seed)
            if not path.exists():
                train(name, seed, arguments.data).to_parquet(path)
            print(table(kept), flush=True)  # noqa: T201


def train(name: str, seed: int, data: Path) -> pd.DataFrame:
    """The predictions of a model that was trained by a recipe, in the form of `predictions`."""
    from ccnlp.training.fine_tuning import fine_tune

    features = ArrowTablesDataset(filepath=str(data / "05_model_input/features")).load()
    if name == WITHOUT_ROUND_TRIPS:
        features = {task: _native(table) for task, table in features.items()}
    tasks = load_tasks()
    vocabulary = pd.read_parquet(data / "05_model_input/vocabulary.parquet")
    checkpoints = data / "06_models" / "recipe_checkpoints" / name
    checkpoints.mkdir(parents=True, exist_ok=True)
    model: TrainedModel = fine_tune(
        features,
        vocabulary=vocabulary["token_id"].to_numpy(),
        encoder=EncoderCheckpointDataset(filepath=str(data / "06_models/encoder.json")).load(),
        tasks=tasks,
        max_length_tokens=128,
        parameters=recipe(name, seed),
        checkpoints=checkpoints,
    ).model
    examples = TableFolderDataset(filepath=str(data / "03_primary/examples")).load()

    def predict(train_rows: pd.DataFrame, rows: pd.DataFrame, task: Any) -> pd.DataFrame | None:
        return predict_with_finetuned(train_rows, rows, task, model=model, tokens_per_batch=8192)

    predicted = predict_with(name, predict, examples=examples, tasks=tasks)
    # Seeds of one row are drawn together: they tell no more of the language than one does.
    return predicted.assign(
        group_id=predicted["example_id"], example_id=predicted["example_id"] + f"/{seed}"
    )


def _native(table: pa.Table) -> pa.Table:
    return table.filter(pc.equal(table["origin"], "native"))


def recipe(name: str, seed: int) -> TrainingParameters:
    """The default parameters of training with the recipe's differences."""
    parameters: dict[str, Any] = {**load_parameters("training"), "seed": seed}
    for key, value in RECIPES[name].items():
        *groups, last = key.split(".")
        place = parameters
        for group in groups:
            place = place[group]
        place[last] = value
    return TrainingParameters.model_validate(parameters)


def file_name(name: str, seed: int | str) -> str:
    """Of the predictions; other code or other parameters have another."""
    trained_by = f"{fingerprint_code()} {recipe(name, 0).model_dump_json()}"
    return f"{name}.{seed}.{hashlib.sha256(trained_by.encode()).hexdigest()[:12]}.parquet"


def table(kept: Path) -> str:
    """Each recipe beside the default, on the seeds of both, as Markdown."""
    by_recipe: dict[str, dict[str, Path]] = {}
    for path in sorted(kept.glob("*.parquet")):
        name, seed, *_ = path.name.rsplit(".", maxsplit=3)
        if name in RECIPES and path.name == file_name(name, seed):
            by_recipe.setdefault(name, {})[seed] = path
    lines = ["| recipe | seeds | macro-F1 on validation | difference to the default |"]
    lines.append("| --- | ---: | ---: | ---: |")
    for name in [name for name in RECIPES if name in by_recipe and DEFAULT in by_recipe]:
        seeds = sorted(by_recipe[name].keys() & by_recipe[DEFAULT].keys())
        if seeds:
            lines.append(_row(name, [by_recipe[n][s] for n in {name, DEFAULT} for s in seeds]))
    return "\n".join(lines)


def _row(name: str, paths: list[Path]) -> str:
    predictions = pd.concat(map(pd.read_parquet, paths), ignore_index=True)
    predictions = predictions[predictions["split"] == "validation"]
    parameters = EvaluationParameters.model_validate(load_parameters("evaluation"))
    scores = score_predictions(predictions, load_tasks(), parameters, baseline=DEFAULT)
    own = lookup(scores, split="validation")
    own = own[(own["system"] == name) & (own["group"] == LANGUAGE_AVERAGE)].iloc[0]
    score = Estimate(*(100 * own[["score", "low", "high"]]))
    gain = Estimate(*(100 * own[["difference", "difference_low", "difference_high"]]))
    num_seeds = len(paths) // len(predictions["system"].unique())
    return f"| {name} | {num_seeds} | {score} | {'–' if name == DEFAULT else gain.signed} |"


if __name__ == "__main__":
    main()
