"""Fine-tuning, from features to a trained model."""

import logging
import shutil
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from ccnlp import progress
from ccnlp.conditioning.base import Conditioning
from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.errors import CcnlpError
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.models.trained import TrainedModel
from ccnlp.tasks.base import Task
from ccnlp.training.assembly import build_trainer
from ccnlp.training.kept import KeptTasks
from ccnlp.training.languages import tokens_of
from ccnlp.training.material import Material
from ccnlp.training.parameters import TrainingParameters
from ccnlp.training.planning import plan_training, rows_to_draw
from ccnlp.training.preparation import choose_attention, prepare_network
from ccnlp.training.repetitions import report_repetitions, warn_of_long_rows
from ccnlp.training.run_folder import History, RunFolder, reported_metrics
from ccnlp.training.selection import steering_metrics, tell_tasks

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from ccnlp.models.network import MultiTaskNetwork

logger = logging.getLogger(__name__)

FULL_BELOW_MIB = 64
"""A checkpoint takes more, so that one can't be written."""


@dataclass(frozen=True)
class FineTuned:
    """A trained model and how it came to be.

    Attributes:
        model: with the best weights on validation.
        history: a row a logged step: `step`, `metric`, `value`.
    """

    model: TrainedModel
    history: pd.DataFrame


def fine_tune(
    features: Mapping[str, pa.Table],
    *,
    vocabulary: "npt.NDArray[np.int64]",
    encoder: EncoderCheckpoint,
    tasks: Mapping[str, Task],
    max_length_tokens: int,
    parameters: TrainingParameters,
    checkpoints: Path,
    culture: CultureParameters | None = None,
) -> FineTuned:
    """Trains the encoder with a head for each task on the train rows of `features`.

    Where `encoder` is a trained model, those of its tasks that `parameters.kept_tasks` names are in
    the new model, too, with the heads that they have; their rows are not trained on.

    A run that was killed goes on from its last checkpoint in `checkpoints`, if features, encoder,
    parameters, code and precision are the same, and ends with the same weights as one that was
    not: exactly on a processor, on a graphics card to the rounding of sums in any order, as of
    the backward pass of attention. One that was finished is not trained again. Two fresh runs are
    equal if `attention` names the implementation, or both measure the same one to be the faster.

    Args:
        features: by task, as `encode_examples` gives them.
        vocabulary: sorted token ids that occur, shape (ids,); where `parameters.languages` names
            some, those of their texts are taken.
        encoder: where training starts.
        tasks: by name.
        max_length_tokens: tokens that predictions cut a text to, as the features must have been.
        parameters: `parameters/training.yml`.
        checkpoints: a folder to write to; keeps the best weights of the last training.
        culture: `parameters/culture.yml`; the model is told nothing where it is not given.

    Raises:
        CorpusError: a task has no train or no validation rows.
        ConfigurationError: the tasks need different backbones, or they or the length of texts
            have changed since texts were tokenised, or more layers are to be trained than there
            are, or no culture is known to learn of, or there are no train rows of a language that
            is to be trained on, or a task can't be told of culture; or tasks that are to be kept
            can't be.
    """
    from transformers import set_seed

    kept_tasks = KeptTasks.of(
        encoder, parameters, max_length_tokens=max_length_tokens, culture=culture
    )
    material = Material.of(
        kept_tasks.without(features),
        tasks,
        parameters,
        culture,
        max_length_tokens=max_length_tokens,
    )
    if parameters.languages is not None:
        # What else occurs stays as it was pretrained, as tokens do that no text has.
        special_ids = encoder.load_tokenizer().all_special_ids
        vocabulary = tokens_of(material.features, special_ids=special_ids)
    folder = RunFolder.of(
        checkpoints,
        material.features,
        encoder=encoder,
        tasks=material.tasks,
        parameters=parameters,
        conditioning=material.conditioning,
    )
    folder.remove_damaged()
    set_seed(parameters.seed)
    network = prepare_network(
        encoder,
        material.tasks,
        vocabulary=vocabulary,
        parameters=parameters,
        conditioning=material.conditioning,
    )
    kept_tasks.tell(network)
    tokenizer = encoder.load_tokenizer()
    history = _load_finished(folder) or _train(network, material, tokenizer, parameters, folder)
    tokenizer, best_step = _load_best(network, material.conditioning, tokenizer, folder)
    tell_tasks(
        history, steering_metrics(material.tasks, parameters.validation), kept_step=best_step
    )
    network = kept_tasks.put_back(network, order=tasks)
    model = TrainedModel(
        network=network.eval(),
        tokenizer=tokenizer,
        tasks={**network.tasks, **_calibrate(network, material, tokenizer, parameters)},
        encoder=encoder,
        pooling=parameters.pooling,
        max_length_tokens=max_length_tokens,
        precision=parameters.precision,
        train_ids=np.union1d(material.ids, kept_tasks.train_ids),
        conditioning=material.conditioning,
    )
    return FineTuned(model, _tabulate(history))


