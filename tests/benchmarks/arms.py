"""Trainings that differ in something, each an arm, judged on the same rows.

Reads the features that `kedro run --env umsab --pipelines ingestion,augmentation,tokenisation` left
below `data`, or those of another environment. Predictions and checkpoints are kept: what was
trained by the same code is not trained again, and what was broken off goes on.
"""

import argparse
import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from tests.benchmarks.corpus import load_parameters, load_tasks

from ccnlp.datasets.arrow_tables_dataset import ArrowTablesDataset
from ccnlp.datasets.encoder_checkpoint_dataset import EncoderCheckpointDataset
from ccnlp.datasets.table_folder_dataset import TableFolderDataset
from ccnlp.evaluation.predictions import predict_with, predict_with_finetuned
from ccnlp.models.trained import TrainedModel
from ccnlp.tokenisation.parameters import TokenisationParameters
from ccnlp.training.fingerprint import fingerprint_code
from ccnlp.training.parameters import TrainingParameters

DEFAULT = "default"

Features = dict[str, pa.Table]
Judge = Callable[[pd.DataFrame, str], Sequence[str]]
"""Predictions of an arm and of the default on all seeds of both, and the arm: cells of its row."""


def _as_they_are(arm: str, features: Features) -> Features:
    return features


@dataclass(frozen=True)
class Comparison:
    """What is compared, and how it is judged.

    Attributes:
        name: of the folders that keep predictions and checkpoints.
        arms: by name, what differs from `conf/base/parameters/training.yml`; one is the default.
        headings: of the columns that `judge` fills.
        judge: gives the cells of an arm.
        environment: whose tasks are trained.
        common: what differs from the file in every arm.
        features: gives an arm's features of all features.
    """

    name: str
    arms: Mapping[str, Mapping[str, object]]
    headings: Sequence[str]
    judge: Judge
    features: Callable[[str, Features], Features] = _as_they_are
    environment: str = "umsab"
    common: Mapping[str, object] = field(default_factory=dict)

    def main(self, description: str | None, *, arguments: Sequence[str] | None = None) -> None:
        """Trains what is missing, and prints the table of all that is there."""
        parser = argparse.ArgumentParser(prog=self.name, description=description)
        parser.add_argument("--only", nargs="*", choices=self.arms, default=list(self.arms))
        parser.add_argument("--seeds", type=int, default=1, help="trainings of each arm")
        parser.add_argument("--data", type=Path, default=Path("data"))
        parser.add_argument("--split", choices=["validation", "test"], default="validation")
        parser.add_argument("--epochs", type=int, help="of every arm; the default's if not given")
        chosen = parser.parse_args(arguments)
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
        common = {"epochs": chosen.epochs} if chosen.epochs is not None else {}
        comparison = replace(self, common={**self.common, **common})
        comparison.run(chosen.only, seeds=chosen.seeds, data=chosen.data, split=chosen.split)

    def run(self, arms: Sequence[str], *, seeds: int, data: Path, split: str) -> None:
        """Trains what is missing of some arms, and prints the table after each."""
        folder = data / "07_model_output" / self.name
        folder.mkdir(parents=True, exist_ok=True)
        for seed in range(seeds):
            for arm in arms:
                path = folder / self.file_name(arm, seed)
                if not path.exists():
                    self.train(arm, seed, data).to_parquet(path)
                print(self.table(folder, split=split), flush=True)  # noqa: T201

    def train(self, arm: str, seed: int, data: Path) -> pd.DataFrame:
        """The predictions of a model that was trained as an arm, in the form of `predictions`."""
        from ccnlp.training.fine_tuning import fine_tune

        features = ArrowTablesDataset(filepath=str(data / "05_model_input/features")).load()
        tasks = load_tasks(self.environment)
        tokenisation = TokenisationParameters.model_validate(
            load_parameters("tokenisation", environment=self.environment)
        )
        vocabulary = pd.read_parquet(data / "05_model_input/vocabulary.parquet")
        checkpoints = data / "06_models" / f"{self.name}_checkpoints" / arm
        checkpoints.mkdir(parents=True, exist_ok=True)
        model: TrainedModel = fine_tune(
            self.features(arm, features),
            vocabulary=vocabulary["token_id"].to_numpy(),
            encoder=EncoderCheckpointDataset(filepath=str(data / "06_models/encoder.json")).load(),
            tasks=tasks,
            max_length_tokens=tokenisation.max_length_tokens,
            parameters=self.parameters(arm, seed),
            checkpoints=checkpoints,
        ).model
        examples = TableFolderDataset(filepath=str(data / "03_primary/examples")).load()

        def predict(train_rows: pd.DataFrame, rows: pd.DataFrame, task: Any) -> pd.DataFrame | None:
            return predict_with_finetuned(
                train_rows, rows, task, model=model, culture=None, tokens_per_batch=8192
            )

        predicted = predict_with(arm, predict, examples=examples, tasks=tasks)
        # Seeds of one row are drawn together: they tell no more of the language than one does.
        return predicted.assign(
            group_id=predicted["group_id"].fillna(predicted["example_id"]),
            example_id=predicted["example_id"] + f"/{seed}",
        )

    def parameters(self, arm: str, seed: int) -> TrainingParameters:
        """The default parameters of training with the arm's differences."""
        parameters: dict[str, Any] = {**load_parameters("training"), "seed": seed}
        for key, value in {**self.common, **self.arms[arm]}.items():
            *groups, last = key.split(".")
            section = parameters
            for group in groups:
                section = section[group]
            section[last] = value
        return TrainingParameters.model_validate(parameters)

    def file_name(self, arm: str, seed: int | str) -> str:
        """Of the predictions; other code or other parameters have another."""
        trained_by = f"{fingerprint_code()} {self.environment} {self.parameters(arm, 0)!r}"
        return f"{arm}.{seed}.{hashlib.sha256(trained_by.encode()).hexdigest()[:12]}.parquet"

    def table(self, folder: Path, *, split: str) -> str:
        """Each arm beside the default, on the seeds of both, as Markdown."""
        by_arm: dict[str, dict[str, Path]] = {}
        for path in sorted(folder.glob("*.parquet")):
            arm, seed, *_ = path.name.rsplit(".", maxsplit=3)
            if arm in self.arms and path.name == self.file_name(arm, seed):
                by_arm.setdefault(arm, {})[seed] = path
        headings = [heading.format(split=split) for heading in self.headings]
        lines = [
            _line(["arm", "seeds", *headings]),
            _line(["---", *["---:"] * (1 + len(headings))]),
        ]
        for arm in [arm for arm in self.arms if arm in by_arm and DEFAULT in by_arm]:
            seeds = sorted(by_arm[arm].keys() & by_arm[DEFAULT].keys())
            if seeds:
                paths = [by_arm[name][seed] for name in {arm, DEFAULT} for seed in seeds]
                predictions = pd.concat(map(pd.read_parquet, paths), ignore_index=True)
                split_predictions = predictions[predictions["split"] == split]
                lines.append(_line([arm, str(len(seeds)), *self.judge(split_predictions, arm)]))
        return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
