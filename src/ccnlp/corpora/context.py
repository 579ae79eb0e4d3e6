"""The context of a text: what an entry says of it, and how it is read from a source's columns.

A context is one text with a line for each field or turn, in the order of the entry: a field begins
with its name (`title: A day at sea`), a turn has none.
"""

import re
from collections.abc import Sequence
from typing import Annotated

import pandas as pd
from pydantic import AfterValidator, BeforeValidator

from ccnlp.corpora.cells import as_text, kind_of
from ccnlp.corpora.cleaning import CONTROL, has_visible_text
from ccnlp.corpora.decoding import why_not_text
from ccnlp.corpora.raw import RawBatch
from ccnlp.corpora.values import StrictModel, Text

NAME = re.compile(r"\w(?:[\w -]*\w)?")
LINE_BREAKS = re.compile(r"[\r\n]+")


def _check_name(name: str) -> str:
    if name == "column":
        raise ValueError(
            "'column' is no name to tell the model; give `{title: Title}` with a name of yours, or "
            "the column alone, which is told without a name"
        )
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name; it holds letters, digits, spaces, _ and - only")
    return name


def _check_plain(column: object) -> object:
    if isinstance(column, dict | list):
        raise ValueError("a context takes columns as they are, such as `{title: Title}`")
    return column


class ContextField(StrictModel):
    """A column of the context, and the name that stands before what it says."""

    name: Annotated[Text, AfterValidator(_check_name)] | None = None
    column: Annotated[Text, BeforeValidator(_check_plain)]


def _as_fields(value: object) -> object:
    """Columns by name, or columns without names, as fields."""
    if isinstance(value, dict):
        return [{"name": name, "column": column} for name, column in value.items()]
    columns = value if isinstance(value, list) else [value]
    return [
        column if isinstance(column, dict | ContextField) else {"column": column}
        for column in columns
    ]


def _check_fields(fields: list[ContextField]) -> list[ContextField]:
    if not fields:
        raise ValueError("it names no column; leave context out where there is none")
    columns = [field.column for field in fields]
    repeated = sorted({column for column in columns if columns.count(column) > 1})
    if repeated:
        raise ValueError(f"{', '.join(map(repr, repeated))} is named twice")
    return fields


ContextFields = Annotated[
    list[ContextField],
    BeforeValidator(_as_fields),
    AfterValidator(_check_fields),
]
"""`{title: Title, source: Site}`, or the columns of turns from the first to the latest."""


def read_context(
    fields: Sequence[ContextField], batch: RawBatch
) -> tuple["pd.Series[str]", "pd.Series[str]"]:
    """The context of each row, missing where nothing stands in its fields; and why it is none.

    Fields without anything to read are left out. A list, as JSON has them, is as many turns.
    """
    num_rows = len(batch.rows)
    lines: list[list[str]] = [[] for _ in range(num_rows)]
    reasons: list[str | None] = [None] * num_rows
    for field in fields:
        prefix = f"{field.name}: " if field.name is not None else ""
        for row, cell in enumerate(batch.columns.get(field.column, [])):
            turns, reason = _turns(cell, field.column)
            lines[row] += [prefix + turn for turn in turns]
            reasons[row] = reasons[row] or reason
    contexts = ["\n".join(row_lines) or None for row_lines in lines]
    return pd.Series(contexts, dtype="string"), pd.Series(reasons, dtype="string")


def _turns(cell: object, column: str) -> tuple[list[str], str | None]:
    """What a cell says, a line each, and why it can't be read."""
    turns = []
    for item in cell if isinstance(cell, list | tuple) else [cell]:
        if isinstance(item, list | dict):
            return [], f"context is {kind_of(item)} instead of text (column {column!r})"
        text = as_text(item) or ""
        if (reason := why_not_text(text)) is not None:
            return [], f"{reason} (context, column {column!r})"
        # Cleaning, later, would leave the name of a field that says nothing.
        if has_visible_text(CONTROL.sub("", text)):
            turns.append(LINE_BREAKS.sub(" ", text))
    return turns, None
