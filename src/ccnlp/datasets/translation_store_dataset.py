"""The translations store."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from ccnlp.augmentation.store import TranslationStore


class TranslationStoreDataset(AbstractDataset[None, TranslationStore]):
    """Loads to the live store in a SQLite file: what a node adds is written at once.

    Args:
        filepath: of the SQLite file.
        metadata: for kedro-viz and the tracking hook.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> TranslationStore:
        """The store; the file is made when it is first written or read."""
        return TranslationStore(self._filepath)

    def save(self, data: None) -> None:
        """A store is only handed out."""
        raise TypeError(f"{self._filepath} is a store that nodes write into: it cannot be saved")

    def _exists(self) -> bool:
        return self._filepath.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
