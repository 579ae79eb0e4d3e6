"""Reports of the stages before, as tables for people, whatever they hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

StageReport = Mapping[str, Any] | pd.DataFrame

MAX_ROWS = 40

PAIRS_SHOWN = 2
"""Of each language: so many that were kept, and so many that were rejected."""
PAIR_COLUMNS = ["language", "pivot", "label", "original", "candidate", "rejected_by"]


@dataclass(frozen=True)
class Table:
    """A small table of texts.

    Attributes:
        title: what it shows.
        columns: their names.
        rows: of cells.
        num_left_out: rows beyond `MAX_ROWS`.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    num_left_out: int


def tables_of(report: StageReport) -> list[Table]:
    """The report's plain values in one table, then one for each of its nested parts."""
    if isinstance(report, pd.DataFrame):
        return [_table("", report.columns, report.itertuples(index=False))]
    plain = [(name, value) for name, value in report.items() if _is_plain(value)]
    tables = [_table("", ("", ""), [(_name(name), value) for name, value in plain])]
    for name, value in report.items():
        if not _is_plain(value):
            tables += _nested(_name(name), value)
    return [table for table in tables if table.rows]


def with_round_trips(
    report: Mapping[str, Any], counts: pd.DataFrame, pairs: pd.DataFrame
) -> Mapping[str, Any]:
    """The report on augmentation with its counts by route, and a few pairs of each language.

    Args:
        report: totals.
        counts: a row a language and route.
        pairs: `PAIR_COLUMNS`; `rejected_by` is empty where the candidate was kept.
    """
    is_kept = (pairs["rejected_by"] == "").rename("is_kept")
    chosen = pairs.groupby([pairs["language"], is_kept], sort=False).head(PAIRS_SHOWN)
    return {
        **report,
        "by language and route": counts.to_dict("records"),
        "side by side": chosen[PAIR_COLUMNS].to_dict("records"),
    }


def _nested(title: str, value: Any) -> list[Table]:
    if isinstance(value, Mapping):
        plain = [(key, item) for key, item in value.items() if _is_plain(item)]
        nested_tables = [
            table
            for key, item in value.items()
            if not _is_plain(item)
            for table in _nested(f"{title} {_name(str(key))}", item)
        ]
        return [_table(title, ("", ""), plain), *nested_tables]
    if isinstance(value, Sequence) and value and all(isinstance(v, Mapping) for v in value):
        columns = list(dict.fromkeys(key for item in value for key in item))
        rows = [[item.get(column, "") for column in columns] for item in value]
        return [_table(title, [_name(column) for column in columns], rows)]
    return []


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(isinstance(item, str | int | float) for item in value)
    return value is None or isinstance(value, str | int | float)


def _table(title: str, columns: Any, rows: Any) -> Table:
    cells = [tuple(_text(cell) for cell in row) for row in rows]
    names = tuple(str(column) for column in columns)
    return Table(title, names, tuple(cells[:MAX_ROWS]), max(0, len(cells) - MAX_ROWS))


def _text(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value)) or "none"
    return str(value)


def _name(key: str) -> str:
    return key.removeprefix("num_").replace("_", " ")
