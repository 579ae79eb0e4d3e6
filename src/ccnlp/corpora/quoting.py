"""Quoted cells of several lines: texts that go on, or rows that two stray quotes took in.

Two stray quotes, at the start of one cell and at the end of a later row's, leave a row of the right
number of columns with whole rows inside. Lines of a text hold commas too; what lines of a text
don't hold is the values of the other columns.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

Verdict = Literal["rows", "unclear", "unlikely", "text"]
"""What the lines of a row are: rows of their own; perhaps such; such in form but not in values; a
text."""

MIN_ROWS = 20
"""Of fewer rows it is not known which columns hold but a few values."""
VALUES_PER_ROW = 0.2
"""A column with at most this many distinct values a row holds labels, languages or the like."""

Split = Callable[[str], list[str]]


class KnownValues:
    """The values of a file's first rows by column, and which columns hold only a few."""

    def __init__(self, num_columns: int, rows: Iterable[Sequence[str]]) -> None:
        whole_rows = [row for row in rows if len(row) == num_columns]
        self._values: list[set[str]] = [
            {row[i] for row in whole_rows if "\n" not in row[i] and row[i].strip()}
            for i in range(num_columns)
        ]
        self._is_closed = [
            len(whole_rows) >= MIN_ROWS and 0 < len(values) <= VALUES_PER_ROW * len(whole_rows)
            for values in self._values
        ]

    def has(self, column: int, value: str, *, row_cell: str) -> bool:
        """Whether other rows, or the cell of the row itself, have the value in the column."""
        return value.strip() != "" and (value == row_cell or value in self._values[column])

    def is_closed(self, column: int) -> bool:
        """Whether the column holds only a few values, such as labels."""
        return self._is_closed[column]


class _Line(NamedTuple):
    """A line as cells, without the quote that opens or closes on it, and what it may tell.

    Attributes:
        cells: what stands between the delimiters.
        telling: cells by column that would be the row's own, were the line one.
    """

    cells: list[str]
    telling: dict[int, str]

    def is_row(self, num_columns: int) -> bool:
        """Whether it has all columns, and is written as a row."""
        return len(self.cells) == num_columns and _is_tight(self.cells)

    def has_decimal_comma(self) -> bool:
        """Whether its one delimiter may be that of a number."""
        return len(self.cells) == 2 and self.cells[0][-1:].isdigit() and self.cells[1][:1].isdigit()


def judge_lines(row: list[str], known_values: KnownValues, split: Split) -> Verdict:
    """What the lines are that a row with all its columns stands on.

    Args:
        row: its cells, of which one at least has line breaks.
        known_values: the values of the file.
        split: a line into cells; none where it can't be.
    """
    if len(row) == 1:  # any line would be a row
        return "text"
    order: tuple[Verdict, ...] = ("rows", "unclear", "unlikely", "text")
    verdicts = {
        _judge_cell(row, i, known_values, split) for i, cell in enumerate(row) if "\n" in cell
    }
    return next(verdict for verdict in order if verdict in verdicts)


def _judge_cell(row: list[str], column: int, known_values: KnownValues, split: Split) -> Verdict:
    cells_of_lines = [split(line.rstrip("\r")) for line in row[column].split("\n")]
    if not _may_be_rows(cells_of_lines, column, len(row)):  # most texts
        return "text"
    lines = _lines_of_cell(row, column, cells_of_lines)
    is_row = [line.is_row(len(row)) for line in lines]
    is_familiar = any(_is_familiar(line, row, known_values) for line in lines)
    if is_familiar and all(is_row[1:]):
        return "rows"
    is_strange = any(_is_strange(line, row, known_values) for line in lines)
    if is_familiar or (all(is_row) and not is_strange):
        return "unclear"
    return "unlikely" if all(is_row) else "text"


def _may_be_rows(cells_of_lines: list[list[str]], column: int, num_columns: int) -> bool:
    """Whether a line has as many cells as stand in a row before, behind or around the column."""
    first, *middle, last = cells_of_lines
    has_tail = len(first) > num_columns - column - 1 > 0
    return has_tail or len(last) > column > 0 or any(len(cells) == num_columns for cells in middle)


def _lines_of_cell(row: list[str], column: int, cells_of_lines: list[list[str]]) -> list[_Line]:
    first, *middle, last = cells_of_lines
    num_columns = len(row)
    num_after = num_columns - column - 1
    # Texts on the first and last line may have delimiters of their own before and after the cells
    # that tell: a line whose closing or opening quote is the one that is missing.
    tail = first[len(first) - num_after :] if len(first) > num_after else []
    head = last[:column] if len(last) > column and _is_tight(last[: column + 1]) else []
    return [
        _Line(
            [*row[:column], *first], dict(zip(range(column + 1, num_columns), tail, strict=False))
        ),
        *(_Line(cells, _telling(cells, column, num_columns)) for cells in middle),
        _Line([*last, *row[column + 1 :]], dict(enumerate(head))),
    ]


def _telling(cells: list[str], column: int, num_columns: int) -> dict[int, str]:
    if len(cells) != num_columns or not _is_tight(cells):
        return {}
    return {i: cell for i, cell in enumerate(cells) if i != column}


def _is_tight(cells: list[str]) -> bool:
    """Whether no blank follows a delimiter, as in texts."""
    return not any(cell[:1].isspace() for cell in cells[1:])


def _is_familiar(line: _Line, row: list[str], known_values: KnownValues) -> bool:
    """Whether the line has a known value in a column, and no unknown one where few are known."""
    if line.has_decimal_comma() or _is_strange(line, row, known_values):
        return False
    return any(known_values.has(i, value, row_cell=row[i]) for i, value in line.telling.items())


def _is_strange(line: _Line, row: list[str], known_values: KnownValues) -> bool:
    return any(
        known_values.is_closed(i) and not known_values.has(i, value, row_cell=row[i])
        for i, value in line.telling.items()
    )
