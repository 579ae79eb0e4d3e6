"""Pictures of scores."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ccnlp.evaluation.naming import describe_group, metric_name_of, short_group, slice_name_of
from ccnlp.evaluation.scores import lookup
from ccnlp.evaluation.systems import (
    SHORT_NAMES,
    SYSTEM_COLOURS,
    SYSTEMS,
    in_order,
    leading_system,
)
from ccnlp.evaluation.views import empty_figure, tasks_and_corpora, view_name, with_views
from ccnlp.plotting import BAND, INK, SOFT, apply_theme, escape

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

ROW_HEIGHT = 30  # pixels


def draw_scores(
    scores: pd.DataFrame, *, slice_name: str, metric: str | None = None, split: str = "test"
) -> "Figure":
    """Every system's score in each group, with its interval, the best group on top.

    Small groups are grey. Each task's headline metric is drawn where none is given.
    """
    views = {}
    for task, corpus in tasks_and_corpora(scores, split):
        table = lookup(
            scores, slice_name=slice_name, metric=metric, split=split, task=task, corpus=corpus
        )
        if len(table):
            views[view_name(task, corpus)] = _draw_groups(table, slice_name, split)
    return with_views(views or {"": empty_figure(f"No scores on {split}")})


def _draw_groups(table: pd.DataFrame, slice_name: str, split: str) -> "Figure":
    import plotly.graph_objects as go

    systems = in_order(table["system"])
    leader = leading_system(systems)
    leading_rows = table[table["system"] == leader].sort_values("score")
    order = leading_rows["group"].tolist()
    figure = go.Figure()
    for offset, system in zip(np.linspace(-0.32, 0.32, len(systems)), systems, strict=True):
        rows = table[table["system"] == system].set_index("group").reindex(order)
        y_positions = np.arange(len(order)) + (offset if len(systems) > 1 else 0.0)
        figure.add_scatter(
            **_dots(rows, y_positions, system, slice_name, is_leading=system == leader)
        )
        figure.add_scatter(**_legend_entry(system))
    for index in range(0, len(order), 2):
        figure.add_hrect(index - 0.5, index + 0.5, fillcolor=BAND, line_width=0, layer="below")
    figure.update_yaxes(
        tickvals=list(range(len(order))),
        ticktext=[_tick(slice_name, row) for _, row in leading_rows.iterrows()],
        range=[-0.6, len(order) - 0.4],
        showgrid=False,
        zeroline=False,
        automargin=True,
    )
    name = metric_name_of(str(table["metric"].iloc[0]))
    figure.update_xaxes(title=f"{name} on {split}, percent")
    height = 190 + max(3, len(order)) * max(ROW_HEIGHT, 8 * len(systems))
    return apply_theme(figure, _groups_title(leading_rows, slice_name, name, leader), height=height)


def _dots(
    rows: pd.DataFrame,
    y_positions: "np.ndarray[Any, Any]",
    system: str,
    slice_name: str,
    *,
    is_leading: bool,
) -> dict[str, Any]:
    is_small = rows["is_small"].fillna(True).astype(bool)
    colour = SYSTEM_COLOURS[system]
    groups = [str(group) for group in rows.index]
    descriptions = [
        escape(f"{short_group(slice_name, group)} {describe_group(slice_name, group)}".strip())
        for group in groups
    ]
    return {
        "x": (100 * rows["score"]).tolist(),
        "y": y_positions.tolist(),
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": (100 * (rows["high"] - rows["score"])).tolist(),
            "arrayminus": (100 * (rows["score"] - rows["low"])).tolist(),
            "color": colour,
            "thickness": 2.2 if is_leading else 1.1,
            "width": 0,
        },
        "mode": "markers",
        "marker": {
            "color": np.where(is_small, "#ffffff", colour).tolist(),
            "size": 10 if is_leading else 6,
            "line": {"color": colour, "width": 1.6},
        },
        "opacity": 1.0 if is_leading else 0.85,
        "name": SYSTEMS[system],
        "legendgroup": system,
        "showlegend": False,
        "customdata": [
            [description, int(n), f"[{100 * low:.1f}, {100 * high:.1f}]" + " (few rows)" * small]
            for description, n, low, high, small in zip(
                descriptions, rows["n"].fillna(0), rows["low"], rows["high"], is_small, strict=True
            )
        ],
        "hovertemplate": "<b>%{customdata[0]}</b><br>%{x:.1f} %{customdata[2]}, "
        "n = %{customdata[1]:,}",
    }


def _legend_entry(system: str) -> dict[str, Any]:
    """A full dot, whatever the first group's looks like."""
    return {
        "x": [None],
        "y": [None],
        "mode": "markers",
        "marker": {"color": SYSTEM_COLOURS[system], "size": 9},
        "name": SHORT_NAMES[system],
        "legendgroup": system,
    }


def _tick(slice_name: str, row: "pd.Series[Any]") -> str:
    group = short_group(slice_name, str(row["group"]))
    colour = SOFT if row["is_small"] else INK
    return (
        f"<span style='color:{colour}'>{escape(group)}</span> "
        f"<span style='color:{SOFT};font-size:10px'>n={int(row['n']):,}</span>"
    )


def _groups_title(leading_rows: pd.DataFrame, slice_name: str, name: str, leader: str) -> str:
    slice_title = slice_name_of(slice_name)
    large = leading_rows[~leading_rows["is_small"].astype(bool)]
    hollow = "; hollow dots: few rows" if leading_rows["is_small"].any() else ""
    if len(large) < 2:
        return f"{SYSTEMS[leader]}: {name} by {slice_title}{hollow}"
    worst, best = large.iloc[0], large.iloc[-1]
    ends = [
        f"{100 * row['score']:.0f} ({escape(short_group(slice_name, str(row['group'])))})"
        for row in (worst, best)
    ]
    return f"{SYSTEMS[leader]}: {name} by {slice_title} runs from {ends[0]} to {ends[1]}{hollow}"
