"""Fine-tuning, from features to a trained model."""

import hashlib
import json
import logging
import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ccnlp import progress
from ccnlp.errors import CorpusError
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.models.trained import TrainedModel
from ccnlp.tasks.base import Features, Task, shared_backbone
from ccnlp.tokenisation.encoding import IDENTITY_COLUMNS, REFERENCE
from ccnlp.training.batches import PlannedBatch, Rows, TaskRows, plan_epochs
from ccnlp.training.parameters import TrainingParameters

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, TrainingArguments

    from ccnlp.models.network import Attention, MultiTaskNetwork
    from ccnlp.training.callbacks import BestWeightsCallback
    from ccnlp.training.trainer import MultiTaskTrainer
    from ccnlp.training.validation import ValidationRows

logger = logging.getLogger(__name__)


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
    vocabulary: "np.ndarray[Any, np.dtype[np.int64]]",
    encoder: EncoderCheckpoint,
    tasks: Mapping[str, Task],
    max_length_tokens: int,
    parameters: TrainingParameters,
    checkpoints: Path,
) -> FineTuned:
    """Trains the encoder with a head for each task on the train rows of `features`.

    A run that was killed goes on from its last checkpoint in `checkpoints`, if features, encoder
    and parameters are the same, and ends with the same weights as one that was not.

    Args:
        features: by task, as `encode_examples` gives them.
        vocabulary: sorted token ids that occur, shape (ids,).
        encoder: where training starts.
        tasks: by name.
        max_length_tokens: tokens that predictions cut a text to, as the features were.
        parameters: `parameters/training.yml`.
        checkpoints: a folder to write to; emptied at the end.

    Raises:
        CorpusError: a task has no train or no validation rows.
    """
    from transformers import set_seed

    from ccnlp.models.vocabulary import restore_embeddings

    trained_tasks = {name: tasks[name] for name in features}
    rows = {name: _rows_of_split(table, "train", name) for name, table in features.items()}
    folder = _folder_of_run(checkpoints, features, encoder, trained_tasks, parameters)
    set_seed(parameters.seed)
    network = _build_network(encoder, trained_tasks, vocabulary=vocabulary, parameters=parameters)
    attention = _choose_attention(network, parameters, features, folder)
    network.backbone.set_attn_implementation(attention)
    plan = plan_epochs(
        {name: _task_rows(features[name], rows[name]) for name in rows},
        num_epochs=parameters.epochs,
        mixture=parameters.mixture,
        batches=parameters.batches,
        seed=parameters.seed,
    )
    tokenizer = encoder.load_tokenizer()
    trainer, best = _build_trainer(
        network,
        plan,
        features,
        tasks=trained_tasks,
        tokenizer=tokenizer,
        parameters=parameters,
        folder=folder,
    )
    last = _last_checkpoint(folder)
    if last:
        logger.info("training goes on from %s", last.name)
        progress.report(progress.Fact("training_resumed_from", last.name))
    trainer.train(resume_from_checkpoint=str(last) if last else None)
    chosen = best.load_best()
    logger.info("training: best validation score %.3f at step %d", chosen["score"], chosen["step"])
    restore_embeddings(network.backbone)
    shutil.rmtree(folder)
    model = TrainedModel(
        network=network.eval(),
        tokenizer=tokenizer,
        tasks=trained_tasks,
        encoder=encoder,
        pooling=parameters.pooling,
        max_length_tokens=max_length_tokens,
    )
    return FineTuned(model, _history(trainer.state.log_history))


def _rows_of_split(table: pa.Table, split: str, task: str) -> Rows:
    rows = np.flatnonzero(table["split"].to_numpy() == split).astype(np.int64)
    if not len(rows):
        raise CorpusError(
            f"task {task!r}: no {split} rows to train with; give the task's corpora a {split} "
            "split or ratios (parameters/corpora.yml)"
        )
    return rows


