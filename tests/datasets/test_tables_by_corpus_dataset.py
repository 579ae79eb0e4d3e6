import gc
import weakref

import pandas as pd
import pytest
from kedro.io import DatasetError

from ccnlp.datasets import tables_by_corpus_dataset
from ccnlp.datasets.tables_by_corpus_dataset import TablesByCorpusDataset


@pytest.fixture
def dataset(tmp_path):
    return TablesByCorpusDataset(filepath=str(tmp_path / "tables"))


def table(number):
    return lambda: pd.DataFrame({"number": [number]})


def test_tables_are_loaded_when_they_are_asked_for(dataset, tmp_path):
    dataset.save({"a": table(1), "b": table(2)})

    loaded = dataset.load()
    (tmp_path / "tables" / "a.parquet").unlink()

    assert list(loaded) == ["a", "b"]
    assert loaded["b"]()["number"].tolist() == [2]
    with pytest.raises(FileNotFoundError):
        loaded["a"]()


def test_columns_that_are_asked_for_are_loaded_as_far_as_they_are_there(dataset):
    dataset.save({"a": lambda: pd.DataFrame({"number": [1], "text": ["one"], "label": ["x"]})})
    loaded = dataset.load()["a"](columns={"label", "number", "tokens"})
    assert loaded.to_dict("list") == {"number": [1], "label": ["x"]}


def test_one_table_is_in_memory_while_tables_are_saved(dataset):
    tables = []

    def make():
        gc.collect()
        assert not [reference for reference in tables if reference() is not None]
        made = pd.DataFrame({"number": range(10)})
        tables.append(weakref.ref(made))
        return made

    dataset.save({"a": make, "b": make, "c": make})
    assert len(tables) == 3


def test_large_tables_are_written_in_groups_of_rows(dataset, tmp_path, monkeypatch):
    from pyarrow import parquet

    monkeypatch.setattr(tables_by_corpus_dataset, "ROWS_PER_GROUP", 4)
    dataset.save({"a": lambda: pd.DataFrame({"number": range(10)})})

    assert parquet.ParquetFile(tmp_path / "tables" / "a.parquet").metadata.num_row_groups == 3
    assert dataset.load()["a"]()["number"].tolist() == list(range(10))


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
