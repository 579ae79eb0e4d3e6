"""Arrow tables by name, one file each in a folder."""

from typing import TYPE_CHECKING

from kedro.io import DatasetError

from ccnlp.datasets.local_dataset import LocalDataset
from ccnlp.folders import replacing

if TYPE_CHECKING:
    import pyarrow as pa


class ArrowTablesDataset(LocalDataset["dict[str, pa.Table]", "dict[str, pa.Table]"]):
    """Saves a dict of tables as Arrow files that are mapped into memory when they are loaded."""

    def load(self) -> "dict[str, pa.Table]":
        """The tables by name.

        Raises:
            DatasetError: there are none.
        """
        from pyarrow import feather

        files = sorted(self._filepath.glob("*.arrow"))
        if not files:
            raise DatasetError(f"{self._filepath} has no Arrow files")
        return {path.stem: feather.read_table(path, memory_map=True) for path in files}

    def save(self, data: "dict[str, pa.Table]") -> None:
        """Writes all tables in place of what is there."""
        from pyarrow import feather

        with replacing(self._filepath) as partial:
            for name, table in data.items():
                feather.write_feather(table, partial / f"{name}.arrow", compression="uncompressed")

    def _exists(self) -> bool:
        return any(self._filepath.glob("*.arrow"))
