"""Fine-tuning, from features to a trained model."""

import logging
import math
import shutil
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ccnlp import progress
from ccnlp.conditioning.base import Conditioning, num_added_tokens
from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.errors import CcnlpError
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.models.trained import TrainedModel, ids_as_numbers
from ccnlp.tasks.base import Task
from ccnlp.tokenisation.notes import check_encoded_for
from ccnlp.training.batches import PlannedBatch, TaskRows, plan_epochs
from ccnlp.training.conditions import (
    check_can_be_conditioned,
    fit_conditioning,
    with_conditions,
)
from ccnlp.training.groups import Rows, group_names
from ccnlp.training.languages import of_languages, tokens_of
from ccnlp.training.parameters import TrainingParameters
from ccnlp.training.preparation import (
    build_trainer,
    choose_attention,
    prepare_network,
    rows_and_partners,
)
from ccnlp.training.repetitions import report_repetitions
from ccnlp.training.run_folder import History, RunFolder, reported_metrics

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


@dataclass(frozen=True)
class _Material:
    """What a training learns from.

    Attributes:
        features: by task, with the condition of each row where the model is told of culture.
        rows: by task, positions of those that are trained on.
        tasks: those that have features, by name.
        conditioning: fitted on the rows; `None` where the model is told nothing.
    """

    features: Mapping[str, pa.Table]
    rows: Mapping[str, Rows]
    tasks: Mapping[str, Task]
    conditioning: Conditioning | None

    @classmethod
    def of(
        cls,
        features: Mapping[str, pa.Table],
        tasks: Mapping[str, Task],
        parameters: TrainingParameters,
        culture: CultureParameters | None,
        *,
        max_length_tokens: int,
    ) -> "_Material":
        """That of features which were encoded for these tasks; see `fine_tune`."""
        added = num_added_tokens(culture) if culture else 0
        if culture:
            check_can_be_conditioned(culture, {name: tasks[name] for name in features})
        check_encoded_for(
            features, tasks, max_length_tokens=max_length_tokens, num_added_tokens=added
        )
        rows, _ = rows_and_partners(features, parameters)
        conditioning = fit_conditioning(culture, features, rows) if culture else None
        return cls(
            features=with_conditions(features, conditioning),
            rows=rows,
            tasks={name: tasks[name] for name in features},
            conditioning=conditioning,
        )

    @property
    def culture_dropout(self) -> float:
        """The share of training texts of which nothing is told, 0..1."""
        return self.conditioning.parameters.dropout if self.conditioning else 0.0

    @property
    def ids(self) -> "np.ndarray[Any, np.dtype[np.uint64]]":
        """Of the rows that are trained on, sorted."""
        tables = self.features.items()
        ids = [table["id"].take(self.rows[name]).to_pylist() for name, table in tables]
        return np.unique(ids_as_numbers(key for own in ids for key in own))


def fine_tune(
    features: Mapping[str, pa.Table],
    *,
    vocabulary: "np.ndarray[Any, np.dtype[np.int64]]",
    encoder: EncoderCheckpoint,
    tasks: Mapping[str, Task],
    max_length_tokens: int,
    parameters: TrainingParameters,
    checkpoints: Path,
    culture: CultureParameters | None = None,
) -> FineTuned:
    """Trains the encoder with a head for each task on the train rows of `features`.

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
            is to be trained on, or a task can't be told of culture.
    """
    from transformers import set_seed

    if parameters.languages is not None:
        features = of_languages(features, parameters.languages)
        # What else occurs stays as it was pretrained, as tokens do that no text has.
        special_ids = encoder.load_tokenizer().all_special_ids
        vocabulary = tokens_of(features, special_ids=special_ids)
    material = _Material.of(
        features, tasks, parameters, culture, max_length_tokens=max_length_tokens
    )
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
    tokenizer = encoder.load_tokenizer()
    history = _finished(folder) or _train(network, material, tokenizer, parameters, folder)
    tokenizer = _finish(network, material.conditioning, tokenizer, folder)
    model = TrainedModel(
        network=network.eval(),
        tokenizer=tokenizer,
        tasks=_calibrated(network, material, tokenizer, parameters),
        encoder=encoder,
        pooling=parameters.pooling,
        max_length_tokens=max_length_tokens,
        precision=parameters.precision,
        train_ids=material.ids,
        conditioning=material.conditioning,
    )
    return FineTuned(model, _as_table(history))