def _task_rows(table: pa.Table, rows: Rows) -> TaskRows:
    return TaskRows(
        rows=rows,
        lengths=table["num_tokens"].to_numpy().astype(np.int64)[rows],
        corpora=table["corpus"].to_numpy()[rows],
        weights=table["weight"].to_numpy().astype(np.float64)[rows],
    )


def _folder_of_run(
    checkpoints: Path,
    features: Mapping[str, pa.Table],
    encoder: EncoderCheckpoint,
    tasks: Mapping[str, Task],
    parameters: TrainingParameters,
) -> Path:
    """The folder of runs with these inputs; those of other runs are removed."""
    digest = hashlib.sha256(parameters.model_dump_json().encode())
    digest.update(f"{encoder.name} {encoder.revision}".encode())
    for name, task in sorted(tasks.items()):
        digest.update(f"{name} {task.parameters.model_dump_json()}".encode())
        for batch in features[name].combine_chunks().to_batches():
            digest.update(batch.serialize())
    folder = checkpoints / digest.hexdigest()[:16]
    for other in checkpoints.iterdir():
        if other.is_dir() and other != folder:
            shutil.rmtree(other)
    folder.mkdir(exist_ok=True)
    return folder


def _build_network(
    encoder: EncoderCheckpoint,
    tasks: Mapping[str, Task],
    *,
    vocabulary: "np.ndarray[Any, np.dtype[np.int64]]",
    parameters: TrainingParameters,
) -> "MultiTaskNetwork":
    from ccnlp.models.network import build_network, load_backbone
    from ccnlp.models.vocabulary import trim_embeddings
    from ccnlp.training.optimiser import freeze

    regularisation = parameters.regularisation
    transformer = load_backbone(
        encoder.folder,
        kind=shared_backbone(tasks.values()),
        hidden_dropout=regularisation.encoder_dropout,
        attention_dropout=regularisation.attention_dropout,
    )
    writes_text = transformer.get_output_embeddings() is not None  # any token of the vocabulary
    if parameters.trim_vocabulary and not writes_text:
        trim_embeddings(transformer, vocabulary)
    network = build_network(
        transformer, tasks, pooling=parameters.pooling, head_dropout=regularisation.head_dropout
    )
    freeze(network, parameters.freeze)
    if parameters.gradient_checkpointing:
        transformer.activation_checkpointing_enable()
    return network


def _choose_attention(
    network: "MultiTaskNetwork",
    parameters: TrainingParameters,
    features: Mapping[str, pa.Table],
    folder: Path,
) -> "Attention":
    """The configured implementation or the faster one, kept so that a resumed run has the same."""
    if parameters.attention != "auto":
        return parameters.attention
    from ccnlp.training.attention import faster_attention

    note = folder / "attention.json"
    if not note.exists():
        lengths = np.concatenate([table["num_tokens"].to_numpy() for table in features.values()])
        rows, tokens = parameters.batches.examples, int(np.median(lengths))
        fastest = faster_attention(
            network, batch_shape=(rows, tokens), precision=parameters.precision
        )
        note.write_text(json.dumps(fastest))
    chosen: Attention = json.loads(note.read_text())
    progress.report(progress.Fact("attention_in_training", chosen))
    return chosen


