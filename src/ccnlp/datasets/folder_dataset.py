"""A folder that a node works in, such as one for checkpoints."""

from pathlib import Path

from ccnlp.datasets.local_dataset import LocalDataset


class FolderDataset(LocalDataset[None, Path]):
    """Loads to the path of a folder, made when missing."""

    def load(self) -> Path:
        """The folder."""
        self._filepath.mkdir(parents=True, exist_ok=True)
        return self._filepath

    def save(self, data: None) -> None:
        """A folder is only handed out."""
        raise TypeError(f"{self._filepath} is a folder that nodes work in: it cannot be saved")

    def _exists(self) -> bool:
        return self._filepath.is_dir()