def _finished(folder: RunFolder) -> History | None:
    """The log of a training that an earlier run has finished, or `None`."""
    history = folder.history()
    if history is not None:
        logger.info("training: finished by an earlier run, whose weights are taken")
        progress.report(progress.Fact("training_resumed_from", "a finished training"))
    return history


def _train(
    network: "MultiTaskNetwork",
    material: _Material,
    tokenizer: "PreTrainedTokenizerBase",
    parameters: TrainingParameters,
    folder: RunFolder,
) -> History:
    """Trains to the end of the plan, or until validation gains no more; the log of it."""
    drawn_from = _drawn_from(material.features, material.rows, parameters)
    plan = _plan(drawn_from, parameters)
    report_repetitions(plan, drawn_from)
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
    last = folder.last_checkpoint()
    if last:
        logger.info("training goes on from %s", last.name)
        progress.report(progress.Fact("training_resumed_from", last.name))
    try:
        trainer.train(resume_from_checkpoint=str(last) if last else None)
    except (OSError, RuntimeError) as error:  # torch hides the system's error in one of its own
        check_disk(folder.path, error)
        raise
    folder.finish(trainer.state.log_history)
    return list(trainer.state.log_history)


def _finish(
    network: "MultiTaskNetwork",
    conditioning: Conditioning | None,
    tokenizer: "PreTrainedTokenizerBase",
    folder: RunFolder,
) -> "PreTrainedTokenizerBase":
    """Gives the network its best weights and its whole vocabulary; the model's tokenizer."""
    from ccnlp.models.vocabulary import restore_embeddings
    from ccnlp.training.callbacks import load_best

    score, step = load_best(network, folder.path)
    logger.info("training: best validation score %.3f at step %d", score, step)
    restore_embeddings(network.backbone)
    if conditioning and network.conditioning:
        tokenizer = deepcopy(tokenizer)  # it may be given tokens, and others hold the same one
        conditioning.finish(network.conditioning, network.backbone, tokenizer)
    return tokenizer


def _calibrated(
    network: "MultiTaskNetwork",
    material: _Material,
    tokenizer: "PreTrainedTokenizerBase",
    parameters: TrainingParameters,
) -> dict[str, Task]:
    from ccnlp.training.calibration import calibrate

    return calibrate(
        network,
        material.tasks,
        material.features,
        tokenizer=tokenizer,
        precision=parameters.precision,
    )


def count_steps(features: Mapping[str, pa.Table], parameters: TrainingParameters) -> int:
    """The steps of the optimiser that a training on the features takes, if it does not stop early.

    Raises:
        CorpusError: a task has no train rows.
        ConfigurationError: there are none of the languages that are trained on.
    """
    features = of_languages(features, parameters.languages)
    rows, _ = rows_and_partners(features, parameters)
    plan = _plan(_drawn_from(features, rows, parameters), parameters)
    return math.ceil(sum(map(len, plan)) / parameters.batches.accumulation_steps)


def _drawn_from(
    features: Mapping[str, pa.Table], rows: Mapping[str, Rows], parameters: TrainingParameters
) -> dict[str, TaskRows]:
    columns = parameters.mixture.groups
    return {name: _task_rows(features[name], rows[name], columns) for name in rows}


def _plan(
    drawn_from: Mapping[str, TaskRows], parameters: TrainingParameters
) -> list[list[PlannedBatch]]:
    return plan_epochs(
        drawn_from,
        num_epochs=parameters.epochs,
        num_batches=parameters.num_batches,
        mixture=parameters.mixture,
        batches=parameters.batches,
        seed=parameters.seed,
    )


def _task_rows(table: pa.Table, rows: Rows, columns: Sequence[str]) -> TaskRows:
    groups = group_names(table, columns, parameter="training.mixture.groups")
    return TaskRows(
        rows=rows,
        lengths=table["num_tokens"].to_numpy().astype(np.int64)[rows],
        groups=groups[rows],
        weights=table["weight"].to_numpy().astype(np.float64)[rows],
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


def _as_table(log: History) -> pd.DataFrame:
    rows = [
        {"step": int(entry["step"]), "metric": name, "value": value}
        for entry in log
        for name, value in reported_metrics(entry).items()
    ]
    table = pd.DataFrame(rows, columns=["step", "metric", "value"])
    return table.sort_values(["step", "metric"], ignore_index=True)
