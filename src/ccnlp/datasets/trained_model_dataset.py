"""A trained model in a checkpoint folder."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from ccnlp.models.trained import TrainedModel


class TrainedModelDataset(AbstractDataset[TrainedModel, TrainedModel]):
    """Saves and loads a `TrainedModel`.

    Args:
        filepath: the folder.
        metadata: for kedro-viz and the tracking hook.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> TrainedModel:
        """The model."""
        return TrainedModel.load(self._filepath)

    def save(self, data: TrainedModel) -> None:
        """Writes the folder, whole or not at all."""
        data.save(self._filepath)

    def _exists(self) -> bool:
        return self._filepath.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
