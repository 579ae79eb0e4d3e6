import pytest
from kedro.io import DatasetError

from ccnlp.augmentation.store import Direction
from ccnlp.datasets.translation_store_dataset import TranslationStoreDataset

EN_ES = Direction("en", "es", "toy", "1", "")


def test_loads_to_a_live_store(tmp_path):
    dataset = TranslationStoreDataset(filepath=str(tmp_path / "new" / "translations.sqlite"))
    assert not dataset.exists()
    dataset.load().add({"a": "x"}, EN_ES)
    assert dataset.exists()
    assert dataset.load().look_up(["a"], EN_ES) == {"a": "x"}


def test_cannot_be_saved(tmp_path):
    dataset = TranslationStoreDataset(filepath=str(tmp_path / "translations.sqlite"))
    with pytest.raises(DatasetError, match="is a store that nodes write into"):
        dataset.save("anything")


def test_description_names_the_file(tmp_path):
    path = tmp_path / "translations.sqlite"
    assert str(path) in str(TranslationStoreDataset(filepath=str(path), metadata={"a": 1}))
