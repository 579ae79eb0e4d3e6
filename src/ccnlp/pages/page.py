"""Self-contained HTML pages, readable without a network, with all texts escaped."""

import html
import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment
    from plotly.graph_objects import Figure

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Picture:
    """A figure of a page.

    Attributes:
        titles: one for each view, the first shown at once.
        json: data and layout, as a script element can hold them.
    """

    titles: tuple[str, ...]
    json: str


def render_page(
    template: str, *, templates: Path, figures: "Sequence[Figure]" = (), **values: Any
) -> str:
    """The page of a template that extends `page.html.j2`.

    Args:
        template: its name.
        templates: the folder that it lies in.
        figures: given to it as `pictures`, in the order in which they are shown.
        values: given to it by their names.
    """
    from plotly.offline import get_plotlyjs

    pictures = [picture_of(figure) for figure in figures]
    page = environment(templates).get_template(template)
    return page.render(plotly_js=get_plotlyjs(), pictures=pictures, **values)


def environment(templates: Path) -> "Environment":
    """What renders the templates of a folder; they may extend and include those of every page."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader([templates, TEMPLATES]),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def picture_of(figure: "Figure") -> Picture:
    """The titles go into the page, where they wrap; the figure closes up."""
    from plotly.utils import PlotlyJSONEncoder

    content = deepcopy(figure.to_plotly_json())
    layout = content["layout"]
    titles = [_title(layout)]
    menus = layout.get("updatemenus", ())
    if menus:
        titles = [_title(button["args"][1]) for button in menus[0]["buttons"]]
    layout["title"] = None
    layout["dragmode"] = False
    layout["margin"] = {**layout.get("margin", {}), "t": 86 if menus else 40}
    # Within a script element, "<" could end it or open another.
    text = json.dumps(content, cls=PlotlyJSONEncoder).replace("<", "\\u003c")
    return Picture(tuple(titles), text)


def _title(layout: dict[str, Any]) -> str:
    """Takes the title out of a layout; as text, where Plotly's is HTML."""
    return html.unescape(str((layout.pop("title", None) or {}).get("text", "")))
