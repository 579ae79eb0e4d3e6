"""The look of every picture: colours, type and layout."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

INK = "#1c2733"
SOFT = "#66757f"
LINE = "#e3e8ec"
BAND = "#f6f8fa"
FONT = "Inter, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"

LABEL_COLOURS = ("#b8503f", "#dcd3bd", "#3f8b6c", "#5b7fb0", "#c79a3b", "#7d6a9c", "#8c8c83")
SHADES = ((0.0, "#f6f8fa"), (0.5, "#7fb0cf"), (1.0, "#14507d"))


def apply_theme(figure: "Figure", title: str, *, height: int) -> "Figure":
    """The figure in the project's look; the title says what one sees, the height is in pixels."""
    figure.update_layout(
        title={"text": title, "font": {"size": 16}, "x": 0, "xref": "paper", "xanchor": "left"},
        template="plotly_white",
        height=height,
        font={"family": FONT, "size": 12, "color": INK},
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
    return {label: LABEL_COLOURS[index % len(LABEL_COLOURS)] for index, label in enumerate(labels)}


def escape(text: str) -> str:
    """Plotly reads a few HTML tags in texts, which a culture key or label must not bring in."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
