"""Trainer with all that a training needs: its settings, validation and callbacks."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ccnlp.conditioning.batches import CultureDropout
from ccnlp.tasks.base import Features
from ccnlp.training.batches import PlannedBatch
from ccnlp.training.features import FeatureRows
from ccnlp.training.groups import TrainedGroups, group_names
from ccnlp.training.objective import build_objectives
from ccnlp.training.parameters import TrainingParameters
from ccnlp.training.preparation import rows_and_partners
from ccnlp.training.selection import Selection
from ccnlp.training.task_weighting import build_weighting

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, TrainingArguments

    from ccnlp.models.network import MultiTaskNetwork
    from ccnlp.training.trainer import MultiTaskTrainer
    from ccnlp.training.validation import Validation


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
        ConfigurationError: the objective weighs groups, and there is one only; or weights of
            tasks are to be learnt, or tasks to choose, that are not there.
    """
    from ccnlp.training.planned import PlannedDataset
    from ccnlp.training.trainer import MultiTaskTrainer

    batches = [batch for epoch in plan for batch in epoch]
    feature_rows = {name: FeatureRows.of(table) for name, table in features.items()}
    groups = _find_groups(features, batches, parameters)
    drawn_tasks = {batch.task for batch in batches}
    batches_per_step = parameters.batches_per_step(len(drawn_tasks))
    trainer = MultiTaskTrainer(
        network,
        _build_arguments(
            parameters, num_batches=len(batches), batches_per_step=batches_per_step, folder=folder
        ),
        planned=PlannedDataset(
            batches,
            feature_rows,
            network.tasks,
            groups=groups,
            pad_token_id=tokenizer.pad_token_id,
            culture_dropout=CultureDropout(culture_dropout, seed=parameters.seed),
            weighs_tasks_alike=parameters.multitask.batches == "mixed",
            partners=rows_and_partners(features, parameters)[1],
        ),
        tasks=network.tasks,
        objectives=build_objectives(groups, parameters.objective),
        weighting=build_weighting(network, drawn_tasks, parameters.multitask),
        parameters=parameters,
        validate=_build_validation(
            network, features, feature_rows, groups, tokenizer=tokenizer, parameters=parameters
        ),
        selection=Selection.of(network.tasks, parameters.validation),
    )
    _add_callbacks(trainer, count_examples=_build_counter(batches, batches_per_step), folder=folder)
    return trainer


def _build_validation(
    network: "MultiTaskNetwork",
    features: Mapping[str, pa.Table],
    feature_rows: Mapping[str, Sequence[Features]],
    groups: Mapping[str, TrainedGroups],
    *,
    tokenizer: "PreTrainedTokenizerBase",
    parameters: TrainingParameters,
) -> "Validation":
    """What scores the network on the validation rows of each task.

    Args:
        network: that is trained.
        features: by task.
        feature_rows: the same, row by row.
        groups: by task, those that are trained on.
        tokenizer: of the encoder.
        parameters: `parameters/training.yml`.
    """
    from ccnlp.training.validation import Validation, ValidationRows

    validation_rows = {
        name: ValidationRows.of(
            table,
            feature_rows[name],
            network.tasks[name],
            trained=groups[name],
            parameters=parameters,
        )
        for name, table in features.items()
    }
    return Validation(
        network, network.tasks, validation_rows, tokenizer=tokenizer, precision=parameters.precision
    )


def _find_groups(
    features: Mapping[str, pa.Table],
    batches: Sequence[PlannedBatch],
    parameters: TrainingParameters,
) -> dict[str, TrainedGroups]:
    """The groups of each task's rows that the objective looks at."""
    columns, parameter = parameters.objective.groups, "training.objective.groups"
    return {
        task: TrainedGroups.of(
            group_names(table, columns, parameter=parameter),
            [batch.rows for batch in batches if batch.task == task],
        )
        for task, table in features.items()
    }


def _add_callbacks(
    trainer: "MultiTaskTrainer", *, count_examples: Callable[[int, int], int], folder: Path
) -> None:
    """In the order in which they are told: the average has a step before it is judged."""
    from transformers import PrinterCallback

    from ccnlp.training.callbacks import (
        AveragingCallback,
        BestWeightsCallback,
        CheckpointCallback,
        LearningCallback,
        ProgressCallback,
    )

    validation = trainer.parameters.validation
    steps_per_evaluation = _steps_between(
        trainer.args.max_steps, trainer.parameters, validation.evaluations_per_epoch
    )
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(ProgressCallback(count_examples=count_examples))
    trainer.add_callback(LearningCallback([*trainer.objectives.values(), trainer.weighting]))
    trainer.add_callback(CheckpointCallback(validation.seconds_between_checkpoints))
    if trainer.averaged:
        trainer.add_callback(AveragingCallback(trainer.averaged))
    trainer.add_callback(
        BestWeightsCallback(
            trainer.network,
            folder,
            validation,
            averaged=trainer.averaged,
            steps_per_evaluation=steps_per_evaluation,
        )
    )


def _build_counter(
    batches: Sequence[PlannedBatch], batches_per_step: int
) -> Callable[[int, int], int]:
    """What gives the number of examples between two steps."""
    totals = np.concatenate([[0], np.cumsum([len(batch.rows) for batch in batches])])

    def count_examples(first_step: int, last_step: int) -> int:
        end = min(last_step * batches_per_step, len(batches))
        return int(totals[end] - totals[first_step * batches_per_step])

    return count_examples


def _build_arguments(
    parameters: TrainingParameters, *, num_batches: int, batches_per_step: int, folder: Path
) -> "TrainingArguments":
    from transformers import TrainingArguments

    from ccnlp.models.precision import choose_device, choose_precision

    device = choose_device()
    num_steps = math.ceil(num_batches / batches_per_step)
    optimiser = parameters.optimiser
    arguments = TrainingArguments(
        output_dir=str(folder),
        max_steps=num_steps,
        per_device_train_batch_size=1,  # an item of the plan is a whole batch
        gradient_accumulation_steps=batches_per_step,
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


def _steps_between(num_steps: int, parameters: TrainingParameters, times_per_epoch: int) -> int:
    """Steps between events that come `times_per_epoch` times an epoch."""
    return max(1, round(num_steps / parameters.epochs / times_per_epoch))
