"""Pictures of what ingestion did: where the rows are, how they are labelled, what was rejected."""

from typing import TYPE_CHECKING

import pandas as pd

from ccnlp.corpora.report import count_examples
from ccnlp.cultures import language_name, regions
from ccnlp.examples import NO_MAJORITY, SPLITS, UNKNOWN
from ccnlp.plotting import LABEL_COLOURS, apply_theme, escape

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

SPLIT_COLOURS = ("#14507d", "#67a6c6", "#e0913f")
STAGE_COLOURS = ("#14507d", "#e0913f", "#3f8b6c", "#8067ad", "#b8503f", "#67a6c6", "#c79a3b")
MAX_BARS = 60
PIXELS_PER_BAR = 24


def draw_languages(row_counts: pd.DataFrame) -> "Figure":
    """Examples by language, stacked by split, the largest language on top.

    Args:
        row_counts: of `report.CorpusSummary`.
    """
    kept = count_examples(row_counts)
    if kept.empty:
        return _draw_nothing_kept()
    names = kept["language"].map(_language_name)
    table = kept.groupby([names, "split"])["num_rows"].sum().unstack(fill_value=0)
    table = table[[split for split in SPLITS if split in table]]
    share = table.sum(axis=1).max() / table.to_numpy().sum()
    largest = table.sum(axis=1).idxmax()
    title = f"{table.to_numpy().sum():,} examples in {_count(len(table), 'language')}"
    if len(table) > 1:
        title += f"; {share:.0%} are in {largest}"
    return _draw_bars(table, title=title, colours=SPLIT_COLOURS)


def draw_cultures(row_counts: pd.DataFrame) -> "Figure":
    """Shares of the labels by culture and language, sorted by the first label's.

    The number of rows stands beside each name.

    Args:
        row_counts: of `report.CorpusSummary`.
    """
    kept = count_examples(row_counts)
    if kept.empty:
        return _draw_nothing_kept()
    names = [
        _culture_name(language, culture)
        for language, culture in zip(kept["language"], kept["culture"], strict=True)
    ]
    table = kept.groupby([pd.Series(names, index=kept.index), "label"])["num_rows"].sum()
    counts = table.unstack(fill_value=0)
    if len(counts.columns) > 1:
        counts = counts.rename(columns={"": NO_MAJORITY})
    counts = counts[_in_order(counts.columns)]
    shares = counts.div(counts.sum(axis=1), axis=0)
    first = shares.columns[0]
    title = f"Labels of {_count(len(shares), 'culture')}"
    if len(shares) > 1 and first:
        low, high = f"{shares[first].min():.0%}", f"{shares[first].max():.0%}"
        title += f": {low} are {first} in each" if low == high else f": {low} to {high} are {first}"
    shares.index = [f"{name}  n = {n:,}" for name, n in counts.sum(axis=1).items()]
    return _draw_bars(shares, title=title, colours=LABEL_COLOURS, by=first, is_share=True)


def draw_rejections(row_counts: pd.DataFrame, rejection_counts: pd.DataFrame) -> "Figure":
    """Rejected rows by kind of reason, coloured by stage, the most frequent on top."""
    num_read = int(row_counts["num_rows"].sum())
    num_rejected = int(rejection_counts["num_rows"].sum())
    title = f"{num_rejected:,} of {num_read:,} rows were rejected"
    if num_rejected == 0:
        return _draw_bars(pd.DataFrame(), title="No row was rejected", colours=STAGE_COLOURS)
    reason = rejection_counts["reason"].map(_shorten)
    table = rejection_counts.groupby([reason, "rejected_by"])["num_rows"].sum()
    stages = table.groupby("rejected_by").sum().sort_values(ascending=False)
    title += f", {stages.iloc[0] / num_rejected:.0%} of them by {stages.index[0].replace('_', ' ')}"
    wide = table.unstack(fill_value=0)[list(stages.index)]
    return _draw_bars(wide, title=title, colours=STAGE_COLOURS)


def _draw_nothing_kept() -> "Figure":
    return _draw_bars(pd.DataFrame(), title="No row was kept", colours=SPLIT_COLOURS)


def _in_order(labels: pd.Index) -> list[str]:
    """Sentiment from bad to good, other labels by name."""
    scale = {"negative": 0, "neutral": 1, "positive": 2}
    return sorted(labels, key=lambda label: (scale.get(label, 3), label))


def _draw_bars(
    table: pd.DataFrame,
    *,
    title: str,
    colours: tuple[str, ...],
    by: str | None = None,
    is_share: bool = False,
) -> "Figure":
    """Stacked horizontal bars, a row of the table each, sorted by its sum or the column `by`."""
    import plotly.graph_objects as go

    lengths = table[by] if by is not None else table.sum(axis=1)
    order = lengths.sort_values(ascending=False, kind="stable").index
    shown = table.loc[order[:MAX_BARS][::-1]]
    if len(order) > MAX_BARS:
        title += f" (the first {MAX_BARS} of {len(order)})"
    number_format = "%{x:.0%}" if is_share else "%{x:,}"
    bars = [
        go.Bar(
            name=escape(str(column).replace("_", " ")),
            y=[escape(name) for name in shown.index],
            x=shown[column].tolist(),
            orientation="h",
            marker={"color": colours[index % len(colours)], "line": {"width": 0}},
            hovertemplate=f"%{{y}}<br>{escape(column)}: {number_format}<extra></extra>",
        )
        for index, column in enumerate(shown.columns)
    ]
    figure = go.Figure(bars)
    apply_theme(figure, escape(title), height=150 + PIXELS_PER_BAR * max(3, len(shown)))
    return figure.update_layout(
        barmode="stack",
        bargap=0.25,
        legend={"traceorder": "normal"},
        xaxis={"tickformat": ".0%" if is_share else ",d", "title": None if is_share else "rows"},
        yaxis={"automargin": True, "dtick": 1},
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _language_name(tag: str) -> str:
    return "unknown" if tag in ("", UNKNOWN) else language_name(tag) or tag


def _culture_name(language: str, culture: str) -> str:
    name = "" if culture == UNKNOWN else regions().get(culture, culture)
    return f"{name} · {_language_name(language)}" if name else _language_name(language)


def _shorten(reason: str) -> str:
    return reason if len(reason) <= 70 else reason[:69].rstrip() + "…"
