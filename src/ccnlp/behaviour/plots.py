"""Pictures of behaviour: what goes wrong by test, and where by language."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ccnlp.behaviour.naming import KIND_COLOURS, KIND_NAMES, percent, test_name
from ccnlp.behaviour.tables import ALL, failure_interval, rates
from ccnlp.cultures import language_name
from ccnlp.plotting import BAND, INK, SOFT, apply_theme, escape

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

ROW_HEIGHT = 26  # pixels
WRONG = ((0.0, "#f3f6f8"), (0.25, "#f0cfae"), (0.6, "#cf7b5c"), (1.0, "#93302a"))
MAX_LANGUAGES_WITH_NUMBERS = 20


def draw_tests(table: pd.DataFrame, *, min_group_size: int) -> "Figure":
    """The share of each test that goes wrong, with its interval, kind by kind, the worst on top.

    Hollow dots are of few texts.

    Args:
        table: of `tabulate_behaviour`.
        min_group_size: texts below which a dot is hollow.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    ticks: list[str] = []
    tables: list[pd.DataFrame] = []
    for kind, name in KIND_NAMES.items():
        rows = rates(table, kind=kind).sort_values("failure_rate", ascending=False)
        rows = rows[rows["test"] != ALL]
        if len(rows):
            ticks.append(f"<b>{name}</b>")
            figure.add_scatter(**_dots(rows, len(ticks), KIND_COLOURS[kind], min_group_size))
            ticks += [_tick(row, table) for _, row in rows.iterrows()]
            tables.append(rows)
    if not tables:
        return apply_theme(figure, "No test changed or judged any text", height=200)
    for position in range(1, len(ticks), 2):
        figure.add_hrect(
            position - 0.5, position + 0.5, fillcolor=BAND, line_width=0, layer="below"
        )
    figure.update_yaxes(
        tickvals=list(range(len(ticks))),
        ticktext=ticks,
        range=[len(ticks) - 0.4, -0.6],
        showgrid=False,
        zeroline=False,
        automargin=True,
    )
    drawn_rows = pd.concat(tables)
    max_percent = 100 * max(failure_interval(row)[1] for _, row in drawn_rows.iterrows())
    figure.update_xaxes(
        title="cases that go wrong, percent", range=[-0.02 * max_percent, 1.04 * max_percent]
    )
    title = _tests_title(drawn_rows, min_group_size)
    apply_theme(figure, title, height=170 + ROW_HEIGHT * max(3, len(ticks)))
    return figure.update_layout(showlegend=False)


def _dots(
    rows: pd.DataFrame, first_position: int, colour: str, min_group_size: int
) -> dict[str, Any]:
    values = 100 * rows["failure_rate"].to_numpy(dtype=float)
    intervals = [failure_interval(row) for _, row in rows.iterrows()]
    is_small = (rows["num_texts"] < min_group_size).to_numpy(dtype=bool)
    return {
        "x": values.tolist(),
        "y": [first_position + position for position in range(len(rows))],
        "mode": "markers",
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [
                100 * high - value for (_, high), value in zip(intervals, values, strict=True)
            ],
            "arrayminus": [
                value - 100 * low for (low, _), value in zip(intervals, values, strict=True)
            ],
            "color": colour,
            "thickness": 1.6,
            "width": 0,
        },
        "marker": {
            "color": np.where(is_small, "#ffffff", colour).tolist(),
            "size": 10,
            "line": {"color": colour, "width": 1.8},
        },
        "customdata": [
            [escape(test_name(row["test"])), int(row["num_texts"]), int(row["n"]), percent(low),
             percent(high)]
            for (_, row), (low, high) in zip(rows.iterrows(), intervals, strict=True)
        ],
        "hovertemplate": "<b>%{customdata[0]}</b><br>%{x:.1f} % wrong, %{customdata[3]} to "
        "%{customdata[4]}<br>%{customdata[1]:,} texts, %{customdata[2]:,} cases<extra></extra>",
    }  # fmt: skip


def _tick(row: "pd.Series[Any]", table: pd.DataFrame) -> str:
    name = test_name(row["test"])
    if table["task"].nunique() > 1:
        name = f"{row['task']}: {name}"
    return (
        f"<span style='color:{INK}'>{escape(name)}</span> "
        f"<span style='color:{SOFT};font-size:10px'>n={int(row['n']):,}</span>"
    )


