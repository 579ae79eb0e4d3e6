"""A folder of Parquet files as one table."""

import json
from pathlib import Path

import pandas as pd
from kedro.io import DatasetError
from kedro_datasets._typing import TablePreview

from ccnlp.datasets.local_dataset import LocalDataset


class TableFolderDataset(LocalDataset[None, pd.DataFrame]):
    """Loads all Parquet files of a folder, in the order of their names, as one table.

    A column that a file lacks is missing in its rows. Pandas and pyarrow take the columns of the
    first file instead, and lose those of other tasks. Text is `string`, missing `pd.NA`.
    """

    def load(self) -> pd.DataFrame:
        """The table."""
        return self._read(self._files())

    def save(self, data: None) -> None:
        """The files are written by a `TablesByCorpusDataset` on the same folder."""
        raise TypeError(f"{self._filepath} is written file by file: save to its partitions")

    def preview(self, nrows: int = 5) -> TablePreview:
        """The first rows, for kedro-viz."""
        table = self._read(self._files()[:1]).head(nrows)
        # Kedro-viz can't show columns of lists.
        list_columns = table.select_dtypes("object").columns
        table = table.astype(dict.fromkeys(list_columns, "str"))
        return json.loads(table.to_json(orient="split", force_ascii=False))

    def _files(self) -> list[Path]:
        files = sorted(self._filepath.rglob("*.parquet"))
        if not files:
            raise DatasetError(f"{self._filepath} has no Parquet files")
        return files

    def _read(self, files: list[Path]) -> pd.DataFrame:
        import pyarrow as pa
        from pyarrow import parquet

        tables = [parquet.ParquetFile(file).read() for file in files]
        table = pa.concat_tables(tables, promote_options="permissive")
        types = {pa.string(): pd.StringDtype(), pa.large_string(): pd.StringDtype()}
        return table.to_pandas(types_mapper=types.get)

    def _exists(self) -> bool:
        return any(self._filepath.rglob("*.parquet"))
