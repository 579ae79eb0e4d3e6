"""Pictures of scores and predictions; a figure has a menu where there are several views."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ccnlp.evaluation.naming import METRIC_NAMES, describe_group, short_group, slice_name_of
from ccnlp.evaluation.scores import ALL, lookup
from ccnlp.evaluation.slices import groups_by_columns
from ccnlp.evaluation.systems import SHORT_NAMES, SYSTEMS, in_order, leading_system
from ccnlp.evaluation.theme import (
    BAND,
    INK,
    SHADES,
    SOFT,
    SYSTEM_COLOURS,
    apply_theme,
    label_colours,
    with_views,
)
from ccnlp.examples import SPLITS
from ccnlp.metrics import NUM_CALIBRATION_BINS, calibration_bins, confusion_counts

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

ROW_HEIGHT = 30  # pixels
MAX_LABELS_WITH_NUMBERS = 12


def draw_scores(
    scores: pd.DataFrame, *, slice_name: str, metric: str = "macro_f1", split: str = "test"
) -> "Figure":
    """Every system's score in each group, with its interval, the best group on top.

    Small groups are grey.
    """
    views = {}
    for task, corpus in _places(scores, split):
        table = lookup(
            scores, slice_name=slice_name, metric=metric, split=split, task=task, corpus=corpus
        )
        if len(table):
            views[_view_name(task, corpus)] = _draw_groups(table, slice_name, metric, split)
    return with_views(views or {"": _nothing(f"No scores on {split}")})


def draw_confusion(
    predictions: pd.DataFrame, *, labels: Mapping[str, Sequence[str]], split: str = "test"
) -> "Figure":
    """What each label is taken for, in percent of its rows; a view for each system."""
    views = {}
    places = list(_places(predictions, split))
    for task, corpus in places:
        rows = _rows_of(predictions, task, corpus, split)
        for system in reversed(in_order(rows["system"])):
            own = rows[rows["system"] == system]
            prefix = f"{_view_name(task, corpus)} · " if len(places) > 1 else ""
            views[prefix + SHORT_NAMES[system]] = _draw_confusion(
                own, labels[task], SYSTEMS[system], split
            )
    return with_views(views or {"": _nothing(f"No predictions on {split}")})


def draw_reliability(predictions: pd.DataFrame, *, split: str = "test") -> "Figure":
    """How often each system is right at each confidence; the diagonal is honest."""
    views = {
        _view_name(task, corpus): _draw_reliability(_rows_of(predictions, task, corpus, split))
        for task, corpus in _places(predictions, split)
    }
    return with_views(views or {"": _nothing(f"No predictions on {split}")})


def draw_labels(examples: pd.DataFrame, *, labels: Mapping[str, Sequence[str]]) -> "Figure":
    """The shares of the labels in each language and culture, a column a split."""
    views = {
        _view_name(str(task), ""): _draw_labels(rows, labels[str(task)])
        for task, rows in examples.groupby("task", sort=False, observed=True)
        if labels.get(str(task)) and "label" in rows
    }
    return with_views(views or {"": _nothing("No labels")})


def _places(table: pd.DataFrame, split: str) -> Iterator[tuple[str, str]]:
    """Tasks and corpora, all corpora together first."""
    for task, rows in table[table["split"] == split].groupby("task", sort=False):
        corpora = [corpus for corpus in rows["corpus"].unique() if corpus != ALL]
        for corpus in [ALL, *corpora] if len(corpora) > 1 else corpora:
            yield str(task), str(corpus)


def _rows_of(predictions: pd.DataFrame, task: str, corpus: str, split: str) -> pd.DataFrame:
    rows = predictions[(predictions["task"] == task) & (predictions["split"] == split)]
    return rows if corpus == ALL else rows[rows["corpus"] == corpus]


def _view_name(task: str, corpus: str) -> str:
    return " · ".join(filter(None, [task, "all corpora" if corpus == ALL else corpus]))


def _draw_groups(table: pd.DataFrame, slice_name: str, metric: str, split: str) -> "Figure":
    import plotly.graph_objects as go

    systems = in_order(table["system"])
    leading = leading_system(systems)
    lead = table[table["system"] == leading].sort_values("score")
    order = lead["group"].tolist()
    figure = go.Figure()
    for offset, system in zip(np.linspace(-0.32, 0.32, len(systems)), systems, strict=True):
        rows = table[table["system"] == system].set_index("group").reindex(order)
        places = np.arange(len(order)) + (offset if len(systems) > 1 else 0.0)
        figure.add_scatter(**_dots(rows, places, system, slice_name, is_leading=system == leading))
        figure.add_scatter(**_legend_entry(system))
    for place in range(0, len(order), 2):
        figure.add_hrect(place - 0.5, place + 0.5, fillcolor=BAND, line_width=0, layer="below")
    figure.update_yaxes(
        tickvals=list(range(len(order))),
        ticktext=[_tick(slice_name, row) for _, row in lead.iterrows()],
        range=[-0.6, len(order) - 0.4],
        showgrid=False,
        zeroline=False,
        automargin=True,
    )
    name = METRIC_NAMES.get(metric, metric)
    figure.update_xaxes(title=f"{name} on {split}, percent")
    height = 190 + max(3, len(order)) * max(ROW_HEIGHT, 8 * len(systems))
    return apply_theme(figure, _groups_title(lead, slice_name, name, leading), height=height)


def _dots(
    rows: pd.DataFrame,
    places: "np.ndarray[Any, Any]",
    system: str,
    slice_name: str,
    *,
    is_leading: bool,
) -> dict[str, Any]:
    is_small = rows["is_small"].fillna(True).astype(bool)
    colour = SYSTEM_COLOURS[system]
    groups = [str(group) for group in rows.index]
    about = [
        _escape(f"{short_group(slice_name, g)} {describe_group(slice_name, g)}".strip())
        for g in groups
    ]
    return {
        "x": (100 * rows["score"]).tolist(),
        "y": places.tolist(),
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
            [a, int(n), 100 * low, 100 * high, " (small)" if small else ""]
            for a, n, low, high, small in zip(
                about, rows["n"].fillna(0), rows["low"], rows["high"], is_small, strict=True
            )
        ],
        "hovertemplate": "<b>%{customdata[0]}</b><br>%{x:.1f} "
        "[%{customdata[2]:.1f}, %{customdata[3]:.1f}], n = %{customdata[1]:,}%{customdata[4]}",
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
        f"<span style='color:{colour}'>{_escape(group)}</span> "
        f"<span style='color:{SOFT};font-size:10px'>n={int(row['n']):,}</span>"
    )


def _groups_title(lead: pd.DataFrame, slice_name: str, name: str, leading: str) -> str:
    what = slice_name_of(slice_name)
    large = lead[~lead["is_small"].astype(bool)]
    hollow = "; hollow dots: few rows" if lead["is_small"].any() else ""
    if len(large) < 2:
        return f"{SYSTEMS[leading]}: {name} by {what}{hollow}"
    worst, best = large.iloc[0], large.iloc[-1]
    ends = [
        f"{100 * row['score']:.0f} ({_escape(short_group(slice_name, str(row['group'])))})"
        for row in (worst, best)
    ]
    return f"{SYSTEMS[leading]}: {name} by {what} runs from {ends[0]} to {ends[1]}{hollow}"


def _draw_confusion(rows: pd.DataFrame, labels: Sequence[str], system: str, split: str) -> "Figure":
    import plotly.graph_objects as go

    counts = confusion_counts(rows["reference"], rows["prediction"], labels=labels)
    shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [_escape(label) for label in labels]
    figure = go.Figure(
        go.Heatmap(
            z=shares.tolist(),
            x=names,
            y=names,
            customdata=counts.tolist(),
            colorscale=[list(shade) for shade in SHADES],
            zmin=0,
            zmax=100,
            texttemplate="%{z:.0f} %" if len(labels) <= MAX_LABELS_WITH_NUMBERS else None,
            textfont={"size": 15},
            hovertemplate="%{y} taken for %{x}: %{customdata:,} rows, %{z:.1f} %<extra></extra>",
            xgap=3,
            ygap=3,
            showscale=False,
        )
    )
    figure.update_xaxes(title="prediction", showgrid=False, constrain="domain")
    figure.update_yaxes(title="reference", autorange="reversed", showgrid=False, automargin=True)
    right = np.trace(counts) / max(1, counts.sum())
    title = f"{system}: {100 * right:.0f} % of {len(rows):,} {split} rows are right"
    return apply_theme(figure, title, height=max(430, 190 + 24 * len(labels)))


def _draw_reliability(rows: pd.DataFrame) -> "Figure":
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.add_scatter(
        x=[0, 100],
        y=[0, 100],
        mode="lines",
        line={"color": SOFT, "dash": "dot", "width": 1},
        name="honest",
        hoverinfo="skip",
    )
    for system in in_order(rows["system"]):
        own = rows[rows["system"] == system]
        by_bin = pd.DataFrame(
            {
                "bin": calibration_bins(own["confidence"]),
                "hit": (own["reference"] == own["prediction"]).astype(float).to_numpy(),
                "confidence": own["confidence"].to_numpy(),
            }
        ).groupby("bin")
        means, sizes = 100 * by_bin.mean(), by_bin.size()
        gap = float(((means["hit"] - means["confidence"]).abs() * sizes).sum() / sizes.sum())
        figure.add_scatter(
            x=means["confidence"].tolist(),
            y=means["hit"].tolist(),
            mode="lines+markers",
            line={"color": SYSTEM_COLOURS[system], "width": 2},
            marker={"size": (6 + 16 * np.sqrt(sizes / sizes.sum())).tolist()},
            name=f"{SHORT_NAMES[system]}, off by {gap:.1f}",
            customdata=sizes.tolist(),
            hovertemplate="confidence %{x:.0f} %: %{y:.0f} % right, n = %{customdata:,}",
        )
    figure.update_xaxes(title=f"mean confidence in {NUM_CALIBRATION_BINS} bins, percent")
    figure.update_xaxes(range=[0, 102])
    figure.update_yaxes(title="right predictions, percent", range=[0, 102])
    title = "Confidence against truth: below the line a system is surer than it should be"
    return apply_theme(figure, title, height=520)


def _draw_labels(rows: pd.DataFrame, labels: Sequence[str]) -> "Figure":
    from plotly.subplots import make_subplots

    columns = ["language", "culture"]
    groups = groups_by_columns(rows, columns, slice_name="language_culture")
    splits = [split for split in SPLITS if (rows["split"] == split).any()]
    counts = pd.crosstab([rows["split"], groups], rows["label"])
    order = sorted(groups.unique(), reverse=True)
    ticks = [_escape(short_group("language_culture", group)) for group in order]
    totals = rows["split"].value_counts()
    figure = make_subplots(
        cols=len(splits),
        shared_yaxes=True,
        horizontal_spacing=0.02,
        subplot_titles=[f"{split}<br>{totals[split]:,}" for split in splits],
    )
    colours = label_colours(labels)
    for column, split in enumerate(splits, start=1):
        own = pd.DataFrame(counts.loc[split]).reindex(order, fill_value=0)
        shares = 100 * own.div(own.sum(axis=1).clip(lower=1), axis=0)
        for label in [label for label in labels if label in own]:
            figure.add_bar(
                x=shares[label].tolist(),
                y=ticks,
                orientation="h",
                name=_escape(label),
                legendgroup=label,
                showlegend=column == 1,
                marker={"color": colours[label]},
                customdata=own[label].tolist(),
                hovertemplate=f"%{{y}}, {split}: %{{x:.0f}} % {_escape(label)}, %{{customdata:,}}",
                row=1,
                col=column,
            )
    figure.update_layout(barmode="stack", bargap=0.25)
    figure.update_xaxes(range=[0, 100], tickvals=[0, 50], ticksuffix=" %")
    figure.update_annotations(font_size=12)
    figure.update_yaxes(automargin=True, showgrid=False)
    title = "Label shares by language and culture; where they differ, one threshold fits not all"
    figure = apply_theme(figure, title, height=190 + max(4, len(order)) * 22)
    return figure.update_layout(
        legend={"yref": "container", "y": 0, "yanchor": "bottom"}, margin={"b": 76}
    )


def _nothing(title: str) -> "Figure":
    import plotly.graph_objects as go

    return apply_theme(go.Figure(), title, height=200)


def _escape(text: str) -> str:
    """Plotly reads a few HTML tags in texts, which a culture key or label must not bring in."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
