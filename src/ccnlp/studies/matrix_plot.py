"""The matrix of a study of transfer: languages trained on by languages tested on."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ccnlp.cultures import language_name
from ccnlp.evaluation.naming import metric_name_of
from ccnlp.evaluation.views import empty_figure, tasks_and_corpora, view_name, with_views
from ccnlp.plotting import apply_theme, escape
from ccnlp.studies.transfer import by_language, is_own

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

ROW_HEIGHT = 34  # pixels
SHADES = [[0.0, "#f6efe3"], [0.5, "#9cc3b5"], [1.0, "#2f7d5b"]]
MAX_LANGUAGES_WITH_NUMBERS = 30
"""Of more, numbers in the cells would overlap."""


def draw_matrix(scores: pd.DataFrame, *, trained: Collection[str], split: str = "test") -> "Figure":
    """The score of each arm in each language, a view for each task and corpus.

    Bold numbers are of languages that the arm was trained on; those in brackets of few rows.

    Args:
        scores: of `score_arms`.
        trained: languages that have train rows, which the arm of all was trained on.
        split: on which they were judged.
    """
    rows = by_language(scores, split=split)
    views = {}
    for task, corpus in tasks_and_corpora(rows, split):
        corpus_rows = rows[(rows["task"] == task) & (rows["corpus"] == corpus)]
        corpus_rows = corpus_rows.assign(is_own=_are_trained_on(corpus_rows, trained))
        views[view_name(task, corpus)] = _draw(corpus_rows)
    return with_views(views or {"": empty_figure(f"No scores on {split}")})


def _are_trained_on(rows: pd.DataFrame, trained: Collection[str]) -> list[bool]:
    pairs = zip(rows["arm"].astype(str), rows["group"].astype(str), strict=True)
    return [is_own(arm, language, trained=trained) for arm, language in pairs]


def _draw(rows: pd.DataFrame) -> "Figure":
    import plotly.graph_objects as go

    figure = go.Figure(go.Heatmap(**_cells(rows)))
    figure.update_xaxes(side="top", showgrid=False, tickangle=0, type="category", title="tested on")
    figure.update_yaxes(
        autorange="reversed", showgrid=False, automargin=True, type="category", title="trained on"
    )
    metric = metric_name_of(str(rows["metric"].iloc[0]))
    title = f"{metric}, percent; bold: a language that was trained on; in brackets: few rows"
    return apply_theme(figure, title, height=190 + ROW_HEIGHT * max(3, rows["arm"].nunique()))


def _cells(rows: pd.DataFrame) -> dict[str, Any]:
    arms, languages = list(rows["arm"].unique()), sorted(map(str, rows["group"].unique()))
    row_by_cell = {(str(row["arm"]), str(row["group"])): row for _, row in rows.iterrows()}
    cells = [[row_by_cell.get((arm, language)) for language in languages] for arm in arms]
    texts = [[_number(cell) for cell in row] for row in cells]
    return {
        "z": [
            [None if c is None or np.isnan(c["score"]) else 100 * c["score"] for c in row]
            for row in cells
        ],
        "x": languages,
        "y": [escape(arm) for arm in arms],
        "text": texts,
        "texttemplate": "%{text}" if len(languages) <= MAX_LANGUAGES_WITH_NUMBERS else None,
        "textfont": {"size": 11},
        "customdata": [[_hover_text(cell) for cell in row] for row in cells],
        "hovertemplate": "%{customdata}<extra></extra>",
        "colorscale": SHADES,
        "xgap": 2,
        "ygap": 2,
        "showscale": False,
        "hoverongaps": False,
    }


def _number(cell: "pd.Series[Any] | None") -> str:
    if cell is None or np.isnan(cell["score"]):
        return ""
    number = f"{100 * cell['score']:.1f}"
    number = f"<b>{number}</b>" if cell["is_own"] else number
    return f"({number})" if cell["is_small"] else number


def _hover_text(cell: "pd.Series[Any] | None") -> str:
    if cell is None:
        return ""
    arm, language = str(cell["arm"]), str(cell["group"])
    kind = "trained on it" if cell["is_own"] else "zero-shot"
    score, low, high = (100 * float(cell[name]) for name in ("score", "low", "high"))
    return (
        f"<b>{escape(arm)}</b>, tested on {escape(language_name(language) or language)}<br>"
        f"{score:.1f} [{low:.1f}, {high:.1f}], n={int(cell['n']):,}, {kind}"
    )
