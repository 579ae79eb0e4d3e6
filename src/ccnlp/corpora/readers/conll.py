"""Columns of tokens and tags, a token a line and a blank line between sentences."""

import re
from collections.abc import Iterable, Iterator
from typing import ClassVar

from pydantic import Field, field_validator

from ccnlp.corpora.decoding import TextFile, TextOptions, TextReader, broken_row, why_not_text
from ccnlp.corpora.files import SourceFile
from ccnlp.corpora.raw import (
    READERS,
    BrokenRow,
    ColumnNames,
    ParsedRow,
    RawBatch,
    collect,
    columns_of_records,
)

BLANKS = re.compile(r"[ \t]+")
"""The other white space of Unicode stands in tokens."""

WORDS_BESIDE_TOKENS = re.compile(r"\d+[-.]\d+")
"""Index of a line of Universal Dependencies that repeats tokens as a word, or has none."""

KEY = re.compile(r" +[^\s=:]+ ?[=:]( |$)")
"""Start of a comment ` key = value` or ` key: value`."""


class ConllOptions(TextOptions):
    """What the columns are."""

    column_names: ColumnNames = Field(
        description="names of the columns from the left, such as [token, tag]; `token` is needed; "
        "further columns are left out"
    )
    delimiter: str | None = Field(
        default=None, description="between columns; spaces or tabs if null"
    )
    comment: str | None = Field(
        default="#", description="start of lines `# key = value` or `# key: value`; none if null"
    )
    token_separator: str = Field(
        default=" ", description="between tokens in `text`, where no comment gives the text"
    )
    fallbacks: dict[str, str] = Field(
        default={},
        description="by comment that a sentence may lack, the comment or column that stands for "
        "it, such as {text-en: text} where the English file has no `text-en`",
    )

    @field_validator("column_names")
    @classmethod
    def _has_tokens(cls, names: list[str]) -> list[str]:
        if "token" not in names:
            raise ValueError(f"{names} has no 'token'")
        return names


@READERS.register("conll")
class ConllReader(TextReader[ConllOptions]):
    """A row a sentence: each column a list, `text`, and the values of the comments."""

    options_type: ClassVar[type[ConllOptions]] = ConllOptions
    suffixes: ClassVar[tuple[str, ...]] = (".conll", ".conllu", ".iob2", ".bio", ".txt", ".tsv")

    def read_text(self, text: TextFile, source: SourceFile) -> Iterator[RawBatch]:
        """Sentences in which a line has too few columns are broken."""
        return collect(self._rows(text), columns_of_records)

    def _rows(self, lines: Iterable[str]) -> Iterator[ParsedRow[dict[str, object]] | BrokenRow]:
        for number, sentence in _sentences(lines):
            content = "\n".join(sentence)
            parsed = why_not_text(content) or self._parse(sentence)
            if isinstance(parsed, str):
                yield broken_row(number, parsed, content)
            elif parsed is not None:
                yield number, parsed, len(content)

    def _parse(self, sentence: list[str]) -> dict[str, object] | str | None:
        """The columns and comments, or why the sentence is broken; `None` where there is none.

        Comments above no tokens are none, such as those of a file, unless they give a text.
        """
        names = self.options.column_names
        comments: dict[str, object] = {}
        tokens: list[list[str]] = []
        for line in sentence:
            cells = self._split(line)
            if self._is_comment(line, cells, is_first=not tokens):
                comments |= _parse_comment(line[len(self.options.comment or "") :])
            elif cells[0] == "-DOCSTART-" or self._is_beside_tokens(cells):
                continue
            elif len(cells) < len(names):
                return f"a line has {len(cells)} columns instead of {len(names)}: {line[:100]!r}"
            else:
                tokens.append(cells[: len(names)])
        if not tokens:
            return "a sentence without tokens" if "text" in comments else None
        columns = dict(zip(names, map(list, zip(*tokens, strict=True)), strict=True))
        text = self.options.token_separator.join(columns["token"])
        row: dict[str, object] = {"text": text, **comments, **columns}
        for comment, fallback in self.options.fallbacks.items():
            row.setdefault(comment, row.get(fallback))
        return row

    def _split(self, line: str) -> list[str]:
        if self.options.delimiter is not None:
            return line.split(self.options.delimiter)
        return BLANKS.split(line.strip(" \t"))

    def _is_comment(self, line: str, cells: list[str], *, is_first: bool) -> bool:
        """A `#` may be a token too, so a line with all columns is none but above the tokens."""
        comment = self.options.comment
        if comment is None or not line.startswith(comment):
            return False
        if is_first and KEY.match(line.removeprefix(comment)):
            return True
        return len(cells) != len(self.options.column_names)

    def _is_beside_tokens(self, cells: list[str]) -> bool:
        is_indexed = self.options.column_names[0] == "index"
        return is_indexed and WORDS_BESIDE_TOKENS.fullmatch(cells[0]) is not None


def _parse_comment(comment: str) -> dict[str, object]:
    """`key = value`, or `key: value`, whichever mark comes first; else nothing."""
    match = re.match(r"\s*([^=:]+?)\s*[=:]\s*(.*)", comment)
    return {match[1]: match[2].strip()} if match else {}


def _sentences(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Lines up to a blank one, with the number of the first."""
    sentence: list[str] = []
    number = 0
    for number, line in enumerate(lines, start=1):
        stripped = line.rstrip("\r\n")
        if stripped.strip():
            sentence.append(stripped)
        elif sentence:
            yield number - len(sentence), sentence
            sentence = []
    if sentence:
        yield number - len(sentence) + 1, sentence
