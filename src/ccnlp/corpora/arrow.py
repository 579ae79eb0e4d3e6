"""Arrow tables as raw columns."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, overload

from ccnlp.corpora.raw import distinct_names
from ccnlp.errors import CorpusError

if TYPE_CHECKING:
    import pyarrow as pa


Convert = Callable[[object], object]


def columns_of_arrow(
    batch: "pa.RecordBatch | pa.Table", convert: Mapping[str, Convert] | None = None
) -> "dict[str, Sequence[object]]":
    """The cells by column, none of them converted yet.

    Nested records are columns with a dot; a name that stands twice is none, as in a csv header.

    Args:
        batch: some rows.
        convert: by column, what makes a cell of the value.
    """
    import pyarrow as pa

    table = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
    while any(pa.types.is_struct(column.type) for column in table.schema):
        table = table.flatten()
    columns = zip(distinct_names(table.column_names), table.columns, strict=True)
    return {name: ArrowCells(column, name, (convert or {}).get(name)) for name, column in columns}


class ArrowCells(Sequence[object]):
    """The cells of a column, converted when they are asked for: one, or all of them once.

    Most columns never are, and of those that no field needs only the cells of rejected rows. Bytes
    are text in UTF-8, and those that are none become surrogates, so that only their row is lost.
    Times that Python does not know are the numbers stored.
    """

    def __init__(self, column: "pa.ChunkedArray", name: str, convert: Convert | None) -> None:
        self._column = column
        self._name = name
        self._convert = convert
        self._all_cells: list[object] | None = None

    def __len__(self) -> int:
        return len(self._column)

    def __iter__(self) -> Iterator[object]:
        if self._all_cells is None:
            self._all_cells = self._converted(self._column)
        return iter(self._all_cells)

    @overload
    def __getitem__(self, index: int) -> object: ...
    @overload
    def __getitem__(self, index: slice) -> list[object]: ...
    def __getitem__(self, index: int | slice) -> object:
        if self._all_cells is not None:
            return self._all_cells[index]
        if isinstance(index, slice):
            return list(self)[index]
        return self._converted(self._column.slice(range(len(self))[index], 1))[0]

    def _converted(self, column: "pa.ChunkedArray") -> list[object]:
        cells = _cells(column, self._name)
        return cells if self._convert is None else list(map(self._convert, cells))


def _cells(column: "pa.ChunkedArray", name: str) -> list[object]:
    import pyarrow as pa

    with suppress(ValueError, OverflowError):  # no UTF-8, out of range, an unknown time zone
        cells: list[object] = column.to_pylist()
        return cells if pa.types.is_string(column.type) else list(map(_decode, cells))
    try:
        return list(map(_decode, column.cast(_as_stored(column.type)).to_pylist()))
    except (ValueError, OverflowError, pa.ArrowException) as error:
        raise CorpusError(f"column {name!r} ({column.type}) can't be read: {error}") from error


def _as_stored(arrow_type: "pa.DataType") -> "pa.DataType":
    """The type as which values are had that Python has no object for."""
    import pyarrow as pa

    if pa.types.is_dictionary(arrow_type):
        return _as_stored(arrow_type.value_type)
    if pa.types.is_list(arrow_type) or pa.types.is_large_list(arrow_type):
        return pa.large_list(_as_stored(arrow_type.value_type))
    if pa.types.is_struct(arrow_type):
        return pa.struct([field.with_type(_as_stored(field.type)) for field in arrow_type])
    if pa.types.is_string(arrow_type) or pa.types.is_large_string(arrow_type):
        return pa.large_binary()
    if (
        pa.types.is_timestamp(arrow_type)
        or pa.types.is_duration(arrow_type)
        or pa.types.is_date64(arrow_type)
    ):
        return pa.int64()
    return pa.int32() if pa.types.is_date32(arrow_type) else arrow_type


def _decode(cell: object) -> object:
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "surrogateescape")
    if isinstance(cell, list | tuple):  # a map is a list of pairs
        return [_decode(item) for item in cell]
    if isinstance(cell, dict):
        return {key: _decode(value) for key, value in cell.items()}
    return cell
