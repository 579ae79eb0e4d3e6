"""Texts and labels in files of their own, a line each."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import zip_longest
from typing import ClassVar

from pydantic import Field

from ccnlp.corpora.decoding import (
    TextFile,
    TextOptions,
    TextReader,
    broken_row,
    open_text,
    why_not_text,
)
from ccnlp.corpora.files import SourceFile
from ccnlp.corpora.raw import READERS, BrokenRow, ParsedRow, RawBatch, collect, columns_of_lists
from ccnlp.errors import CorpusError


class ParallelLinesOptions(TextOptions):
    """The other files."""

    files: dict[str, str] = Field(
        default={},
        description="by column, the file whose lines belong to those of `path`, such as "
        "{label: corpus/{split}_labels.txt}, with the placeholders of `path`",
    )


@READERS.register("parallel_lines")
class ParallelLinesReader(TextReader[ParallelLinesOptions]):
    """Gives the column `text`, the lines of `path`, and a column for each other file."""

    options_type: ClassVar[type[ParallelLinesOptions]] = ParallelLinesOptions

    def read_text(self, text: TextFile, source: SourceFile) -> Iterator[RawBatch]:
        """Line by line; files of different length are refused."""
        others = [source.beside(pattern) for pattern in self.options.files.values()]
        names = ["text", *self.options.files]
        with ExitStack() as stack:
            texts = [stack.enter_context(open_text(o, self.options.encoding)) for o in others]
            rows = _rows([text, *texts], [source, *others], names)
            yield from collect(rows, lambda cells: columns_of_lists(names, cells))


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
            for name, c in zip(names, cells, strict=True)
            if (why := why_not_text(c))
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
