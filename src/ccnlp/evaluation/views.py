"""Views of a figure: one for each task and corpus, with a menu where there are several."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from ccnlp.evaluation.slices import ALL
from ccnlp.plotting import apply_theme

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

VIEW_LAYOUT = ("title", "xaxis", "yaxis", "height", "shapes", "annotations")
"""What of its layout a view brings along."""


def with_views(views: "Mapping[str, Figure]") -> "Figure":
    """One figure with a menu of several; the first is shown at once.

    Raises:
        ValueError: there is no view.
    """
    import plotly.graph_objects as go

    if not views:
        raise ValueError("a figure needs at least one view")
    first, *others = views.values()
    if not others:
        return first
    figure = go.Figure(layout=first.layout)
    sizes = [len(view.data) for view in views.values()]
    for index, view in enumerate(views.values()):
        figure.add_traces([trace.update(visible=index == 0) for trace in view.data])
    buttons = []
    for index, (name, view) in enumerate(views.items()):
        visible = [
            view_index == index for view_index, size in enumerate(sizes) for _ in range(size)
        ]
        layout = view.layout.to_plotly_json()
        changes = {key: layout[key] for key in VIEW_LAYOUT if key in layout}
        buttons.append({"label": name, "method": "update", "args": [{"visible": visible}, changes]})
    menu = {"buttons": buttons, "x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom"}
    return figure.update_layout(updatemenus=[{**menu, "pad": {"b": 34}, "bgcolor": "white"}])


def tasks_and_corpora(table: pd.DataFrame, split: str) -> Iterator[tuple[str, str]]:
    """The tasks and corpora of a split, all corpora together first."""
    for task, rows in table[table["split"] == split].groupby("task", sort=False):
        corpora = [corpus for corpus in rows["corpus"].unique() if corpus != ALL]
        for corpus in [ALL, *corpora] if len(corpora) > 1 else corpora:
            yield str(task), str(corpus)


def view_name(task: str, corpus: str) -> str:
    """The entry of the menu."""
    return " · ".join(filter(None, [task, "all corpora" if corpus == ALL else corpus]))


def empty_figure(title: str) -> "Figure":
    """What stands where there is nothing to draw."""
    import plotly.graph_objects as go

    return apply_theme(go.Figure(), title, height=200)
