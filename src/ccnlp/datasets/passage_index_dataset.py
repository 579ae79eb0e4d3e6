"""An index of passages in a folder."""

from ccnlp.datasets.local_dataset import LocalDataset
from ccnlp.retrieval.index import PassageIndex


class PassageIndexDataset(LocalDataset[PassageIndex, PassageIndex]):
    """Saves and loads a `PassageIndex`, which is checked against what was written."""

    def load(self) -> PassageIndex:
        """The index."""
        return PassageIndex.load(self._filepath)

    def save(self, data: PassageIndex) -> None:
        """Writes the folder, whole or not at all."""
        data.save(self._filepath)

    def _exists(self) -> bool:
        return self._filepath.is_dir()
