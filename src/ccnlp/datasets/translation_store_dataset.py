"""The translations store."""

from ccnlp.augmentation.store import TranslationStore
from ccnlp.datasets.local_dataset import LocalDataset


class TranslationStoreDataset(LocalDataset[None, TranslationStore]):
    """Loads to the live store in a SQLite file: what a node adds is written at once."""

    def load(self) -> TranslationStore:
        """The store; the file is made when it is first written or read."""
        return TranslationStore(self._filepath)

    def save(self, data: None) -> None:
        """A store is only handed out."""
        raise TypeError(f"{self._filepath} is a store that nodes write into: it cannot be saved")
