"""Arrow tables as raw columns."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from ccnlp.corpora.raw import distinct_names
from ccnlp.errors import CorpusError

if TYPE_CHECKING:
    import pyarrow as pa


def columns_of_arrow(batch: "pa.RecordBatch | pa.Table") -> dict[str, list[object]]:
    """The cells by column, all of them converted; see `ArrowColumns`."""
    return dict(ArrowColumns(batch))


class ArrowColumns(Mapping[str, list[object]]):
    """The cells by column, each converted when it is asked for: most columns never are.

    Nested records are columns with a dot; a name that stands twice is none, as in a csv header.
    Bytes are text in UTF-8, and those that are none become surrogates, so that only their row is
    lost. Times that Python does not know are the numbers stored.
    """

    def __init__(self, batch: "pa.RecordBatch | pa.Table") -> None:
        import pyarrow as pa

        table = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
        while any(pa.types.is_struct(column.type) for column in table.schema):
            table = table.flatten()
        names = distinct_names(table.column_names)
        self._columns = dict(zip(names, table.columns, strict=True))
        self._cells: dict[str, list[object]] = {}

    def __getitem__(self, name: str) -> list[object]:
        if name not in self._cells:
            self._cells[name] = _cells(self._columns[name], name)
        return self._cells[name]

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


def _cells(column: "pa.ChunkedArray", name: str) -> list[object]:
    import pyarrow as pa

    with suppress(ValueError, OverflowError):  # no UTF-8, out of range, an unknown time zone
        cells: list[object] = column.to_pylist()
        return cells if pa.types.is_string(column.type) else list(map(_decode, cells))
    try:
        return list(map(_decode, column.cast(_as_stored(column.type)).to_pylist()))
    except (ValueError, OverflowError, pa.ArrowException) as error:
        raise CorpusError(f"column {name!r} ({column.type}) can't be read: {error}") from error


def _as_stored(kind: "pa.DataType") -> "pa.DataType":
    """The type as which values are had that Python has no object for."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return _as_stored(kind.value_type)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.large_list(_as_stored(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_as_stored(field.type)) for field in kind])
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pa.large_binary()
    if pa.types.is_timestamp(kind) or pa.types.is_duration(kind) or pa.types.is_date64(kind):
        return pa.int64()
    return pa.int32() if pa.types.is_date32(kind) else kind


def _decode(cell: object) -> object:
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "surrogateescape")
    if isinstance(cell, list | tuple):  # a map is a list of pairs
        return [_decode(item) for item in cell]
    if isinstance(cell, dict):
        return {key: _decode(value) for key, value in cell.items()}
    return cell
