"""Encoded rows as training reads them: one at a time, out of Arrow's memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from ccnlp.errors import CorpusError
from ccnlp.tasks.base import Features
from ccnlp.tokenisation.encoding import NOT_READ_BY_MODELS
from ccnlp.training.groups import Rows

if TYPE_CHECKING:
    import pyarrow as pa

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class _Column:
    """The values of a column; of row i `values[starts[i]:starts[i + 1]]` where it has lists."""

    values: Array
    starts: Array | None

    def __getitem__(self, row: int) -> Any:
        if self.starts is None:
            return self.values[row]
        return self.values[self.starts[row] : self.starts[row + 1]]


@dataclass(frozen=True)
class FeatureRows(Sequence[Features]):
    """What `collate` reads of a table of features.

    Lists are views of the table's memory, which may be a mapped file: a million rows cost nothing
    until they are read.
    """

    columns: Mapping[str, _Column]
    num_rows: int

    @classmethod
    def of(cls, table: "pa.Table") -> "FeatureRows":
        """The rows of a table that `encode_examples` gave."""
        names = [name for name in table.column_names if name not in NOT_READ_BY_MODELS]
        return cls({name: _read_column(table[name]) for name in names}, table.num_rows)

    def __len__(self) -> int:
        return self.num_rows

    @overload
    def __getitem__(self, index: int) -> Features: ...

    @overload
    def __getitem__(self, index: slice) -> list[Features]: ...

    def __getitem__(self, index: int | slice) -> Features | list[Features]:
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(self.num_rows))]
        return {name: column[index] for name, column in self.columns.items()}


def _read_column(column: "pa.ChunkedArray") -> _Column:
    import pyarrow as pa

    array = column.combine_chunks()
    if not pa.types.is_list(array.type):
        return _Column(array.to_numpy(zero_copy_only=False), None)
    starts = np.asarray(array.offsets)
    return _Column(array.values.to_numpy(zero_copy_only=False), starts)


def rows_of_split(table: "pa.Table", split: str, task: str) -> Rows:
    """Positions of a split's rows in a task's features.

    Raises:
        CorpusError: there are none.
    """
    rows = np.flatnonzero(table["split"].to_numpy() == split).astype(np.int64)
    if not len(rows):
        raise CorpusError(
            f"task {task!r}: no {split} rows to train with; give the task's corpora a {split} "
            "split or ratios (parameters/corpora.yml)"
        )
    return rows
