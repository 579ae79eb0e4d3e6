"""The arms of a study: trainings that differ in one thing, each with several seeds.

An arm is what its models learn from and how. In all arms a task has equally many batches, so that
more rows are not more training, and all predict the same held-out rows.
"""

import logging
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow as pa

from ccnlp.conditioning.base import num_added_tokens
from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.evaluation.predictions import EXAMPLE_COLUMNS, predict_with, predict_with_finetuned
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.models.prediction import TOKENS_PER_BATCH
from ccnlp.models.trained import TrainedModel
from ccnlp.retrieval.mining import mine_negatives, put_first
from ccnlp.tasks.base import Task
from ccnlp.tokenisation.encoding import count_tokens, encode_examples
from ccnlp.training.fine_tuning import fine_tune
from ccnlp.training.parameters import TrainingParameters
from ccnlp.training.planning import count_batches

logger = logging.getLogger(__name__)

SEED = "seed"
"""The column of an arm's predictions that says which training made them."""


@dataclass(frozen=True)
class Recipe:
    """What a model learns from, and how.

    Attributes:
        examples: all splits, as the model sees them; those of validation and test have the ids of
            the other arms' ones.
        training: all but the seed and the steps, which the study sets.
        culture: how the model is told of culture; `None` tells it nothing.
    """

    examples: pd.DataFrame
    training: TrainingParameters
    culture: CultureParameters | None = None


@dataclass(frozen=True)
class Arm:
    """What differs between the trainings of a study.

    Attributes:
        name: as it stands in tables.
        models: by name, the recipe of each model that the arm is made of, which have no task in
            common: one for all tasks, or several that share them.
    """

    name: str
    models: Mapping[str, Recipe]

    @classmethod
    def of(
        cls,
        name: str,
        examples: pd.DataFrame,
        training: TrainingParameters,
        culture: CultureParameters | None = None,
    ) -> "Arm":
        """The arm of one model."""
        return cls(name, {"": Recipe(examples, training, culture)})

    @property
    def examples(self) -> pd.DataFrame:
        """Those of all its models."""
        tables = [recipe.examples for recipe in self.models.values()]
        return tables[0] if len(tables) == 1 else pd.concat(tables, ignore_index=True)


@dataclass(frozen=True)
class Laboratory:
    """What all arms share.

    Attributes:
        encoder: where training starts.
        tasks: by name.
        max_length_tokens: tokens a text is cut to.
        checkpoints: a folder to write to; finished trainings are kept there, and are not repeated.
    """

    encoder: EncoderCheckpoint
    tasks: Mapping[str, Task]
    max_length_tokens: int
    checkpoints: Path


@dataclass(frozen=True)
class Budget:
    """By task, the batches that each training which has the task takes of it."""

    batches: Mapping[str, int]

    @classmethod
    def of(
        cls, features: Mapping[str, pa.Table], training: TrainingParameters, steps: int | None
    ) -> "Budget":
        """What a training on the features takes in so many steps; in its epochs where `None`."""
        if steps is not None:
            training = training.model_copy(update={"steps": steps})
        return cls(count_batches(features, training))

    def steps(self, tasks: Collection[str], training: TrainingParameters) -> int:
        """The steps of a training on these tasks."""
        batches = sum(self.batches[task] for task in tasks)
        return max(1, math.ceil(batches / training.batches_per_step(len(tasks))))


def run_arms(
    arms: Sequence[Arm], laboratory: Laboratory, *, seeds: Sequence[int], steps: int | None
) -> pd.DataFrame:
    """The predictions of all trainings on validation and test rows.

    The columns are those of `predictions`, with the arm's name as `system`, and `seed`; what is
    known of a row, such as its culture, is what the first arm's examples say. A study that was
    killed goes on where it was: what the same code had trained is not trained again.

    Args:
        arms: the first one, of one model, is what says how many batches a task has in all.
        laboratory: what they share.
        seeds: each model is trained once with each.
        steps: of the first arm's training; `None` takes what its epochs need.

    Raises:
        CorpusError: a task has no train or no validation rows.
    """
    predictions = []
    budget = None
    for number, arm in enumerate(arms, start=1):
        trainings = _counted(len(arm.models) * len(seeds), "training")
        logger.info("arm %d of %d: %s, %s", number, len(arms), arm.name, trainings)
        for name, recipe in arm.models.items():
            features = _encode(recipe, laboratory)
            budget = budget or Budget.of(features, recipe.training, steps)
            num_steps = budget.steps(features, recipe.training)
            parameters = _for_all_steps(recipe.training, num_steps)
            of_model = f" of {name}" if name else ""
            logger.info("each training%s takes %s", of_model, _counted(num_steps, "step"))
            folder = laboratory.checkpoints / arm.name.replace(" ", "_") / name.replace(" ", "_")
            for seed in seeds:
                seed_parameters = parameters.model_copy(update={"seed": seed})
                model = _train(recipe, features, laboratory, seed_parameters, folder / str(seed))
                predictions.append(_predict(arm.name, recipe, model).assign(**{SEED: seed}))
    return _with_known_columns(pd.concat(predictions, ignore_index=True), arms[0].examples)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _for_all_steps(training: TrainingParameters, steps: int) -> TrainingParameters:
    """So many steps of all tasks: the best weights are kept, and no arm stops early."""
    validation = training.validation.model_copy(update={"patience": steps})
    update = {"steps": steps, "validation": validation, "kept_tasks": ()}
    return training.model_copy(update=update)


def _with_known_columns(predictions: pd.DataFrame, examples: pd.DataFrame) -> pd.DataFrame:
    """The predictions with the rows' own columns: an arm may have been told other ones."""
    row_columns = examples.set_index("id").loc[predictions["example_id"], EXAMPLE_COLUMNS]
    return predictions.assign(
        **{column: row_columns[column].to_numpy() for column in EXAMPLE_COLUMNS}
    )


def _encode(recipe: Recipe, laboratory: Laboratory) -> dict[str, pa.Table]:
    negatives = mine_negatives(
        recipe.examples,
        laboratory.tasks,
        laboratory.encoder,
        max_length_tokens=laboratory.max_length_tokens,
    )
    return encode_examples(
        put_first(recipe.examples, negatives),
        laboratory.tasks,
        laboratory.encoder.load_tokenizer(),
        max_length_tokens=laboratory.max_length_tokens,
        num_added_tokens=num_added_tokens(recipe.culture) if recipe.culture else 0,
    )


def _train(
    recipe: Recipe,
    features: Mapping[str, pa.Table],
    laboratory: Laboratory,
    parameters: TrainingParameters,
    folder: Path,
) -> TrainedModel:
    special_ids = laboratory.encoder.load_tokenizer().all_special_ids
    vocabulary = count_tokens(features, special_ids=special_ids)
    folder.mkdir(parents=True, exist_ok=True)
    return fine_tune(
        features,
        vocabulary=vocabulary["token_id"].to_numpy(),
        encoder=laboratory.encoder,
        tasks=laboratory.tasks,
        max_length_tokens=laboratory.max_length_tokens,
        parameters=parameters,
        checkpoints=folder,
        culture=recipe.culture,
    ).model


def _predict(system: str, recipe: Recipe, model: TrainedModel) -> pd.DataFrame:
    predict = partial(
        predict_with_finetuned,
        model=model,
        culture=recipe.culture,
        tokens_per_batch=TOKENS_PER_BATCH,
    )
    return predict_with(system, predict, examples=recipe.examples, tasks=model.tasks)
