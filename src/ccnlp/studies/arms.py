"""The arms of a study: trainings that differ in one thing, each with several seeds.

An arm is what a training reads and how it trains. All arms take equally many steps, so that more
rows are not more training, and all predict the same held-out rows.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow as pa

from ccnlp.conditioning.base import num_added_tokens
from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.evaluation.predictions import KEPT, predict_with, predict_with_finetuned
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.models.prediction import TOKENS_PER_BATCH
from ccnlp.models.trained import TrainedModel
from ccnlp.tasks.base import Task
from ccnlp.tokenisation.encoding import count_tokens, encode_examples
from ccnlp.training.fine_tuning import count_steps, fine_tune
from ccnlp.training.parameters import TrainingParameters

logger = logging.getLogger(__name__)

SEED = "seed"
"""The column of an arm's predictions that says which training made them."""


@dataclass(frozen=True)
class Arm:
    """What differs between the trainings of a study.

    Attributes:
        name: as it stands in tables.
        examples: all splits, as this arm sees them; those of validation and test have the ids of
            the other arms' ones.
        training: all but the seed and the steps, which the study sets.
        culture: how the model is told of culture; `None` tells it nothing.
    """

    name: str
    examples: pd.DataFrame
    training: TrainingParameters
    culture: CultureParameters | None = None


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


def run_arms(
    arms: Sequence[Arm], laboratory: Laboratory, *, seeds: Sequence[int], steps: int | None
) -> pd.DataFrame:
    """The predictions of all trainings on validation and test rows.

    The columns are those of `predictions`, with the arm's name as `system`, and `seed`; what is
    known of a row, such as its culture, is what the first arm's examples say. A study that was
    killed goes on where it was: what the same code had trained is not trained again.

    Args:
        arms: the first one is what the others are compared with.
        laboratory: what they share.
        seeds: each arm is trained once with each.
        steps: of every training; `None` takes what the epochs of the first arm need.

    Raises:
        CorpusError: a task has no train or no validation rows.
    """
    predicted = []
    for number, arm in enumerate(arms, start=1):
        logger.info("arm %d of %d: %s, %d trainings", number, len(arms), arm.name, len(seeds))
        features = _encode(arm, laboratory)
        if steps is None:
            steps = count_steps(features, arm.training)
            logger.info("each training takes %s steps", f"{steps:,}")
        parameters = _for_all_steps(arm.training, steps)
        for seed in seeds:
            model = _train(arm, features, laboratory, parameters.model_copy(update={"seed": seed}))
            predicted.append(_predict(arm, model).assign(**{SEED: seed}))
    return _as_known(pd.concat(predicted, ignore_index=True), arms[0].examples)


def _for_all_steps(training: TrainingParameters, steps: int) -> TrainingParameters:
    """So many steps, however validation goes: the best weights are kept, and no arm stops early."""
    validation = training.validation.model_copy(update={"patience": steps})
    return training.model_copy(update={"steps": steps, "validation": validation})


def _as_known(predicted: pd.DataFrame, examples: pd.DataFrame) -> pd.DataFrame:
    """The predictions with the rows' own columns: an arm may have been told other ones."""
    known = examples.set_index("id").loc[predicted["example_id"], KEPT]
    return predicted.assign(**{column: known[column].to_numpy() for column in KEPT})


def _encode(arm: Arm, laboratory: Laboratory) -> dict[str, pa.Table]:
    return encode_examples(
        arm.examples,
        laboratory.tasks,
        laboratory.encoder.load_tokenizer(),
        max_length_tokens=laboratory.max_length_tokens,
        num_added_tokens=num_added_tokens(arm.culture) if arm.culture else 0,
    )


def _train(
    arm: Arm,
    features: Mapping[str, pa.Table],
    laboratory: Laboratory,
    parameters: TrainingParameters,
) -> TrainedModel:
    special_ids = laboratory.encoder.load_tokenizer().all_special_ids
    vocabulary = count_tokens(features, special_ids=special_ids)
    folder = laboratory.checkpoints / arm.name.replace(" ", "_") / str(parameters.seed)
    folder.mkdir(parents=True, exist_ok=True)
    return fine_tune(
        features,
        vocabulary=vocabulary["token_id"].to_numpy(),
        encoder=laboratory.encoder,
        tasks=laboratory.tasks,
        max_length_tokens=laboratory.max_length_tokens,
        parameters=parameters,
        checkpoints=folder,
        culture=arm.culture,
    ).model


def _predict(arm: Arm, model: TrainedModel) -> pd.DataFrame:
    predict = partial(
        predict_with_finetuned,
        model=model,
        culture=arm.culture,
        tokens_per_batch=TOKENS_PER_BATCH,
    )
    return predict_with(arm.name, predict, examples=arm.examples, tasks=model.tasks)
