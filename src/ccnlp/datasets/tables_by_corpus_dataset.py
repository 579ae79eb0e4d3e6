"""A table a corpus, written together."""

from collections.abc import Callable
from functools import partial

import pandas as pd
from kedro.io import DatasetError

from ccnlp.datasets.local_dataset import LocalDataset
from ccnlp.folders import replacing

Tables = dict[str, Callable[[], pd.DataFrame]]


class TablesByCorpusDataset(LocalDataset[Tables, Tables]):
    """Saves tables as Parquet files of one folder, which is there whole or not at all.

    Tables come and go as callables, each called when its file is written or its table is needed:
    one is in memory at a time. A run that is killed while it writes leaves what was there before.
    """

    def load(self) -> Tables:
        """What loads each table, by corpus.

        Raises:
            DatasetError: there are none.
        """
        files = sorted(self._filepath.glob("*.parquet"))
        if not files:
            raise DatasetError(f"{self._filepath} has no Parquet files")
        return {file.stem: partial(pd.read_parquet, file) for file in files}

    def save(self, data: Tables) -> None:
        """Makes and writes every table; those of corpora that are gone go, too."""
        with replacing(self._filepath) as partial_folder:
            for corpus, make in data.items():
                make().to_parquet(partial_folder / f"{corpus}.parquet", index=False)

    def _exists(self) -> bool:
        return any(self._filepath.glob("*.parquet"))
