"""Where the source has a column of the task: one column, several, a part of one, or nowhere."""

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Discriminator, Field, Tag, field_validator

from ccnlp.corpora.cells import as_text, as_whole, kind_of
from ccnlp.corpora.files import PLACEHOLDER
from ccnlp.corpora.raw import RawBatch
from ccnlp.corpora.values import FilledText, Name, StrictModel, Text

FLAGS = {"1": True, "true": True, "0": False, "false": False}


class ConstantTarget(StrictModel):
    """A target that every row has, as in a corpus of praise alone."""

    constant: Name = Field(description="the target of every row, as the label map knows it")


class SplitColumn(StrictModel):
    """A column whose cells hold several items, such as `joy;surprise`."""

    column: Text = Field(description="the source's column")
    separator: Annotated[str, Field(min_length=1)] = Field(
        description="between the items; blanks around them are cut, and an empty cell has none"
    )


class FlagColumns(StrictModel):
    """A column for each item that holds whether a row has it."""

    flags: FilledText = Field(
        description="names of the columns, such as `{label}_present`; what stands for the "
        "placeholder is the item, and a row has it where its cell is 1 or true, not where 0 or "
        "false"
    )

    @field_validator("flags")
    @classmethod
    def _has_one_placeholder(cls, flags: str) -> str:
        if len(PLACEHOLDER.findall(flags)) != 1:
            raise ValueError(f"{flags!r} must have one placeholder such as {{label}}")
        return flags

    def match(self, columns: Iterable[str]) -> dict[str, str]:
        """By column that the pattern names, its item."""
        prefix, _, suffix = PLACEHOLDER.split(self.flags)
        pattern = re.compile(f"{re.escape(prefix)}(.+){re.escape(suffix)}", re.DOTALL)
        matches = {column: pattern.fullmatch(column) for column in columns}
        return {column: match[1] for column, match in matches.items() if match is not None}


def _refuse_repeated(columns: list[str]) -> list[str]:
    if len(set(columns)) < len(columns):
        raise ValueError(f"{columns} name a column twice")
    return columns


def _kind_of(value: object) -> str:
    if isinstance(value, list | tuple):
        return "several columns"
    keys: Iterable[str] = value if isinstance(value, dict) else ()
    if isinstance(value, SplitColumn) or "column" in keys or "separator" in keys:
        return "split column"
    if isinstance(value, FlagColumns) or "flags" in keys:
        return "flag columns"
    return "constant" if isinstance(value, dict | ConstantTarget) else "column"


SeveralColumns = Annotated[list[Text], Field(min_length=2), AfterValidator(_refuse_repeated)]

TaskColumn = Annotated[
    Annotated[Text, Tag("column")]
    | Annotated[SeveralColumns, Tag("several columns")]
    | Annotated[SplitColumn, Tag("split column")]
    | Annotated[FlagColumns, Tag("flag columns")]
    | Annotated[ConstantTarget, Tag("constant")],
    Discriminator(_kind_of),
]
"""The source's column; several, whose texts are put one after the other or make a list; one whose
cells are split; a column for each item; or the target of every row."""

SourceColumn = str | list[str] | SplitColumn | FlagColumns | ConstantTarget


class TaskCells(NamedTuple):
    """The cells of a task's column.

    Attributes:
        cells: as long as the batch.
        reasons: by position, why a cell can't be made.
    """

    cells: Sequence[object]
    reasons: dict[int, str]


def columns_of(source_column: SourceColumn) -> list[str]:
    """The source's columns that are needed by name."""
    if isinstance(source_column, str):
        return [source_column]
    if isinstance(source_column, SplitColumn):
        return [source_column.column]
    return source_column if isinstance(source_column, list) else []


def gives_list(source_column: SourceColumn) -> bool:
    """Whether it makes lists only, which a column of text can't hold."""
    return isinstance(source_column, SplitColumn | FlagColumns)


def read_cells(batch: RawBatch, source_column: SourceColumn, *, is_list: bool) -> TaskCells:
    """The cells of a column of the task.

    Args:
        batch: of the source.
        source_column: where they are.
        is_list: whether the task's column holds lists, of which several columns are the items.
    """
    num_rows = len(batch.rows)
    if isinstance(source_column, ConstantTarget):
        return TaskCells([source_column.constant] * num_rows, {})
    if isinstance(source_column, FlagColumns):
        return _flagged_items(batch, source_column.match(batch.columns))
    no_cells: Sequence[object] = [None] * num_rows
    columns = [batch.columns.get(name, no_cells) for name in columns_of(source_column)]
    if isinstance(source_column, SplitColumn):
        return TaskCells([_split_items(cell, source_column.separator) for cell in columns[0]], {})
    if isinstance(source_column, str):
        return TaskCells(columns[0], {})
    return _combine_columns(columns, columns_of(source_column), is_list=is_list)


def _combine_columns(
    columns: Sequence[Sequence[object]], names: Sequence[str], *, is_list: bool
) -> TaskCells:
    """The filled cells of each row, as items or as one text."""
    texts_of_rows = [
        [text for text in map(_stripped_text, cells) if text]
        for cells in zip(*columns, strict=True)
    ]
    reasons = {
        row: f"{kind_of(cell)} instead of text (column {name!r})"
        for name, column in zip(names, columns, strict=True)
        for row, cell in enumerate(column)
        if isinstance(cell, list | dict)
    }
    return TaskCells(
        texts_of_rows if is_list else [" ".join(texts) or None for texts in texts_of_rows], reasons
    )


def _stripped_text(cell: object) -> str:
    return (as_text(cell) or "").strip()


def _split_items(cell: object, separator: str) -> object:
    """The items of a cell; a list, as JSON has them, is none to split.

    A separator may end the cell: nothing is listed behind it.
    """
    if isinstance(cell, list | tuple):
        return cell
    text = _stripped_text(cell)
    text = text.removesuffix(separator.strip() or separator)
    return [item.strip() for item in text.split(separator)] if text else []


def _flagged_items(batch: RawBatch, items: dict[str, str]) -> TaskCells:
    rows: list[list[str]] = [[] for _ in batch.rows]
    reasons: dict[int, str] = {}
    for column, item in items.items():
        for row, cell in enumerate(batch.columns[column]):
            text = _stripped_text(cell)
            has_item = FLAGS.get(as_whole(text).lower())
            if has_item is None:
                reasons.setdefault(row, f"column {column!r} is {text!r} instead of 1 or 0")
            elif has_item:
                rows[row].append(item)
    return TaskCells(rows, reasons)
