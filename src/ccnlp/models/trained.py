"""A trained model: network, tokenizer and tasks, saved as one checkpoint folder."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.conditioning import base as conditionings
from ccnlp.conditioning.base import Conditioning
from ccnlp.conditioning.batches import CONDITION
from ccnlp.conditioning.keys import COLUMNS
from ccnlp.errors import ModelSourceError, did_you_mean
from ccnlp.folders import replacing
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.models.encoded import EncodedRows
from ccnlp.models.precision import PrecisionChoice
from ccnlp.tasks.base import WINDOW_OF, Pooling, Task, build_tasks, shared_backbone
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tokenisation.encoding import ROWS_AT_ONCE

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedTokenizerBase

    from ccnlp.models.network import MultiTaskNetwork

FORMAT = 1
CONDITIONED_FORMAT = 2
"""Of a model that is told of culture: a version that did not tell it would answer wrongly."""

MEND = "train the model again"
DESCRIPTION_FILE = "ccnlp.json"
HEADS_FILE = "heads.safetensors"
CONDITIONING_FILE = "conditioning.safetensors"
TRAIN_IDS_FILE = "train_ids.npy"
CALIBRATION = "calibration"
EARLIER_OPTIONS = ("view", "score_range", "none_label", "slot_types", "answers", "retrieval")
"""What stood beside the other parameters of a task; the last two held several options."""

NEEDED_FIELDS = frozenset({"encoder", "pooling", "max_length_tokens", "tasks"})


@dataclass(frozen=True)
class TrainedModel:
    """What training gives: predicts every task it was trained on.

    The folder that `save` writes is a Hugging Face checkpoint of the encoder with its tokenizer,
    readable by transformers alone, beside the heads and a description of the tasks.
    """

    network: "MultiTaskNetwork"
    tokenizer: "PreTrainedTokenizerBase"
    tasks: Mapping[str, Task]
    encoder: EncoderCheckpoint
    pooling: Pooling
    max_length_tokens: int
    precision: PrecisionChoice = "auto"
    train_ids: "npt.NDArray[np.uint64]" = field(default_factory=lambda: np.empty(0, np.uint64))
    """Of the examples that it was trained on, sorted; see `has_seen`."""
    conditioning: Conditioning | None = None
    """What it is told of culture, in the form that `network.conditioning` takes in."""

    @property
    def max_text_tokens(self) -> int:
        """Tokens of a text that are read: `max_length_tokens` without those of its culture."""
        return self.max_length_tokens - self.network.num_added_tokens

    def has_seen(self, ids: Iterable[str]) -> "npt.NDArray[np.bool_]":
        """Which examples the model was trained on, by their ids."""
        return np.isin(ids_as_numbers(ids), self.train_ids)

    @cached_property
    def weights_digest(self) -> str:
        """The first 16 hexadecimal digits of SHA-256 over all weights and their names.

        Also over what tasks chose on validation, by which the same weights are more or less sure.
        """
        import torch

        digest = hashlib.sha256()
        for name, weights in self.network.state_dict().items():
            digest.update(name.encode())
            weight_bytes = weights.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
            digest.update(weight_bytes.numpy())
        if self._calibrations:
            digest.update(json.dumps(self._calibrations, sort_keys=True).encode())
        return digest.hexdigest()[:16]

    @property
    def _calibrations(self) -> dict[str, Any]:
        """By task, of those that chose something."""
        return {name: task.calibration for name, task in self.tasks.items() if task.calibration}

    def predict(
        self, rows: pd.DataFrame, *, task: str, tokens_per_batch: int = 8192
    ) -> pd.DataFrame:
        """The task's decoded outputs, a row for each of `rows`, with its index.

        Args:
            rows: the task's input columns; also `context` where the task reads it, and for a
                conditioned model `culture`, `language` and `domain`, which are unknown where a
                column or a cell is missing.
            task: name of the task.
            tokens_per_batch: most tokens of a batch, padding included; bounds the memory.

        Raises:
            KeyError: the model was not trained on the task.
        """
        definition = self.tasks[task]
        if not len(rows):
            return pd.DataFrame(columns=["prediction", "confidence", "probabilities"])
        rows_at_once = len(rows) if definition.is_settled_together else ROWS_AT_ONCE
        predictions = [
            self.predict_encoded(
                self.encode(rows[first : first + rows_at_once], task=task),
                task=task,
                tokens_per_batch=tokens_per_batch,
            )
            for first in range(0, len(rows), rows_at_once)
        ]
        return pd.concat(predictions, ignore_index=True).set_axis(rows.index)

    def encode(self, rows: pd.DataFrame, *, task: str) -> EncodedRows:
        """What the model reads of each row for the task.

        Args:
            rows: see `predict`.
            task: name of the task.
        """
        definition = self.tasks[task]
        condition_columns = [column for column in COLUMNS if self.conditioning and column in rows]
        names = list(dict.fromkeys([*definition.columns_read(rows), *condition_columns]))
        inputs = rows[names].reset_index(drop=True)
        max_text_tokens = self.max_text_tokens
        columns = definition.encode(inputs, self.tokenizer, max_length_tokens=max_text_tokens)
        is_windowed = WINDOW_OF in columns
        window_of = np.asarray(columns.pop(WINDOW_OF, range(len(inputs))), dtype=np.int64)
        if self.conditioning:
            columns[CONDITION] = list(self.conditioning.indices(inputs)[window_of])
        windows = zip(*columns.values(), strict=True)
        return EncodedRows(
            features=[dict(zip(columns, window, strict=True)) for window in windows],
            window_of=window_of,
            quoted=inputs[definition.quoted_column] if definition.quoted_column else None,
            max_length_tokens=max_text_tokens,
            is_windowed=is_windowed,
        )

    def predict_encoded(
        self, encoded: EncodedRows, *, task: str, tokens_per_batch: int = 8192
    ) -> pd.DataFrame:
        """As `predict`, of at least one row that `encode` gave, in their order."""
        from ccnlp.models.prediction import predict_features

        return predict_features(
            self.network.eval(),
            self.tasks[task],
            encoded.features,
            window_of=encoded.window_of,
            tokenizer=self.tokenizer,
            quoted=encoded.quoted,
            tokens_per_batch=tokens_per_batch,
            precision=self.precision,
        )

    def save(self, folder: Path) -> None:
        """Writes the checkpoint to `folder`, whole or not at all, in place of what is there."""
        from safetensors.torch import save_file

        with replacing(folder) as partial:
            self.network.backbone.save_pretrained(partial)
            self.tokenizer.save_pretrained(partial)
            save_file(self.network.heads.state_dict(), partial / HEADS_FILE)
            if self.network.conditioning:
                save_file(self.network.conditioning.state_dict(), partial / CONDITIONING_FILE)
            description = json.dumps(self._describe(), indent=2, ensure_ascii=False)
            (partial / DESCRIPTION_FILE).write_text(description, encoding="utf-8")
            np.save(partial / TRAIN_IDS_FILE, self.train_ids, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, *, tasks: Collection[str] | None = None) -> "TrainedModel":
        """The model that `save` wrote to `folder`.

        Args:
            folder: the checkpoint.
            tasks: names of those that are wanted, at least one; the heads of the others are not
                read. `None` takes all.

        Raises:
            ModelSourceError: the folder holds no readable model, which says what is missing, or
                the model lacks a task.
        """
        from ccnlp.models.network import build_network, load_backbone

        description = _read_description(folder)
        all_tasks = restore_tasks(description)
        loaded_tasks = _select_tasks(all_tasks, tasks, folder)
        pooling: Pooling = description["pooling"]
        encoder = EncoderCheckpoint(folder=folder, **description["encoder"])
        backbone = load_backbone(folder, kind=shared_backbone(loaded_tasks.values()), mend=MEND)
        tokenizer = encoder.load_tokenizer(mend=MEND)
        conditioning = _read_conditioning(folder, description)
        network = build_network(
            backbone,
            loaded_tasks,
            pooling=pooling,
            head_dropout=0.0,
            conditioning=conditioning.layer(backbone, tokenizer) if conditioning else None,
        )
        left_out = all_tasks.keys() - loaded_tasks.keys()
        _load_weights(network.heads, folder / HEADS_FILE, left_out=left_out)
        if network.conditioning:
            _load_weights(network.conditioning, folder / CONDITIONING_FILE)
        return cls(
            network=network.eval(),
            tokenizer=tokenizer,
            tasks=loaded_tasks,
            encoder=encoder,
            pooling=pooling,
            max_length_tokens=description["max_length_tokens"],
            precision=description.get("precision", "auto"),
            train_ids=_read_train_ids(folder),
            conditioning=conditioning,
        )

    def _describe(self) -> dict[str, Any]:
        conditioning = {"conditioning": self.conditioning.describe()} if self.conditioning else {}
        return {
            "format": CONDITIONED_FORMAT if self.conditioning else FORMAT,
            "encoder": {
                "name": self.encoder.name,
                "source": self.encoder.source,
                "revision": self.encoder.revision,
            },
            "pooling": self.pooling,
            "max_length_tokens": self.max_length_tokens,
            "precision": self.precision,
            "tasks": {
                name: task.parameters.model_dump(mode="json") for name, task in self.tasks.items()
            },
            **({CALIBRATION: self._calibrations} if self._calibrations else {}),
            **conditioning,
        }


def restore_tasks(description: Mapping[str, Any]) -> dict[str, Task]:
    """The tasks that a checkpoint describes, with what was chosen for them on validation."""
    entries = {name: _upgrade_entry(entry) for name, entry in description["tasks"].items()}
    tasks = build_tasks(TasksParameters.model_validate(entries))
    calibrations = description.get(CALIBRATION, {})
    return {
        name: task.calibrated(calibrations[name]) if name in calibrations else task
        for name, task in tasks.items()
    }


def _upgrade_entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry of a task as it is written now: options of kinds once stood beside the others."""
    upgraded = {name: value for name, value in entry.items() if name not in EARLIER_OPTIONS}
    earlier_options = {name: entry[name] for name in EARLIER_OPTIONS if entry.get(name) is not None}
    if not earlier_options:
        return upgraded
    options: dict[str, Any] = {}
    for name, value in earlier_options.items():
        options |= value if isinstance(value, dict) else {name: value}
    return {**upgraded, "options": options | dict(entry.get("options", {}))}