def _tests_title(rows: pd.DataFrame, min_group_size: int) -> str:
    large = rows[rows["num_texts"] >= min_group_size]
    hollow = "; hollow dots: few texts" if len(large) < len(rows) else ""
    if large.empty:
        return f"What goes wrong, by test{hollow}"
    worst = large.iloc[int(large["failure_rate"].argmax())]
    name = escape(test_name(worst["test"]))
    return f"“{name}” goes wrong most: {percent(worst['failure_rate'])}{hollow}"


def draw_languages(table: pd.DataFrame, *, min_group_size: int) -> "Figure":
    """The share of each test that goes wrong in each language; numbers of few texts in brackets.

    Args:
        table: of `tabulate_behaviour`.
        min_group_size: texts below which a number stands in brackets.
    """
    import plotly.graph_objects as go

    rows = pd.concat([_worst_first(table, kind) for kind in KIND_NAMES])
    if rows.empty:
        return apply_theme(go.Figure(), "No test changed or judged any text", height=200)
    rows = rows.assign(name=[_row_name(row, table) for _, row in rows.iterrows()])
    figure = go.Figure(go.Heatmap(**_cells(rows, min_group_size)))
    figure.update_xaxes(side="top", showgrid=False, tickangle=0, type="category")
    figure.update_yaxes(autorange="reversed", showgrid=False, automargin=True)
    title = "Percent of cases that go wrong, by language; in brackets: few texts"
    return apply_theme(figure, title, height=150 + ROW_HEIGHT * max(3, rows["name"].nunique()))


def _cells(rows: pd.DataFrame, min_group_size: int) -> dict[str, Any]:
    """The heat map of rows with a `name`, which keep their order."""
    languages, names = sorted(rows["language"].unique()), rows["name"].unique().tolist()
    shares, sizes = (
        rows.pivot_table(index="name", columns="language", values=column, aggfunc="first").reindex(
            index=names, columns=languages
        )
        for column in ("failure_rate", "num_texts")
    )
    numbers = shares.to_numpy(float)
    return {
        "z": [[None if np.isnan(share) else 100 * share for share in row] for row in numbers],
        "x": languages,
        "y": names,
        "text": _numbers(shares, sizes, min_group_size),
        "texttemplate": "%{text}" if len(languages) <= MAX_LANGUAGES_WITH_NUMBERS else None,
        "textfont": {"size": 11},
        "customdata": [
            [f"{language_name(str(tag)) or tag}, {size:,.0f} texts" for tag, size in row.items()]
            for _, row in sizes.iterrows()
        ],
        "hovertemplate": "<b>%{y}</b><br>%{customdata}<br>%{z:.1f} % wrong<extra></extra>",
        "colorscale": [list(shade) for shade in WRONG],
        "zmin": 0,
        "zmax": max(50.0, 100 * float(np.nanmax(numbers))),
        "xgap": 2,
        "ygap": 2,
        "showscale": False,
        "hoverongaps": False,
    }


def _worst_first(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    """The rates of a kind by language, its tests in the order of what goes wrong overall."""
    keys = ["suite", "task", "test"]
    overall = rates(table, kind=kind).sort_values("failure_rate", ascending=False, kind="stable")
    ordered = pd.concat([overall[overall["test"] == ALL], overall[overall["test"] != ALL]])
    ordered = ordered.sort_values(["suite", "task"], kind="stable")[keys]
    return ordered.merge(rates(table, kind=kind, language=None), on=keys)


def _row_name(row: "pd.Series[Any]", table: pd.DataFrame) -> str:
    name = test_name(row["test"])
    if row["test"] == ALL:
        name = f"<b>{escape(row['suite'] or KIND_NAMES[row['kind']])}, all</b>"
        return f"{escape(row['task'])}: {name}" if table["task"].nunique() > 1 else name
    return escape(f"{row['task']}: {name}" if table["task"].nunique() > 1 else name)


def _numbers(shares: pd.DataFrame, sizes: pd.DataFrame, min_group_size: int) -> list[list[str]]:
    pairs = zip(shares.to_numpy(float), sizes.to_numpy(float), strict=True)
    return [[_number(s, n, min_group_size) for s, n in zip(*row, strict=True)] for row in pairs]


def _number(share: float, n: float, min_group_size: int) -> str:
    if np.isnan(share):
        return ""
    return f"{100 * share:.0f}" if n >= min_group_size else f"({100 * share:.0f})"
