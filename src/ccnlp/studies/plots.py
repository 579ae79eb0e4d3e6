"""Pictures of studies."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from ccnlp.evaluation.naming import describe_group, metric_name_of, short_group
from ccnlp.evaluation.views import empty_figure, tasks_and_corpora, view_name, with_views
from ccnlp.plotting import INK, SOFT, apply_theme, escape
from ccnlp.studies.comparison import Contrast

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

COLOURS = {
    "better": "#2f7d5b",
    "worse": "#b8503f",
    "open": "#66757f",
    "seeds disagree": "#e0913f",
    "too small": "#c3ccd2",
}
"""By finding."""

ROW_HEIGHT = 30  # pixels


def draw_differences(
    comparison: pd.DataFrame,
    contrasts: Sequence[Contrast],
    *,
    slice_name: str,
    split: str = "test",
) -> "Figure":
    """For each contrast the difference in every group with its interval, a view for each.

    In the task's primary metric; in macro-F1, where that is another one, in a view of its own. Dots
    are coloured by what was found; hollow ones have too few rows.
    """
    rows = comparison[(comparison["slice"] == slice_name) & (comparison["split"] == split)]
    rows = rows.sort_values("is_primary", ascending=False, kind="stable")
    views = {}
    for contrast in contrasts:
        contrast_rows = rows[(rows["arm"] == contrast.arm) & (rows["against"] == contrast.against)]
        for task, corpus in tasks_and_corpora(contrast_rows, split):
            is_corpus = (contrast_rows["task"] == task) & (contrast_rows["corpus"] == corpus)
            corpus_rows = contrast_rows[is_corpus]
            for metric, table in corpus_rows.groupby("metric", sort=False):
                name = f"{contrast.arm} against {contrast.against} · {view_name(task, corpus)}"
                name += "" if table["is_primary"].all() else f" · {metric_name_of(str(metric))}"
                views[name] = _draw(table, contrast, slice_name)
    return with_views(views or {"": empty_figure(f"No differences on {split}")})


def _draw(table: pd.DataFrame, contrast: Contrast, slice_name: str) -> "Figure":
    import plotly.graph_objects as go

    figure = go.Figure()
    table = table.sort_values("difference", ignore_index=True)
    for finding, rows in table.groupby("finding"):
        colour = COLOURS[str(finding)]
        figure.add_scatter(
            x=(100 * rows["difference"]).tolist(),
            y=rows.index.tolist(),
            error_x={
                "type": "data",
                "symmetric": False,
                "array": (100 * (rows["difference_high"] - rows["difference"])).tolist(),
                "arrayminus": (100 * (rows["difference"] - rows["difference_low"])).tolist(),
                "color": colour,
                "width": 0,
            },
            mode="markers",
            marker={
                "size": 10,
                "color": "#ffffff" if finding == "too small" else colour,
                "line": {"color": colour, "width": 1.6},
            },
            name=str(finding),
            customdata=[_hover_text(row, slice_name) for _, row in rows.iterrows()],
            hovertemplate="%{customdata}<extra></extra>",
        )
    figure.add_vline(0, line_color=INK, line_width=1)
    figure.update_yaxes(
        tickvals=table.index.tolist(),
        ticktext=[_tick(row, slice_name) for _, row in table.iterrows()],
        showgrid=False,
        zeroline=False,
        automargin=True,
    )
    metric = metric_name_of(str(table["metric"].iloc[0]))
    figure.update_xaxes(title=f"difference in {metric}, percent", zeroline=False)
    title = f"{contrast.arm} against {contrast.against}: right of the line is better"
    return apply_theme(figure, title, height=190 + max(3, len(table)) * ROW_HEIGHT)


def _tick(row: "pd.Series[float]", slice_name: str) -> str:
    group = escape(short_group(slice_name, str(row["group"])))
    return f"{group} <span style='color:{SOFT};font-size:10px'>n={int(row['n']):,}</span>"


def _hover_text(row: "pd.Series[float]", slice_name: str) -> str:
    group = str(row["group"])
    name = f"{short_group(slice_name, group)} {describe_group(slice_name, group)}".strip()
    difference, low, high, lowest, highest = (
        100 * float(row[column])
        for column in (
            "difference", "difference_low", "difference_high",
            "lowest_of_seeds", "highest_of_seeds",
        )
    )  # fmt: skip
    return (
        f"<b>{escape(name)}</b><br>{difference:+.1f} [{low:+.1f}, {high:+.1f}]; "
        f"seeds {lowest:+.1f} to {highest:+.1f}"
    )
