"""Delimited text: csv, tsv and their dialects."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import BeforeValidator, Field

from ccnlp.corpora.decoding import (
    MAX_LINE_CHARACTERS,
    TextFile,
    TextOptions,
    TextReader,
    printable,
    why_not_text,
)
from ccnlp.corpora.files import SourceFile
from ccnlp.corpora.raw import READERS, BrokenRow, ParsedRow, RawBatch, collect, columns_of_lists
from ccnlp.errors import CorpusError

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

DELIMITERS = ",\t;|"
MAX_LINES_PER_ROW = 2_000
"""A quote that is open for longer was never meant to be one."""
PLAIN_QUOTES = "if quotes are plain text, set options.quotechar to null"
NUM_TELLING_COLUMNS = 5
"""A line with this many columns inside a quoted text is no accident of its commas."""


def _as_character(value: object) -> object:
    return "\t" if value in ("\\t", "tab") else value


Character = Annotated[
    str, BeforeValidator(_as_character), Field(min_length=1, max_length=1, pattern=r"[^\r\n]")
]


class DelimitedOptions(TextOptions):
    """A dialect."""

    delimiter: Character | None = Field(
        default=None,
        description="between columns; if null, a tab in .tsv files and else the one of comma, tab, "
        "semicolon and bar that the first line has most of",
    )
    quotechar: Character | None = Field(
        default='"', description="around columns; null where quotes are plain text"
    )
    escapechar: Character | None = Field(
        default=None, description="before a character taken as it is"
    )
    skip_initial_space: bool = Field(default=False, description="drop blanks after a delimiter")
    skip_lines: int = Field(default=0, ge=0, description="lines before the header or first row")
    column_names: list[str] | None = Field(
        default=None, description="names of the columns, where the file has no header"
    )


@READERS.register("delimited")
class DelimitedReader(TextReader[DelimitedOptions]):
    """A row a line, or more lines where a quoted column goes on."""

    options_type: ClassVar[type[DelimitedOptions]] = DelimitedOptions
    suffixes: ClassVar[tuple[str, ...]] = (".csv", ".tsv", ".tab")
    header_hint: ClassVar[str] = (
        "check options.delimiter; a file without header needs options.column_names"
    )

    def read_text(self, text: TextFile, source: SourceFile) -> Iterator[RawBatch]:
        """Rows with another number of columns, and those that a stray quote joins, are broken."""
        csv.field_size_limit(MAX_LINE_CHARACTERS)
        lines = _Lines(text)
        delimiter = self._prepare(lines, source)
        names = self.options.column_names or self._header(lines, delimiter, source)
        rows = self._rows(lines, delimiter, names)
        yield from collect(rows, lambda cells: columns_of_lists(names, cells))

    def _prepare(self, lines: "_Lines", source: SourceFile) -> str:
        """Skips what stands before the table, and finds the delimiter."""
        for _ in range(self.options.skip_lines):
            next(lines, None)
            lines.forget()
        if self.options.delimiter is not None:
            return self.options.delimiter
        if source.unpacked_name.lower().endswith((".tsv", ".tab")):
            return "\t"
        first = next(lines, "")
        lines.read_again(0)
        return max(DELIMITERS, key=first.count)

    def _header(self, lines: "_Lines", delimiter: str, source: SourceFile) -> list[str]:
        names: list[str] = []
        try:
            while not names:  # blank lines may stand before it
                lines.forget()
                names = [name.strip() for name in next(self._parser(lines, delimiter))]
        except (StopIteration, csv.Error, _RowTooLongError) as error:
            raise CorpusError(f"{source.name}: the header can't be read: {error}") from error
        lines.forget()
        # A name that stands twice is none: which of its columns is meant would be a guess.
        return [
            f"{name or 'column'} ({position})" if not name or names.count(name) > 1 else name
            for position, name in enumerate(names, start=1)
        ]

    def _parser(self, lines: Iterable[str], delimiter: str) -> "CsvReader":
        return csv.reader(
            lines,
            delimiter=delimiter,
            quotechar=self.options.quotechar,
            quoting=csv.QUOTE_MINIMAL if self.options.quotechar else csv.QUOTE_NONE,
            escapechar=self.options.escapechar,
            skipinitialspace=self.options.skip_initial_space,
            strict=True,
        )

    def _rows(
        self, lines: "_Lines", delimiter: str, names: list[str]
    ) -> Iterator[ParsedRow[list[str]] | BrokenRow]:
        parser = self._parser(lines, delimiter)
        while True:
            row: list[str] = []
            try:
                row = next(parser)
                reason = self._why_joined(lines, row, names, delimiter)
            except StopIteration:
                return
            except (csv.Error, _RowTooLongError) as error:
                reason = _why_unparsable(error)
            if reason is not None:
                lines.read_again(1)
                parser = self._parser(lines, delimiter)
            elif row and len(row) != len(names):
                reason = f"{len(row)} columns instead of {len(names)}"
            line = lines.taken[0] if len(lines.taken) == 1 else "".join(lines.taken)
            reason = reason or why_not_text(line)
            if reason:
                yield BrokenRow(lines.number, reason, printable(line))
            elif row:  # a blank line is no row
                yield lines.number, row, len(line)
            lines.forget()

    def _why_joined(
        self, lines: "_Lines", row: list[str], names: list[str], delimiter: str
    ) -> str | None:
        """The reason where a stray quote took whole rows into one column.

        Running text has no tabs and seldom as many commas as a wide table, so a line inside a
        quoted column that is a row by itself gives it away. Of a whole row the last line tells
        nothing: the columns after the quoted one stand there.
        """
        num_lines = len(lines.taken)
        if num_lines == 1:
            return None
        is_whole = len(row) == len(names)
        has_tabs = delimiter == "\t" and any("\n" in cell and "\t" in cell for cell in row)
        inner = lines.taken[1:-1] if is_whole else lines.taken[1:]
        is_telling = not is_whole or delimiter == "\t" or len(names) >= NUM_TELLING_COLUMNS
        if (is_whole and has_tabs) or (
            is_telling and any(self._is_row(line, names, delimiter) for line in inner)
        ):
            return f"an unbalanced quote joins {num_lines} lines; {PLAIN_QUOTES}"
        return None

    def _is_row(self, line: str, names: list[str], delimiter: str) -> bool:
        try:
            return len(next(self._parser([line], delimiter), [])) == len(names)
        except csv.Error:
            return False


def _why_unparsable(error: Exception) -> str:
    if "new-line character" in str(error):
        return "a carriage return outside quotes"
    return f"an unbalanced quote ({error}); {PLAIN_QUOTES}"


class _RowTooLongError(Exception):
    """A row goes on over too many lines."""


class _Lines:
    """Lines, with a memory of those that the current row took, so that they can be read again.

    Attributes:
        taken: the lines of the current row.
        number: of the first of them in the file, from 1.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self.number = 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_LINES_PER_ROW:
            raise _RowTooLongError(f"open for {MAX_LINES_PER_ROW:,} lines")
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        return line

    def forget(self) -> None:
        """Ends the current row."""
        self.number += len(self.taken)
        self.taken = []

    def read_again(self, num_kept: int) -> None:
        """Leaves the current row its first lines only, and the others to the next rows."""
        self._again.extendleft(reversed(self.taken[num_kept:]))
        del self.taken[num_kept:]
