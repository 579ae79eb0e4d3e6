"""What a training is made of: the network, and Trainer with its settings."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ccnlp import progress
from ccnlp.conditioning.base import Conditioning
from ccnlp.conditioning.batches import CultureDropout
from ccnlp.errors import ConfigurationError
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.tasks.base import Features, Task, shared_backbone
from ccnlp.training.batches import PlannedBatch
from ccnlp.training.conditions import build_layer
from ccnlp.training.features import FeatureRows, rows_of_split
from ccnlp.training.groups import Rows, TrainedGroups, group_names
from ccnlp.training.objective import build_objectives
from ccnlp.training.pairs import pair_up
from ccnlp.training.parameters import TrainingParameters
from ccnlp.training.run_folder import RunFolder

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, TrainingArguments

    from ccnlp.models.network import Attention, MultiTaskNetwork
    from ccnlp.training.trainer import MultiTaskTrainer
    from ccnlp.training.validation import Validation


def rows_and_partners(
    features: Mapping[str, pa.Table], parameters: TrainingParameters
) -> tuple[dict[str, Rows], dict[str, Rows] | None]:
    """By task the training rows, and the round trip of each that it is to agree with, if asked.

    Raises:
        CorpusError: a task has no train rows.
        ConfigurationError: texts are to agree with round trips, and there are none.
    """
    rows = {name: rows_of_split(table, "train", name) for name, table in features.items()}
    if not parameters.regularisation.pair_consistency_weight:
        return rows, None
    return pair_up(features, rows)


def prepare_network(
    encoder: EncoderCheckpoint,
    tasks: Mapping[str, Task],
    *,
    vocabulary: "np.ndarray[Any, np.dtype[np.int64]]",
    parameters: TrainingParameters,
    conditioning: Conditioning | None = None,
) -> "MultiTaskNetwork":
    """The network as it starts: only the embedding rows that occur, and what is frozen, frozen.

    A backbone that writes text keeps its whole vocabulary: it may write any token.
    """
    from ccnlp.models.network import build_network, load_backbone
    from ccnlp.models.vocabulary import trim_embeddings
    from ccnlp.training.dropout import use_bitwise_dropout
    from ccnlp.training.optimiser import freeze

    regularisation = parameters.regularisation
    transformer = load_backbone(
        encoder.folder,
        kind=shared_backbone(tasks.values()),
        hidden_dropout=regularisation.encoder_dropout,
        attention_dropout=regularisation.attention_dropout,
    )
    layer = build_layer(conditioning, transformer, encoder)  # before the embeddings are trimmed
    writes_text = transformer.get_output_embeddings() is not None
    if parameters.trim_vocabulary and not writes_text:
        trim_embeddings(transformer, vocabulary)
    network = build_network(
        transformer,
        tasks,
        pooling=parameters.pooling,
        head_dropout=regularisation.head_dropout,
        conditioning=layer,
    )
    use_bitwise_dropout(network)
    freeze(network, parameters.freeze)
    if parameters.gradient_checkpointing:
        transformer.activation_checkpointing_enable()
    return network


def choose_attention(
    network: "MultiTaskNetwork",
    tokenizer: "PreTrainedTokenizerBase",
    parameters: TrainingParameters,
    features: Mapping[str, pa.Table],
    folder: RunFolder,
) -> "Attention":
    """The configured implementation or the faster one; a resumed training keeps its first.

    Raises:
        ConfigurationError: the encoder does not have the configured one.
    """
    from ccnlp.training.attention import faster_attention, has_attention

    if parameters.attention != "auto":
        if not has_attention(network, parameters.attention):
            raise ConfigurationError(
                f"training.attention is {parameters.attention}, which this encoder does not have; "
                "auto takes what it has (parameters/training.yml)"
            )
        return parameters.attention
    chosen = folder.attention()
    if chosen is None:
        lengths = np.concatenate([table["num_tokens"].to_numpy() for table in features.values()])
        chosen = faster_attention(
            network,
            batch_shape=(min(16, parameters.batches.examples), int(np.median(lengths))),
            token_id=tokenizer.pad_token_id,
            precision=parameters.precision,
        )
        folder.note_attention(chosen)
    progress.report(progress.Fact("attention_in_training", chosen))
    return chosen


def build_trainer(
    network: "MultiTaskNetwork",
    plan: list[list[PlannedBatch]],
    *,
    features: Mapping[str, pa.Table],
    tokenizer: "PreTrainedTokenizerBase",
    parameters: TrainingParameters,
    folder: Path,
    culture_dropout: float = 0.0,
) -> "MultiTaskTrainer":
    """Trainer over the plan, with validation, progress and the best weights kept in `folder`.

    Raises:
        ConfigurationError: the objective weighs groups, and there is one only.
    """
    from ccnlp.training.trainer import MultiTaskTrainer, PlannedDataset

    batches = [batch for epoch in plan for batch in epoch]
    rows = {name: FeatureRows.of(table) for name, table in features.items()}
    groups = _trained_groups(features, batches, parameters)
    trainer = MultiTaskTrainer(
        network,
        _arguments(parameters, num_batches=len(batches), folder=folder),
        planned=PlannedDataset(
            batches,
            rows,
            network.tasks,
            groups=groups,
            pad_token_id=tokenizer.pad_token_id,
            culture_dropout=CultureDropout(culture_dropout, seed=parameters.seed),
            partners=rows_and_partners(features, parameters)[1],
        ),
        tasks=network.tasks,
        objectives=build_objectives(groups, parameters.objective),
        parameters=parameters,
        validate=_validation(
            network, features, rows, groups, tokenizer=tokenizer, parameters=parameters
        ),
    )
    _add_callbacks(trainer, num_examples=_counter(batches, parameters), folder=folder)
    return trainer


def _validation(
    network: "MultiTaskNetwork",
    features: Mapping[str, pa.Table],
    rows: Mapping[str, Sequence[Features]],
    groups: Mapping[str, TrainedGroups],
    *,
    tokenizer: "PreTrainedTokenizerBase",
    parameters: TrainingParameters,
) -> "Validation":
    """What scores the network on the validation rows of each task.

    Args:
        network: that is trained.
        features: by task.
        rows: the same, row by row.
        groups: by task, those that are trained on.
        tokenizer: of the encoder.
        parameters: `parameters/training.yml`.
    """
    from ccnlp.training.validation import Validation, ValidationRows

    judged = {
        name: ValidationRows.of(
            table, rows[name], network.tasks[name], trained=groups[name], parameters=parameters
        )
        for name, table in features.items()
    }
    return Validation(
        network, network.tasks, judged, tokenizer=tokenizer, precision=parameters.precision
    )


def _trained_groups(
    features: Mapping[str, pa.Table], plan: Sequence[PlannedBatch], parameters: TrainingParameters
) -> dict[str, TrainedGroups]:
    """The groups of each task's rows that the objective looks at."""
    columns, parameter = parameters.objective.groups, "training.objective.groups"
    return {
        task: TrainedGroups.of(
            group_names(table, columns, parameter=parameter),
            [batch.rows for batch in plan if batch.task == task],
        )
        for task, table in features.items()
    }


