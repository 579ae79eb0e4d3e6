"""A table a corpus, written together."""

from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

import pandas as pd
from kedro.io import DatasetError

from ccnlp.datasets.local_dataset import LocalDataset
from ccnlp.folders import replacing

Tables = dict[str, Callable[..., pd.DataFrame]]

ROWS_PER_GROUP = 100_000
"""Written and read at once, beside what the table takes itself."""


class TablesByCorpusDataset(LocalDataset[Tables, Tables]):
    """Saves tables as Parquet files of one folder, which is there whole or not at all.

    Tables come and go as callables, each called when its file is written or its table is needed:
    one is in memory at a time. Those that are loaded take `columns`, the names of those needed, of
    which the table may lack some. A run that is killed while it writes leaves what was there
    before.
    """

    def load(self) -> Tables:
        """What loads each table, by corpus.

        Raises:
            DatasetError: there are none.
        """
        files = sorted(self._filepath.glob("*.parquet"))
        if not files:
            raise DatasetError(f"{self._filepath} has no Parquet files")
        return {file.stem: partial(_read, file) for file in files}

    def save(self, data: Tables) -> None:
        """Makes and writes every table; those of corpora that are gone go, too."""
        import pyarrow as pa

        with replacing(self._filepath) as partial_folder:
            for corpus, make in data.items():
                path = partial_folder / f"{corpus}.parquet"
                make().to_parquet(path, index=False, row_group_size=ROWS_PER_GROUP)
                # Arrow keeps what a table took for the next one: a third of a GiB a million rows.
                pa.default_memory_pool().release_unused()

    def _exists(self) -> bool:
        return any(self._filepath.glob("*.parquet"))


def _read(file: Path, columns: Collection[str] | None = None) -> pd.DataFrame:
    """The table, or those of its columns; without a copy of the file in memory."""
    from pyarrow import parquet

    if columns is not None:
        columns = [name for name in parquet.read_schema(file).names if name in columns]
    return pd.read_parquet(file, columns=columns, pre_buffer=False)