def ids_as_numbers(ids: Iterable[str]) -> "npt.NDArray[np.uint64]":
    """The ids of examples, 16 hexadecimal digits each, as numbers of 64 bits."""
    return np.fromiter((int(example_id, 16) for example_id in ids), dtype=np.uint64)


def _select_tasks(
    tasks: Mapping[str, Task], names: Collection[str] | None, folder: Path
) -> dict[str, Task]:
    """The tasks of these names, or all."""
    for name in names or ():
        if name not in tasks:
            raise ModelSourceError(
                f"{folder}: the model has no task {name!r}; {did_you_mean(name, tasks)}"
            )
    return {name: task for name, task in tasks.items() if names is None or name in names}


def _load_weights(
    module: "nn.Module", path: Path, *, left_out: Collection[str] = frozenset()
) -> None:
    """Reads the weights of a module; those of parts that are left out stay in the file."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as weights:
            names = [name for name in weights.keys() if name.split(".")[0] not in left_out]  # noqa: SIM118
            module.load_state_dict({name: weights.get_tensor(name) for name in names})
    except (OSError, RuntimeError, SafetensorError) as error:
        raise ModelSourceError(f"{path} can't be read: {error}; {MEND}") from error


def _read_conditioning(folder: Path, description: Mapping[str, Any]) -> Conditioning | None:
    if description["format"] != CONDITIONED_FORMAT:
        return None
    try:
        return conditionings.restore(description["conditioning"])
    except ValueError as error:
        raise ModelSourceError(
            f"{folder / DESCRIPTION_FILE}: {error}; load the model with the version of the code "
            f"that trained it, or {MEND}"
        ) from error


def _read_train_ids(folder: Path) -> "npt.NDArray[np.uint64]":
    path = folder / TRAIN_IDS_FILE
    try:
        ids: npt.NDArray[np.uint64] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ModelSourceError(f"{path} can't be read: {error}; {MEND}") from error
    return ids


def _read_description(folder: Path) -> dict[str, Any]:
    path = folder / DESCRIPTION_FILE
    try:
        description: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelSourceError(
            f"{folder} holds no model of this project: {path.name} can't be read ({error}); "
            "run the training pipeline to make one"
        ) from error
    model_format = description.get("format") if isinstance(description, dict) else description
    if model_format not in (FORMAT, CONDITIONED_FORMAT):
        raise ModelSourceError(
            f"{path}: format {model_format!r} is not {FORMAT} or {CONDITIONED_FORMAT}, which this "
            f"version reads; {MEND}"
        )
    needed_fields = (
        NEEDED_FIELDS | {"conditioning"} if model_format == CONDITIONED_FORMAT else NEEDED_FIELDS
    )
    missing = sorted(needed_fields.difference(description))
    if missing:
        raise ModelSourceError(f"{path} lacks {', '.join(missing)}; {MEND}")
    return description
