"""The look of every picture: colours, type, and views to choose from."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

INK = "#1c2733"
SOFT = "#66757f"
LINE = "#e3e8ec"
BAND = "#f6f8fa"
FONT = "Inter, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"

SYSTEM_COLOURS = {
    "majority": "#b9b3a4",
    "tfidf": "#e0913f",
    "probe": "#67a6c6",
    "champion": "#8067ad",
    "finetuned": "#14507d",
}
LABEL_COLOURS = ("#b8503f", "#dcd3bd", "#3f8b6c", "#5b7fb0", "#c79a3b", "#7d6a9c", "#8c8c83")
SHADES = ((0.0, "#f6f8fa"), (0.5, "#7fb0cf"), (1.0, "#14507d"))

VIEW_LAYOUT = ("title", "xaxis", "yaxis", "height", "shapes", "annotations")


def apply_theme(figure: "Figure", title: str, *, height: int) -> "Figure":
    """The figure in the project's look; the title says what one sees, the height is in pixels."""
    figure.update_layout(
        title={"text": title, "font": {"size": 16}, "x": 0, "xref": "paper", "xanchor": "left"},
        template="plotly_white",
        height=height,
        font={"family": FONT, "size": 12, "color": INK},
        colorway=list(SYSTEM_COLOURS.values()),
        legend={
            "title": None,
            "orientation": "h",
            "x": 0,
            "y": 1,
            "yanchor": "bottom",
            "itemsizing": "constant",
        },
        hoverlabel={"font": {"family": FONT}},
        margin={"l": 10, "r": 16, "t": 96, "b": 48},
        plot_bgcolor="white",
        paper_bgcolor="white",
    )
    figure.update_xaxes(gridcolor=LINE, zerolinecolor=LINE, linecolor=LINE)
    return figure.update_yaxes(gridcolor=LINE, zerolinecolor=LINE, linecolor=LINE)


def label_colours(labels: Sequence[str]) -> dict[str, str]:
    """A colour for each label, the same in every picture of the task."""
    return {label: LABEL_COLOURS[place % len(LABEL_COLOURS)] for place, label in enumerate(labels)}


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
    for place, view in enumerate(views.values()):
        figure.add_traces([trace.update(visible=place == 0) for trace in view.data])
    buttons = []
    for place, (name, view) in enumerate(views.items()):
        visible = [shown == place for shown, size in enumerate(sizes) for _ in range(size)]
        layout = view.layout.to_plotly_json()
        changes = {key: layout[key] for key in VIEW_LAYOUT if key in layout}
        buttons.append({"label": name, "method": "update", "args": [{"visible": visible}, changes]})
    menu = {"buttons": buttons, "x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom"}
    return figure.update_layout(updatemenus=[{**menu, "pad": {"b": 34}, "bgcolor": "white"}])
