"""Texts and labels in files of their own, a line each."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import zip_longest
from typing import ClassVar

from pydantic import Field, model_validator

from ccnlp.corpora.decoding import (
    TextFile,
    TextOptions,
    TextReader,
    broken_row,
    open_text,
    why_not_text,
)
from ccnlp.corpora.files import SourceFile
from ccnlp.corpora.raw import (
    READERS,
    BrokenRow,
    ColumnNames,
    ParsedRow,
    RawBatch,
    collect,
    columns_of_lists,
)
from ccnlp.errors import CorpusError, did_you_mean


class ParallelLinesOptions(TextOptions):
    """The other files."""

    files: dict[str, str] = Field(
        default={},
        description="by column, the file whose lines belong to those of `path`, such as "
        "{label: corpus/{split}_labels.txt}, with the placeholders of `path`",
    )
    parts: dict[str, ColumnNames] = Field(
        default={},
        description="by column whose lines hold several, the names of these from the left, such as "
        "{label: [tags, intent]}; tabs stand between them",
    )
    lists: list[str] = Field(
        default=[],
        description="columns that are lists, such as [text, tags]; a space stands between items",
    )

    @property
    def names(self) -> list[str]:
        """The columns that a row has."""
        return [part for file in ("text", *self.files) for part in self.parts.get(file, [file])]

    @model_validator(mode="after")
    def _names_are_known(self) -> "ParallelLinesOptions":
        for option, names, columns in (
            ("parts", list(self.parts), ["text", *self.files]),
            ("lists", self.lists, self.names),
        ):
            for name in names:
                if name not in columns:
                    raise ValueError(
                        f"{option} names {name!r}, and there is no such column; "
                        f"{did_you_mean(name, columns)}"
                    )
        distinct = set(self.names)
        if len(distinct) < len(self.names):
            raise ValueError(f"files and parts give {self.names}, one of them twice")
        return self


@READERS.register("parallel_lines")
class ParallelLinesReader(TextReader[ParallelLinesOptions]):
    """Gives the column `text`, the lines of `path`, and a column for each other file or part."""

    options_type: ClassVar[type[ParallelLinesOptions]] = ParallelLinesOptions

    def read_text(self, text: TextFile, source: SourceFile) -> Iterator[RawBatch]:
        """Line by line; files of different length are refused."""
        other_sources = [source.beside(pattern) for pattern in self.options.files.values()]
        files = ["text", *self.options.files]
        with ExitStack() as stack:
            texts = [
                stack.enter_context(open_text(other_source, self.options.encoding))
                for other_source in other_sources
            ]
            rows = _rows([text, *texts], [source, *other_sources], files)
            split_rows = (self._split_lines(row, files) for row in rows)
            names = self.options.names
            yield from collect(split_rows, lambda cells: columns_of_lists(names, cells))

    def _split_lines(
        self, row: ParsedRow[list[str]] | BrokenRow, files: list[str]
    ) -> ParsedRow[list[object]] | BrokenRow:
        """The row with its lines in their parts and lists; broken where parts are missing."""
        if isinstance(row, BrokenRow):
            return row
        number, lines, size = row
        cells: list[object] = []
        for file, line in zip(files, lines, strict=True):
            names = self.options.parts.get(file, [file])
            parts = line.split("\t") if file in self.options.parts else [line]
            if len(parts) != len(names):
                reason = f"{file} has {len(parts)} parts between tabs instead of {len(names)}"
                return broken_row(number, reason, "\t".join(lines))
            for name, part in zip(names, parts, strict=True):
                cells.append(part.split(" ") if name in self.options.lists else part)
        return number, cells, size


def _rows(
    texts: list[TextFile], sources: list[SourceFile], names: list[str]
) -> Iterator[ParsedRow[list[str]] | BrokenRow]:
    iterators = list(map(iter, texts))
    for number, lines in enumerate(zip_longest(*iterators), start=1):
        if None in lines:
            _refuse(number, lines, iterators, sources)
        cells = [line.rstrip("\r\n") for line in lines]
        reasons = [
            f"{name}: {why}"
            for name, cell in zip(names, cells, strict=True)
            if (why := why_not_text(cell))
        ]
        if reasons:
            yield broken_row(number, reasons[0], "\t".join(cells))
        else:
            yield number, cells, len(cells[0])


def _refuse(
    number: int,
    lines: tuple[str | None, ...],
    iterators: list[Iterator[str]],
    sources: list[SourceFile],
) -> None:
    lengths = [
        number - 1 if line is None else number + sum(1 for _ in rest)
        for line, rest in zip(lines, iterators, strict=True)
    ]
    counts = ", ".join(
        f"{source.name} has {length} lines" for source, length in zip(sources, lengths, strict=True)
    )
    raise CorpusError(f"{counts}: which belong together is not known")
