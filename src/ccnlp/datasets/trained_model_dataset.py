"""A trained model in a checkpoint folder."""

from ccnlp.datasets.local_dataset import LocalDataset
from ccnlp.models.trained import TrainedModel


class TrainedModelDataset(LocalDataset[TrainedModel, TrainedModel]):
    """Saves and loads a `TrainedModel`."""

    def load(self) -> TrainedModel:
        """The model."""
        return TrainedModel.load(self._filepath)

    def save(self, data: TrainedModel) -> None:
        """Writes the folder, whole or not at all."""
        data.save(self._filepath)

    def _exists(self) -> bool:
        return self._filepath.is_dir()
