"""Pictures of predictions and labels."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ccnlp.evaluation.naming import short_group
from ccnlp.evaluation.slices import ALL
from ccnlp.evaluation.systems import SHORT_NAMES, SYSTEM_COLOURS, SYSTEMS, in_order
from ccnlp.evaluation.views import empty_figure, tasks_and_corpora, view_name, with_views
from ccnlp.examples import SPLITS, groups_by_columns
from ccnlp.metrics import (
    NUM_CALIBRATION_BINS,
    calibration_bins,
    calibration_error,
    confusion_counts,
)
from ccnlp.plotting import SHADES, SOFT, apply_theme, escape, label_colours

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MAX_LABELS_WITH_NUMBERS = 12


def draw_confusion(
    predictions: pd.DataFrame, *, labels: Mapping[str, Sequence[str]], split: str = "test"
) -> "Figure":
    """What each label is taken for, in percent of its rows; a view for each system."""
    views = {}
    pairs = list(tasks_and_corpora(predictions, split))
    for task, corpus in pairs:
        rows = _rows_of(predictions, task, corpus, split)
        for system in reversed(in_order(rows["system"])):
            system_rows = rows[rows["system"] == system]
            prefix = f"{view_name(task, corpus)} · " if len(pairs) > 1 else ""
            views[prefix + SHORT_NAMES[system]] = _draw_confusion(
                system_rows, labels[task], SYSTEMS[system], split
            )
    return with_views(views or {"": empty_figure(f"No predictions on {split}")})


def draw_reliability(predictions: pd.DataFrame, *, split: str = "test") -> "Figure":
    """How often each system is right at each confidence; the diagonal is honest."""
    views = {
        view_name(task, corpus): _draw_reliability(_rows_of(predictions, task, corpus, split))
        for task, corpus in tasks_and_corpora(predictions, split)
    }
    return with_views(views or {"": empty_figure(f"No predictions on {split}")})


def draw_labels(examples: pd.DataFrame, *, labels: Mapping[str, Sequence[str]]) -> "Figure":
    """The shares of the labels in each language and culture, a column a split."""
    views = {
        view_name(str(task), ""): _draw_labels(rows, labels[str(task)])
        for task, rows in examples.groupby("task", sort=False, observed=True)
        if labels.get(str(task)) and "label" in rows and rows["label"].notna().any()
    }
    return with_views(views or {"": empty_figure("No labels")})


def _rows_of(predictions: pd.DataFrame, task: str, corpus: str, split: str) -> pd.DataFrame:
    """Those with a reference: there is nothing to hold the others' predictions against."""
    is_chosen = (predictions["task"] == task) & (predictions["split"] == split)
    rows = predictions[is_chosen & predictions["reference"].notna()]
    return rows if corpus == ALL else rows[rows["corpus"] == corpus]


def _draw_confusion(rows: pd.DataFrame, labels: Sequence[str], system: str, split: str) -> "Figure":
    import plotly.graph_objects as go

    counts = confusion_counts(rows["reference"], rows["prediction"], labels=labels)
    shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [escape(label) for label in labels]
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
    share_right = np.trace(counts) / max(1, counts.sum())
    title = f"{system}: {100 * share_right:.0f} % of {len(rows):,} {split} rows are right"
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
        system_rows = rows[rows["system"] == system]
        by_bin = pd.DataFrame(
            {
                "bin": calibration_bins(system_rows["confidence"]),
                "hit": (system_rows["reference"] == system_rows["prediction"])
                .astype(float)
                .to_numpy(),
                "confidence": system_rows["confidence"].to_numpy(),
            }
        ).groupby("bin")
        means, sums, sizes = 100 * by_bin.mean(), by_bin.sum(), by_bin.size()
        hits, confidence = sums["hit"].to_numpy(), sums["confidence"].to_numpy()
        gap = 100 * float(calibration_error(hits, confidence, np.array(len(system_rows))))
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

    groups = groups_by_columns(rows, ["language", "culture"])
    splits = [split for split in SPLITS if (rows["split"] == split).any()]
    counts = pd.crosstab([rows["split"], groups], rows["label"])
    group_order = sorted(groups.unique(), reverse=True)
    ticks = [escape(short_group("language_culture", group)) for group in group_order]
    totals = rows["split"].value_counts()
    figure = make_subplots(
        cols=len(splits),
        shared_yaxes=True,
        horizontal_spacing=0.02,
        subplot_titles=[f"{split}<br>{totals[split]:,}" for split in splits],
    )
    colours = label_colours(labels)
    for column, split in enumerate(splits, start=1):
        has_labels = split in counts.index.get_level_values(0)  # all may be tied
        split_counts = pd.DataFrame(counts.loc[split] if has_labels else counts[:0].droplevel(0))
        split_counts = split_counts.reindex(group_order, fill_value=0)
        shares = 100 * split_counts.div(split_counts.sum(axis=1).clip(lower=1), axis=0)
        for label in [label for label in labels if label in split_counts]:
            figure.add_bar(
                x=shares[label].tolist(),
                y=ticks,
                orientation="h",
                name=escape(label),
                legendgroup=label,
                showlegend=column == 1,
                marker={"color": colours[label]},
                customdata=split_counts[label].tolist(),
                hovertemplate=f"%{{y}}, {split}: %{{x:.0f}} % {escape(label)}, %{{customdata:,}}",
                row=1,
                col=column,
            )
    figure.update_layout(barmode="stack", bargap=0.25)
    figure.update_xaxes(range=[0, 100], tickvals=[0, 50], ticksuffix=" %")
    figure.update_annotations(font_size=12)
    figure.update_yaxes(automargin=True, showgrid=False)
    title = "Label shares by language and culture; where they differ, one threshold fits not all"
    figure = apply_theme(figure, title, height=190 + max(4, len(group_order)) * 22)
    return figure.update_layout(
        legend={"yref": "container", "y": 0, "yanchor": "bottom"}, margin={"b": 76}
    )
