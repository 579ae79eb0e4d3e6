import pandas as pd
import pytest
from kedro.io import DatasetError

from ccnlp.datasets.table_folder_dataset import TableFolderDataset


def write(folder, name: str, **columns) -> None:
    folder.mkdir(exist_ok=True)
    pd.DataFrame(columns).to_parquet(folder / f"{name}.parquet", index=False)


def test_load_joins_files_in_the_order_of_their_names(tmp_path) -> None:
    write(tmp_path / "examples", "b", text=["two"])
    write(tmp_path / "examples", "a", text=["one"])
    table = TableFolderDataset(filepath=str(tmp_path / "examples")).load()

    assert table["text"].tolist() == ["one", "two"]
    assert table["text"].dtype == "string"


def test_load_keeps_the_columns_of_every_task(tmp_path) -> None:
    write(tmp_path / "examples", "reviews", text=["one"], label=["positive"])
    write(tmp_path / "examples", "names", tokens=[["Ada", "Lovelace"]], label=[None])
    table = TableFolderDataset(filepath=str(tmp_path / "examples")).load()

    assert table["label"].isna().tolist() == [True, False]
    assert table["label"].iloc[0] is pd.NA
    assert list(table["tokens"].iloc[0]) == ["Ada", "Lovelace"]


def test_preview_is_of_the_first_rows(tmp_path) -> None:
    write(tmp_path / "examples", "reviews", text=["one", "two"])
    preview = TableFolderDataset(filepath=str(tmp_path / "examples")).preview(nrows=1)
    assert preview == {"columns": ["text"], "index": [0], "data": [["one"]]}


def test_preview_shows_lists_as_text(tmp_path) -> None:
    write(tmp_path / "examples", "posts", label_counts=[[1.0, 2.0]])
    preview = TableFolderDataset(filepath=str(tmp_path / "examples")).preview()
    assert preview["data"] == [["[1. 2.]"]]


def test_load_of_an_empty_folder_fails(tmp_path) -> None:
    dataset = TableFolderDataset(filepath=str(tmp_path))
    assert not dataset.exists()
    with pytest.raises(DatasetError, match="has no Parquet files"):
        dataset.load()


def test_save_is_refused(tmp_path) -> None:
    with pytest.raises(DatasetError, match="save to its partitions"):
        TableFolderDataset(filepath=str(tmp_path)).save(pd.DataFrame())
