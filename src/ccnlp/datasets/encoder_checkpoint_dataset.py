"""The encoder's local checkpoint: a note of where it lies and where it came from."""

import json
from dataclasses import asdict
from pathlib import Path

from ccnlp.datasets.local_dataset import LocalDataset
from ccnlp.errors import ModelSourceError
from ccnlp.models.checkpoint import EncoderCheckpoint

MEND = "run `kedro run --pipelines ingestion` to have it again"


class EncoderCheckpointDataset(LocalDataset[EncoderCheckpoint, EncoderCheckpoint]):
    """Saves an `EncoderCheckpoint` as JSON; the weights stay where they are."""

    def load(self) -> EncoderCheckpoint:
        """The checkpoint.

        Raises:
            ModelSourceError: the folder is gone, or the note is torn.
        """
        checkpoint = self._read()
        if not checkpoint.folder.is_dir():
            raise ModelSourceError(f"the encoder's folder {checkpoint.folder} is gone; {MEND}")
        return checkpoint

    def save(self, data: EncoderCheckpoint) -> None:
        """Writes the note."""
        self._filepath.parent.mkdir(parents=True, exist_ok=True)
        note = {**asdict(data), "folder": str(data.folder.resolve())}
        self._filepath.write_text(json.dumps(note, indent=2), encoding="utf-8")

    def _read(self) -> EncoderCheckpoint:
        try:
            note = json.loads(self._filepath.read_text(encoding="utf-8"))
            return EncoderCheckpoint(**{**note, "folder": Path(note["folder"])})
        except (OSError, ValueError, TypeError, KeyError) as error:
            reason = f"no {error}" if isinstance(error, KeyError) else error
            raise ModelSourceError(
                f"{self._filepath} is no note of an encoder ({reason}); {MEND}"
            ) from error

    def _exists(self) -> bool:
        return self._filepath.exists() and self._read().folder.is_dir()