def _load_finished(folder: RunFolder) -> History | None:
    """The log of a training that an earlier run has finished, or `None`."""
    history = folder.history()
    if history is not None:
        logger.info("training: finished by an earlier run, whose weights are taken")
        progress.report(progress.Fact("training_resumed_from", "a finished training"))
    return history


def _train(
    network: "MultiTaskNetwork",
    material: Material,
    tokenizer: "PreTrainedTokenizerBase",
    parameters: TrainingParameters,
    folder: RunFolder,
) -> History:
    """Trains to the end of the plan, or until validation gains no more; the log of it."""
    task_rows = rows_to_draw(material.features, material.rows, parameters)
    plan = plan_training(task_rows, parameters)
    report_repetitions(plan, task_rows)
    warn_of_long_rows(task_rows)
    attention = choose_attention(network, tokenizer, parameters, material.features, folder)
    network.backbone.set_attn_implementation(attention)
    trainer = build_trainer(
        network,
        plan,
        features=material.features,
        tokenizer=tokenizer,
        parameters=parameters,
        folder=folder.path,
        culture_dropout=material.culture_dropout,
    )
    last_checkpoint = folder.last_checkpoint()
    if last_checkpoint:
        logger.info("training goes on from %s", last_checkpoint.name)
        progress.report(progress.Fact("training_resumed_from", last_checkpoint.name))
    try:
        trainer.train(resume_from_checkpoint=str(last_checkpoint) if last_checkpoint else None)
    except (OSError, RuntimeError) as error:  # torch hides the system's error in one of its own
        check_disk(folder.path, error)
        raise
    folder.finish(trainer.state.log_history)
    return list(trainer.state.log_history)


def _load_best(
    network: "MultiTaskNetwork",
    conditioning: Conditioning | None,
    tokenizer: "PreTrainedTokenizerBase",
    folder: RunFolder,
) -> "tuple[PreTrainedTokenizerBase, int]":
    """Gives the network its best weights and whole vocabulary; its tokenizer, and their step."""
    from ccnlp.models.vocabulary import restore_embeddings
    from ccnlp.training.callbacks import load_best

    score, step = load_best(network, folder.path)
    logger.info("training: best validation score %.3f at step %d", score, step)
    restore_embeddings(network.backbone)
    if conditioning and network.conditioning:
        tokenizer = deepcopy(tokenizer)  # it may be given tokens, and others hold the same one
        conditioning.finish(network.conditioning, network.backbone, tokenizer)
    return tokenizer, step


def _calibrate(
    network: "MultiTaskNetwork",
    material: Material,
    tokenizer: "PreTrainedTokenizerBase",
    parameters: TrainingParameters,
) -> dict[str, Task]:
    """The tasks that were trained; kept ones have chosen before."""
    from ccnlp.training.calibration import calibrate

    return calibrate(
        network,
        material.tasks,
        material.features,
        tokenizer=tokenizer,
        precision=parameters.precision,
    )


def check_disk(folder: Path, error: Exception) -> None:
    """Says so where an error comes of a full disk.

    Raises:
        CcnlpError: the disk of the folder is full.
    """
    free_mib = shutil.disk_usage(folder).free // (1 << 20)
    if free_mib < FULL_BELOW_MIB:
        raise CcnlpError(
            f"the disk of {folder} is full ({free_mib} MiB free); make room and run again, and "
            "training goes on from its last checkpoint"
        ) from error


def _tabulate(history: History) -> pd.DataFrame:
    rows = [
        {"step": int(entry["step"]), "metric": name, "value": value}
        for entry in history
        for name, value in reported_metrics(entry).items()
    ]
    table = pd.DataFrame(rows, columns=["step", "metric", "value"])
    return table.sort_values(["step", "metric"], ignore_index=True)
