"""The folder of one training: what a killed run needs to go on, and what a finished one gave."""

import hashlib
import json
import logging
import os
import re
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ccnlp.conditioning.base import Conditioning
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.tasks.base import Task
from ccnlp.training.fingerprint import fingerprint_arithmetic, fingerprint_code
from ccnlp.training.parameters import TrainingParameters

if TYPE_CHECKING:
    import pyarrow as pa

    from ccnlp.models.network import Attention

logger = logging.getLogger(__name__)

History = Sequence[Mapping[str, float]]
"""Trainer's log: an entry a logged step."""

NOT_REPORTED = frozenset(
    {"step", "epoch", "total_flos", "train_runtime", "train_loss"}
    | {"train_samples_per_second", "train_steps_per_second"}
)
"""What Trainer sums up at the end: of a resumed run since its resumption, and a batch a sample."""

OF_VALIDATION = "eval_"
"""How Trainer's log marks the metrics of validation."""

HISTORY_FILE = "history.json"
ATTENTION_FILE = "attention.json"
BEST_WEIGHTS = re.compile(r"best-(\d+)\.safetensors")
"""Name of the file with the best weights; the number is their step."""


@dataclass(frozen=True)
class RunFolder:
    """Checkpoints while a training goes on; its best weights and history once it is finished.

    A finished training stays until one with other inputs begins, so that nothing is lost when the
    process is killed before the model is saved.
    """

    path: Path

    @classmethod
    def of(
        cls,
        checkpoints: Path,
        features: "Mapping[str, pa.Table]",
        *,
        encoder: EncoderCheckpoint,
        tasks: Mapping[str, Task],
        parameters: TrainingParameters,
        conditioning: Conditioning | None = None,
    ) -> "RunFolder":
        """The folder of trainings with these inputs; those of others are removed.

        Other inputs are also another version of the code that trains or of its libraries, another
        device or another precision: none of them would give the same weights.
        """
        without_effect = {"validation": {"seconds_between_checkpoints"}}
        digest = hashlib.sha256(parameters.model_dump_json(exclude=without_effect).encode())
        digest.update(encoder.identity.encode())
        digest.update(
            f"{fingerprint_code()} {fingerprint_arithmetic(parameters.precision)}".encode()
        )
        if conditioning:
            digest.update(json.dumps(conditioning.describe()).encode())
        for name, task in sorted(tasks.items()):
            digest.update(f"{name} {task.parameters.model_dump_json()}".encode())
            for batch in features[name].combine_chunks().to_batches():
                digest.update(batch.serialize())
        path = checkpoints / digest.hexdigest()[:16]
        for other_path in checkpoints.iterdir():
            if other_path.is_dir() and other_path != path:
                shutil.rmtree(other_path)
        path.mkdir(exist_ok=True)
        return cls(path)

    def remove_damaged(self) -> None:
        """Removes what can't be read, as after a loss of power, so that the rest serves again.

        Without its best weights a training can't be taken up: then it begins anew.
        """
        if not self._can_be_taken_up():
            logger.warning(f"training: {self.path} is damaged, and the training begins anew")
            shutil.rmtree(self.path)
            self.path.mkdir()
        for state_file in self.path.glob("checkpoint-*/trainer_state.json"):
            if not all(map(_is_whole, state_file.parent.iterdir())):
                logger.warning(
                    f"training: {state_file.parent.name} is damaged, and is not gone on from"
                )
                shutil.rmtree(state_file.parent)

    def _can_be_taken_up(self) -> bool:
        weights = [path for _, path in best_weights(self.path)]
        is_finished = (self.path / HISTORY_FILE).exists()
        return all(map(_is_whole, [*self.path.glob("*.json"), *weights])) and (
            bool(weights) or not is_finished
        )

    def last_checkpoint(self) -> Path | None:
        """The latest complete checkpoint; Trainer writes its state last."""
        checkpoints = [path.parent for path in self.path.glob("checkpoint-*/trainer_state.json")]
        return max(checkpoints, key=lambda path: int(path.name.split("-")[1]), default=None)

    def attention(self) -> "Attention | None":
        """The implementation that the training began with."""
        file = self.path / ATTENTION_FILE
        return cast("Attention", json.loads(file.read_text())) if file.exists() else None

    def note_attention(self, attention: "Attention") -> None:
        """Keeps the implementation, so that a resumed training computes the same."""
        _write(self.path / ATTENTION_FILE, attention)

    def history(self) -> History | None:
        """The log of a finished training, or `None`."""
        file = self.path / HISTORY_FILE
        return cast(History, json.loads(file.read_text())) if file.exists() else None

    def finish(self, history: History) -> None:
        """Marks the training as finished, and makes room: only the best weights stay."""
        _write(self.path / HISTORY_FILE, list(history))
        for checkpoint in self.path.glob("checkpoint-*"):
            shutil.rmtree(checkpoint)
        for _, path in best_weights(self.path)[:-1]:
            path.unlink()


def reported_metrics(entry: Mapping[str, float]) -> dict[str, float]:
    """What of an entry of Trainer's log is told, that of validation as `validation_...`.

    >>> reported_metrics({"step": 3, "loss": 0.5, "eval_qa/f1": 0.25, "epoch": 1.0})
    {'loss': 0.5, 'validation_qa/f1': 0.25}
    """
    return {
        f"validation_{name.removeprefix(OF_VALIDATION)}"
        if name.startswith(OF_VALIDATION)
        else name: float(value)
        for name, value in entry.items()
        if name not in NOT_REPORTED
    }


def best_weights(folder: Path) -> list[tuple[int, Path]]:
    """The files with the weights that were the best yet at their steps; the last one is now."""
    matches = [(BEST_WEIGHTS.fullmatch(path.name), path) for path in folder.iterdir()]
    return sorted((int(match[1]), path) for match, path in matches if match)


def _is_whole(path: Path) -> bool:
    """Whether a file can be read: the ends of archives and the sizes of weights tell a cut one."""
    from safetensors import SafetensorError, safe_open

    try:
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".safetensors":
            with safe_open(path, framework="np"):
                pass
        elif path.suffix in (".pt", ".pth", ".bin"):  # torch's archives
            return zipfile.is_zipfile(path)
    except (OSError, ValueError, SafetensorError):
        return False
    return True


def _write(path: Path, content: Any) -> None:
    partial = path.with_name(f".{path.name}")
    partial.write_text(json.dumps(content))
    os.replace(partial, path)
