"""Delimited text: csv, tsv and their dialects."""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import BeforeValidator, Field

from ccnlp.corpora.decoding import (
    MAX_LINE_CHARACTERS,
    TextFile,
    TextOptions,
    TextReader,
    broken_row,
    why_not_text,
)
from ccnlp.corpora.files import SourceFile
from ccnlp.corpora.quoting import KnownValues, judge_lines
from ccnlp.corpora.raw import (
    READERS,
    BrokenRow,
    ColumnNames,
    ParsedRow,
    RawBatch,
    collect,
    columns_of_lists,
    distinct_names,
)
from ccnlp.errors import CorpusError
from ccnlp.progress import Fact, report

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

DELIMITERS = ",\t;|"
EXCEL_DELIMITER = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
"""A first line by which Excel says what the delimiter is."""
MAX_LINES_PER_ROW = 2_000
"""A quote that is open for longer was never meant to be one."""
PLAIN_QUOTES = "if quotes are plain text, set options.quotechar to null"
MAX_PEEKED_LINES = 1_000
MAX_PEEKED_CHARACTERS = 1_000_000


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
        "semicolon and bar that the first line has most of outside quotes",
    )
    quotechar: Character | None = Field(
        default='"', description="around columns; null where quotes are plain text"
    )
    escapechar: Character | None = Field(
        default=None, description="before a character taken as it is"
    )
    skip_initial_space: bool = Field(default=False, description="drop blanks after a delimiter")
    skip_lines: int = Field(default=0, ge=0, description="lines before the header or first row")
    column_names: ColumnNames | None = Field(
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
        table = _Table(self.options, lines, delimiter, names)
        yield from collect(table.rows(), lambda cells: columns_of_lists(names, cells))
        if table.num_doubtful:
            report(
                Fact(
                    f"{source.name}: quoted texts read as one whose lines would be rows too",
                    str(table.num_doubtful),
                )
            )

    def _prepare(self, lines: "_Lines", source: SourceFile) -> str:
        """Skips what stands before the table, and finds the delimiter."""
        for _ in range(self.options.skip_lines):
            next(lines, None)
            lines.forget()
        first = next((line for line in lines.peek() if line.strip()), "")
        excel_match = EXCEL_DELIMITER.fullmatch(first.strip("\r\n"))
        if excel_match:  # the lines before it are blank
            for line in lines:
                if line == first:
                    break
            lines.forget()
        if self.options.delimiter is not None:
            return self.options.delimiter
        if excel_match:
            return excel_match[1]
        if source.unpacked_name.lower().endswith((".tsv", ".tab")):
            return "\t"
        return max(DELIMITERS, key=self._without_quoted(first).count)

    def _without_quoted(self, line: str) -> str:
        if self.options.quotechar is None:
            return line
        quote = re.escape(self.options.quotechar)
        quoted = rf"(^|[{DELIMITERS}]) *{quote}(?:[^{quote}]|{quote}{quote})*(?:{quote}|$)"
        return re.sub(quoted, r"\1", line)

    def _header(self, lines: "_Lines", delimiter: str, source: SourceFile) -> list[str]:
        names: list[str] = []
        try:
            while names in ([], [""]):  # blank lines may stand before it
                lines.forget()
                names = [name.strip() for name in next(_parser(lines, delimiter, self.options))]
        except StopIteration:
            raise CorpusError(
                f"{source.name} ends before its header (options.skip_lines is "
                f"{self.options.skip_lines})"
            ) from None
        except (csv.Error, _RowTooLongError) as error:
            raise CorpusError(f"{source.name}: the header can't be read: {error}") from error
        lines.forget()
        return distinct_names(names)


class _Table:
    """The rows below the header.

    Attributes:
        num_doubtful: quoted texts so far whose lines would be rows by form, but not by values.
    """

    def __init__(
        self, options: DelimitedOptions, lines: "_Lines", delimiter: str, names: list[str]
    ) -> None:
        self._options = options
        self._lines = lines
        self._delimiter = delimiter
        self._num_columns = len(names)
        marks = (options.quotechar, options.escapechar, " " if options.skip_initial_space else None)
        self._marks = [mark for mark in marks if mark is not None]
        self._known = KnownValues(len(names), self._first_rows())
        self.num_doubtful = 0

    def rows(self) -> Iterator[ParsedRow[list[str]] | BrokenRow]:
        """The rows; broken where they have another number of columns or stray quotes."""
        lines, num_columns = self._lines, self._num_columns
        parser = _parser(lines, self._delimiter, self._options)
        while True:
            row: list[str] = []
            is_one_row = True
            try:
                row = next(parser)
                reason = None
                if len(lines.row_lines) > 1:
                    reason, is_one_row = self._why_joined(row)
                if reason is None and row and len(row) != num_columns:
                    reason = f"{len(row)} columns instead of {num_columns}"
            except StopIteration:
                return
            except (csv.Error, _RowTooLongError) as error:
                reason, is_one_row = _why_unparsable(error), False
            if not is_one_row:
                lines.read_again(1)
                parser = _parser(lines, self._delimiter, self._options)
            line = lines.row_lines[0] if len(lines.row_lines) == 1 else "".join(lines.row_lines)
            reason = why_not_text(line) or reason
            if reason:
                yield broken_row(lines.number, reason, line)
            elif row:  # a blank line is no row
                yield lines.number, row, len(line)
            lines.forget()

    def _first_rows(self) -> Iterator[list[str]]:
        parser = _parser(self._lines.peek(), self._delimiter, self._options, is_strict=False)
        with suppress(csv.Error):
            yield from parser

    def _why_joined(self, row: list[str]) -> tuple[str | None, bool]:
        """Why the lines are no row where quotes join whole rows, and whether they stay together."""
        num_lines = len(self._lines.row_lines)
        reason = f"an unbalanced quote joins {num_lines} lines; {PLAIN_QUOTES}"
        if len(row) != self._num_columns:
            is_joined = any(self._is_row(line) for line in self._lines.row_lines[1:])
            return (reason, False) if is_joined else (None, True)
        # Running text has no tabs.
        if self._delimiter == "\t" and any("\n" in cell and "\t" in cell for cell in row):
            return reason, False
        verdict = judge_lines(row, self._known, self._split)
        if verdict == "rows":
            return reason, False
        if verdict == "unclear":
            return f"a quoted text that may be {num_lines} rows; {PLAIN_QUOTES}", True
        self.num_doubtful += verdict == "unlikely"
        return None, True

    def _is_row(self, line: str) -> bool:
        return len(self._split(line)) == self._num_columns

    def _split(self, line: str) -> list[str]:
        if line and not [mark for mark in self._marks if mark in line]:  # as csv, but faster
            return line.split(self._delimiter)
        try:
            return next(_parser([line], self._delimiter, self._options), [])
        except csv.Error:
            return []


def _parser(
    lines: Iterable[str], delimiter: str, options: DelimitedOptions, *, is_strict: bool = True
) -> "CsvReader":
    return csv.reader(
        lines,
        delimiter=delimiter,
        quotechar=options.quotechar,
        quoting=csv.QUOTE_MINIMAL if options.quotechar else csv.QUOTE_NONE,
        escapechar=options.escapechar,
        skipinitialspace=options.skip_initial_space,
        strict=is_strict,
    )


def _why_unparsable(error: Exception) -> str:
    if "new-line character" in str(error):
        return "a carriage return outside quotes"
    return f"an unbalanced quote ({error}); {PLAIN_QUOTES}"


class _RowTooLongError(Exception):
    """A row goes on over too many lines."""


class _Lines:
    """Lines, with a memory of those that the current row took, so that they can be read again.

    Attributes:
        row_lines: of the current row.
        number: of the first of them in the file, from 1.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._next_lines: deque[str] = deque()
        self.row_lines: list[str] = []
        self.number = 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.row_lines) >= MAX_LINES_PER_ROW:
            raise _RowTooLongError(f"open for {MAX_LINES_PER_ROW:,} lines")
        line = self._next_lines.popleft() if self._next_lines else next(self._lines)
        self.row_lines.append(line)
        return line

    def forget(self) -> None:
        """Ends the current row."""
        self.number += len(self.row_lines)
        self.row_lines = []

    def peek(self) -> list[str]:
        """The next lines, a bounded number of them, which are still to come."""
        num_characters = sum(map(len, self._next_lines))
        while len(self._next_lines) < MAX_PEEKED_LINES and num_characters < MAX_PEEKED_CHARACTERS:
            line = next(self._lines, "")
            if not line:
                break
            self._next_lines.append(line)
            num_characters += len(line)
        return list(self._next_lines)

    def read_again(self, num_kept: int) -> None:
        """Leaves the current row its first lines only, and the others to the next rows."""
        self._next_lines.extendleft(reversed(self.row_lines[num_kept:]))
        del self.row_lines[num_kept:]
