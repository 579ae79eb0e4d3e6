"""Raw cells as text or lists, and what is wrong with them."""

import json
import re
from collections.abc import Sequence
from contextlib import suppress

import pandas as pd

from ccnlp.corpora.decoding import why_not_text

NUMBER = re.compile(r"([+-]?)(0|[1-9]\d*)(?:\.(\d+))?")
"""As tables write them; what starts with more zeros is a code, such as 007."""


def as_text(cell: object) -> str | None:
    """The cell as text: whole numbers without fraction, `true` and `false`.

    `None` if it is missing, or a list in so many lists that it can't be written.

    >>> as_text(1.0), as_text(True), as_text(float("nan"))
    ('1', 'true', None)
    """
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        if cell != cell:  # noqa: PLR0124 (not a number)
            return None
        return str(int(cell)) if cell.is_integer() else str(cell)
    if isinstance(cell, list | dict):
        return _as_json(cell)
    return str(cell)


def _as_json(cell: list[object] | dict[str, object]) -> str | None:
    with suppress(RecursionError):
        return json.dumps(cell, ensure_ascii=False, default=str)
    return None


def canonical_number(number: str) -> str:
    """`1` for `1.0` and `+1`, `1.5` for `1.50`, `0` for `-0.0`; other text as it is."""
    match = NUMBER.fullmatch(number)
    if match is None:
        return number
    sign, whole, fraction = match.groups(default="")
    digits = f"{whole}.{fraction}".rstrip("0").removesuffix(".") if fraction else whole
    return f"-{digits}" if sign == "-" and digits != "0" else digits


def as_whole(number: str) -> str:
    """`1` for `1.0`: tables with gaps hold their whole numbers as fractions."""
    match = NUMBER.fullmatch(number)
    is_whole = match is not None and not (match[3] or "").strip("0")
    return canonical_number(number) if is_whole else number


def kind_of(cell: list[object] | dict[str, object]) -> str:
    """What a cell is that is no text."""
    return "an object" if isinstance(cell, dict) else "a list"


def text_reasons(cells: Sequence[object], column: str) -> tuple["pd.Series[str]", "pd.Series[str]"]:
    """The cells as text, missing where they can't be used, and the reasons."""
    texts: list[str | None] = []
    reasons: dict[int, str] = {}
    for position, cell in enumerate(cells):
        text = cell if isinstance(cell, str) else as_text(cell)
        reason = None
        if text is None or not text or text.isspace():
            reason = f"{column} is empty"
        elif isinstance(cell, list | dict):
            reason = f"{column} is {kind_of(cell)} instead of text"
        elif not text.isascii() or "\x00" in text:
            reason = why_not_text(text)
        if reason is not None:
            reasons[position] = reason
            text = None
        texts.append(text)
    return pd.Series(texts, dtype="string"), _reasons(reasons, len(cells))


def list_reasons(
    cells: Sequence[object], column: str, *, may_be_empty: bool = False
) -> tuple[list[list[str] | None], "pd.Series[str]"]:
    """The cells as lists of text, `None` where they can't be used, and the reasons.

    An empty list, or item, can be used where the column is optional.
    """
    lists: list[list[str] | None] = []
    reasons: dict[int, str] = {}
    for position, cell in enumerate(cells):
        items = [_item_as_text(i) for i in cell] if isinstance(cell, list | tuple) else None
        texts = [item for item in items or [] if item is not None and why_not_text(item) is None]
        if items is None:
            reasons[position] = f"{column} is no list"
        elif not items and not may_be_empty:
            reasons[position] = f"{column} is empty"
        elif len(texts) < len(items):
            reasons[position] = f"{column} has an item that is no text"
        elif not may_be_empty and not all(text and not text.isspace() for text in texts):
            item_number = next(i for i, text in enumerate(texts, start=1) if not text.strip())
            reasons[position] = f"{column} has an empty item, number {item_number} of {len(texts)}"
        lists.append(None if position in reasons else texts)
    return lists, _reasons(reasons, len(cells))


def _item_as_text(item: object) -> str | None:
    """As `as_text`; a list within a list would pass for a word that is spelt `["so"]`."""
    return None if isinstance(item, list | dict) else as_text(item)


def _reasons(reasons: dict[int, str], num_rows: int) -> "pd.Series[str]":
    if not reasons:
        return pd.Series(pd.NA, index=pd.RangeIndex(num_rows), dtype="string")
    return pd.Series([reasons.get(i) for i in range(num_rows)], dtype="string")
