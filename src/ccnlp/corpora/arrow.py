"""Arrow tables as raw columns."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def columns_of_arrow(batch: "pa.RecordBatch | pa.Table") -> dict[str, list[object]]:
    """The cells by column; those of nested records by names with a dot.

    Bytes that are no UTF-8 become surrogates, so that only their row is lost.
    """
    import pyarrow as pa

    table = pa.table(batch) if isinstance(batch, pa.RecordBatch) else batch
    while any(pa.types.is_struct(column.type) for column in table.schema):
        table = table.flatten()
    return {name: _cells(table.column(i)) for i, name in enumerate(table.column_names)}


def _cells(column: "pa.ChunkedArray") -> list[object]:
    try:
        return list(column.to_pylist())
    except UnicodeDecodeError:
        return [
            None if cell is None else cell.decode("utf-8", "surrogateescape")
            for cell in column.cast("binary").to_pylist()
        ]