def _add_callbacks(
    trainer: "MultiTaskTrainer", *, num_examples: Callable[[int, int], int], folder: Path
) -> None:
    """In the order in which they are told: the average has a step before it is judged."""
    from transformers import PrinterCallback

    from ccnlp.training.callbacks import (
        AveragingCallback,
        BestWeightsCallback,
        CheckpointCallback,
        ObjectiveCallback,
        ProgressCallback,
    )

    validation = trainer.parameters.validation
    steps = _per_epoch(trainer.args.max_steps, trainer.parameters, validation.evaluations_per_epoch)
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(ProgressCallback(num_examples=num_examples))
    trainer.add_callback(ObjectiveCallback(trainer.objectives.values()))
    trainer.add_callback(CheckpointCallback(validation.seconds_between_checkpoints))
    if trainer.averaged:
        trainer.add_callback(AveragingCallback(trainer.averaged))
    trainer.add_callback(
        BestWeightsCallback(
            trainer.network,
            folder,
            validation,
            averaged=trainer.averaged,
            steps_per_evaluation=steps,
        )
    )


def _counter(
    batches: Sequence[PlannedBatch], parameters: TrainingParameters
) -> Callable[[int, int], int]:
    """What gives the number of examples between two steps."""
    sizes = np.concatenate([[0], np.cumsum([len(batch.rows) for batch in batches])])
    steps = parameters.batches.accumulation_steps

    def count(first: int, last: int) -> int:
        return int(sizes[min(last * steps, len(batches))] - sizes[first * steps])

    return count


def _arguments(
    parameters: TrainingParameters, *, num_batches: int, folder: Path
) -> "TrainingArguments":
    from transformers import TrainingArguments

    from ccnlp.models.precision import choose_device, choose_precision

    device = choose_device()
    num_steps = math.ceil(num_batches / parameters.batches.accumulation_steps)
    optimiser = parameters.optimiser
    arguments = TrainingArguments(
        output_dir=str(folder),
        max_steps=num_steps,
        per_device_train_batch_size=1,  # an item of the plan is a whole batch
        gradient_accumulation_steps=parameters.batches.accumulation_steps,
        lr_scheduler_type=optimiser.schedule,
        warmup_steps=round(optimiser.warmup_share * num_steps),
        max_grad_norm=optimiser.max_gradient_norm,
        bf16=choose_precision(device, parameters.precision) == "bf16",
        use_cpu=device.type == "cpu",
        eval_strategy="no",  # the callback that keeps the best weights asks for evaluations
        save_strategy="no",  # and another one for checkpoints
        save_total_limit=1,
        logging_steps=max(1, min(20, num_steps // 20)),
        torch_compile=parameters.compile,
        seed=parameters.seed,
        disable_tqdm=True,
        report_to="none",
    )
    # A batch of the plan is one device's: with several, Trainer would cut each into pieces.
    arguments._n_gpu = min(1, arguments.n_gpu)
    return arguments


def _per_epoch(num_steps: int, parameters: TrainingParameters, times: int) -> int:
    """Steps between events that come `times` times an epoch."""
    return max(1, round(num_steps / parameters.epochs / times))
