import pandas as pd
import pytest
from kedro.io import DatasetError

from ccnlp.datasets.tables_by_corpus_dataset import TablesByCorpusDataset


@pytest.fixture
def dataset(tmp_path):
    return TablesByCorpusDataset(filepath=str(tmp_path / "tables"))


def table(number):
    return lambda: pd.DataFrame({"number": [number]})


def test_tables_are_loaded_when_they_are_asked_for(dataset):
    dataset.save({"a": table(1), "b": table(2)})

    loaded = dataset.load()

    assert {name: load()["number"].tolist() for name, load in loaded.items()} == {
        "a": [1],
        "b": [2],
    }


def test_tables_of_corpora_that_are_gone_go_too(dataset):
    dataset.save({"a": table(1), "b": table(2)})
    dataset.save({"b": table(3)})

    assert list(dataset.load()) == ["b"]


def test_tables_stay_what_they_were_when_one_of_the_new_fails(dataset):
    dataset.save({"a": table(1), "b": table(2)})

    def fail():
        raise ValueError("no such table")

    with pytest.raises(DatasetError, match="no such table"):
        dataset.save({"a": table(9), "b": fail})

    assert {name: load()["number"].tolist() for name, load in dataset.load().items()} == {
        "a": [1],
        "b": [2],
    }


def test_folder_without_tables_is_an_error(dataset):
    assert not dataset.exists()
    with pytest.raises(DatasetError, match="has no Parquet files"):
        dataset.load()
