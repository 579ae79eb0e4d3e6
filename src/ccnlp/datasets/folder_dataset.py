"""A folder that a node works in, such as one for checkpoints."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset


class FolderDataset(AbstractDataset[None, Path]):
    """Loads to the path of a folder, made when missing.

    Args:
        filepath: the folder.
        metadata: for kedro-viz and the tracking hook.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> Path:
        """The folder."""
        self._filepath.mkdir(parents=True, exist_ok=True)
        return self._filepath

    def save(self, data: None) -> None:
        """A folder is only handed out."""
        raise TypeError(f"{self._filepath} is a folder that nodes work in: it cannot be saved")

    def _exists(self) -> bool:
        return self._filepath.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