def _build_trainer(
    network: "MultiTaskNetwork",
    plan: list[list[PlannedBatch]],
    features: Mapping[str, pa.Table],
    *,
    tasks: Mapping[str, Task],
    tokenizer: "PreTrainedTokenizerBase",
    parameters: TrainingParameters,
    folder: Path,
) -> tuple["MultiTaskTrainer", "BestWeightsCallback"]:
    from transformers import PrinterCallback

    from ccnlp.training.callbacks import AveragingCallback, BestWeightsCallback, ProgressCallback
    from ccnlp.training.trainer import MultiTaskTrainer, PlannedDataset
    from ccnlp.training.validation import Validation

    batches = [batch for epoch in plan for batch in epoch]
    sizes = np.concatenate([[0], np.cumsum([len(batch.rows) for batch in batches])])
    steps = parameters.batches.accumulation_steps
    columns = {name: _training_columns(table) for name, table in features.items()}
    trainer = MultiTaskTrainer(
        network,
        _arguments(parameters, num_batches=len(batches), folder=folder),
        planned=PlannedDataset(batches, columns, tasks, pad_token_id=tokenizer.pad_token_id),
        tasks=tasks,
        parameters=parameters,
        validate=Validation(
            network,
            tasks,
            {name: _validation_rows(features[name], columns[name], name) for name in features},
            tokenizer=tokenizer,
            precision=parameters.precision,
        ),
        callbacks=[
            ProgressCallback(
                num_examples=lambda first, last: int(
                    sizes[min(last * steps, len(batches))] - sizes[first * steps]
                )
            )
        ],
    )
    trainer.remove_callback(PrinterCallback)
    if trainer.averaged:
        trainer.add_callback(AveragingCallback(trainer.averaged))
    best = BestWeightsCallback(
        network,
        folder,
        parameters.validation,
        averaged=trainer.averaged,
        steps_per_evaluation=_per_epoch(
            trainer.args.max_steps, parameters, parameters.validation.evaluations_per_epoch
        ),
    )
    trainer.add_callback(best)
    return trainer, best


def _validation_rows(table: pa.Table, columns: Sequence[Features], task: str) -> "ValidationRows":
    from ccnlp.training.validation import ValidationRows

    rows = _rows_of_split(table, "validation", task)
    ids = table["id"].to_pandas().iloc[rows]
    window_of, _ = pd.factorize(ids)
    references = table[REFERENCE].to_pandas().iloc[rows][~ids.duplicated()]
    return ValidationRows(
        [columns[row] for row in rows], window_of, references.reset_index(drop=True)
    )


def _training_columns(table: pa.Table) -> Sequence[Features]:
    """Rows of what `collate` reads."""
    left_out = {*IDENTITY_COLUMNS, REFERENCE}
    kept = [name for name in table.column_names if name not in left_out]
    columns = table.select(kept).to_pydict()
    return [dict(zip(kept, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _arguments(
    parameters: TrainingParameters, *, num_batches: int, folder: Path
) -> "TrainingArguments":
    import torch
    from transformers import TrainingArguments

    from ccnlp.models.precision import choose_device, choose_precision

    device = choose_device()
    num_steps = math.ceil(num_batches / parameters.batches.accumulation_steps)
    optimiser = parameters.optimiser
    return TrainingArguments(
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
        save_strategy="steps",
        save_steps=_per_epoch(num_steps, parameters, parameters.validation.checkpoints_per_epoch),
        save_total_limit=1,
        logging_steps=max(1, min(20, num_steps // 20)),
        torch_compile=parameters.compile,
        dataloader_pin_memory=torch.cuda.is_available(),
        ddp_find_unused_parameters=True if torch.cuda.device_count() > 1 else None,
        seed=parameters.seed,
        disable_tqdm=True,
        report_to="none",
    )


def _per_epoch(num_steps: int, parameters: TrainingParameters, times: int) -> int:
    """Steps between events that come `times` times an epoch."""
    return max(1, round(num_steps / parameters.epochs / times))


def _last_checkpoint(folder: Path) -> Path | None:
    """The latest complete checkpoint; Trainer writes its state last."""
    complete = [path.parent for path in folder.glob("checkpoint-*/trainer_state.json")]
    return max(complete, key=lambda path: int(path.name.split("-")[1]), default=None)


def _history(log: Sequence[Mapping[str, float]]) -> pd.DataFrame:
    rows = [
        {"step": int(entry["step"]), "metric": name.replace("eval_", "validation_"), "value": value}
        for entry in log
        for name, value in entry.items()
        if name not in ("step", "epoch")
    ]
    return pd.DataFrame(rows, columns=["step", "metric", "value"])
