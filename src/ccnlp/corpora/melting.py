"""Columns of one kind of value, such as a label for each country, that become rows."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import Field, field_validator, model_validator

from ccnlp.corpora.cells import as_text
from ccnlp.corpora.files import PLACEHOLDER, SourceFile
from ccnlp.corpora.raw import ROWS_PER_BATCH, Picked, RawBatch
from ccnlp.corpora.values import PARAMETERS_FILE, FilledText, Name, StrictModel
from ccnlp.errors import CorpusError, listed


class Melt(StrictModel):
    """Which columns become rows, and what their cells are called."""

    columns: FilledText = Field(
        description="names of the columns, such as `{country}_Hate`; what stands for the "
        "placeholder becomes a column of its name"
    )
    value: Name = Field(description="the column that holds their cells, such as annotation")

    @field_validator("columns")
    @classmethod
    def _has_placeholders(cls, columns: str) -> str:
        names = PLACEHOLDER.findall(columns)
        if not names:
            raise ValueError(f"{columns!r} has no placeholder such as {{country}}")
        for name in names:
            if not name.isidentifier():
                raise ValueError(f"the placeholder {{{name}}} must have a name such as {{country}}")
            if names.count(name) > 1:
                raise ValueError(f"{columns!r} has the placeholder {{{name}}} twice")
        return columns

    @model_validator(mode="after")
    def _have_names_of_their_own(self) -> "Melt":
        if self.value in PLACEHOLDER.findall(self.columns):
            raise ValueError(f"value and a placeholder of columns are both called {self.value!r}")
        return self

    def match(self, columns: Iterable[str]) -> dict[str, dict[str, str]]:
        """By column that the pattern names, what stands for its placeholders."""
        first, *rest = PLACEHOLDER.split(self.columns)  # name and literal in turn
        pattern = re.escape(first) + "".join(
            f"(?P<{name}>.+?){re.escape(literal)}"
            for name, literal in zip(rest[::2], rest[1::2], strict=True)
        )
        matches = {column: re.fullmatch(pattern, column, re.DOTALL) for column in columns}
        return {column: match.groupdict() for column, match in matches.items() if match is not None}


def melt_batches(batches: Iterable[RawBatch], melt: Melt, source: SourceFile) -> Iterator[RawBatch]:
    """The batches of a source with a row for each filled cell of the columns that melt.

    Rows keep their number in the source, and their other columns; what stands for a placeholder is
    a column of its name. An empty cell is no annotation and gives no row; a row without a filled
    cell stays as it is, with the reason why it can't be used.

    Raises:
        CorpusError: no column melts, all cells of those that do are empty, or another column has
            the name of a new one.
    """
    melted_columns: set[str] = set()
    num_rows = num_melted = 0
    other_columns: dict[str, None] = {}
    for batch in batches:
        matches = melt.match(batch.columns)
        melted_columns |= matches.keys()
        other_columns |= dict.fromkeys(name for name in batch.columns if name not in matches)
        _check_names(melt, other_columns, source)
        cells = _Cells.of(batch, matches)
        num_rows += len(batch.rows)
        num_melted += sum(column is not None for column in cells.columns)
        yield from _melted_chunks(batch, melt, matches, cells)
    if num_rows and not melted_columns:
        raise CorpusError(
            f"{source.name} has no column that melt.columns {melt.columns!r} names; it has "
            f"{listed(other_columns)} ({PARAMETERS_FILE})"
        )
    if num_rows and not num_melted:
        raise CorpusError(
            f"{source.name}: all cells of the {len(melted_columns)} columns that melt.columns "
            f"{melt.columns!r} names are empty ({PARAMETERS_FILE})"
        )


def _check_names(melt: Melt, other_columns: Iterable[str], source: SourceFile) -> None:
    for name in (*PLACEHOLDER.findall(melt.columns), melt.value):
        if name in other_columns:
            option = "value" if name == melt.value else f"the placeholder {{{name}}}"
            raise CorpusError(
                f"{source.name} has a column {name!r} that does not melt: give {option} of melt "
                f"another name ({PARAMETERS_FILE})"
            )


@dataclass(frozen=True)
class _Cells:
    """The filled cells of the columns that melt, row by row; one of no column for a row of none.

    Attributes:
        rows: position of each in its batch.
        columns: its column.
        values: what it holds.
    """

    rows: Sequence[int]
    columns: Sequence[str | None]
    values: Sequence[object]

    @classmethod
    def of(cls, batch: RawBatch, columns: Iterable[str]) -> "_Cells":
        cells: list[tuple[int, int, str | None, object]] = [
            (row, column_number, name, cell)
            for column_number, name in enumerate(columns)
            for row, cell in enumerate(batch.columns[name])
            if (as_text(cell) or "").strip()
        ]
        empty_rows = set(range(len(batch.rows))).difference(row for row, _, _, _ in cells)
        cells += [(row, 0, None, None) for row in empty_rows]
        cells.sort(key=lambda cell_of_row: cell_of_row[:2])
        return cls(
            [row for row, _, _, _ in cells],
            [name for _, _, name, _ in cells],
            [cell for _, _, _, cell in cells],
        )

    def chunk(self, start: int) -> "_Cells":
        """As many as a batch has."""
        chunk = slice(start, start + ROWS_PER_BATCH)
        return _Cells(self.rows[chunk], self.columns[chunk], self.values[chunk])


def _melted_chunks(
    batch: RawBatch, melt: Melt, matches: Mapping[str, Mapping[str, str]], cells: _Cells
) -> Iterator[RawBatch]:
    broken = batch.broken
    reason = f"none of the columns that melt.columns {melt.columns!r} names has a value"
    for start in range(0, len(cells.rows), ROWS_PER_BATCH):
        chunk = cells.chunk(start)
        columns: dict[str, Sequence[object]] = {
            name: Picked(column, chunk.rows)
            for name, column in batch.columns.items()
            if name not in matches
        }
        for name in PLACEHOLDER.findall(melt.columns):
            columns[name] = [None if c is None else matches[c][name] for c in chunk.columns]
        columns[melt.value] = chunk.values
        reasons = {i: reason for i, column in enumerate(chunk.columns) if column is None}
        yield RawBatch(columns, [batch.rows[row] for row in chunk.rows], broken, reasons)
        broken = []
    if broken:
        yield RawBatch({}, [], broken)
