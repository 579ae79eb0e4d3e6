"""Pictures of agreement."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ccnlp.agreement.disagreement import disagreement_matrix
from ccnlp.agreement.naming import culture_name, name_in_sentence, noun_for, plural
from ccnlp.plotting import BAND, SHADES, SOFT, apply_theme, escape

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MAX_CULTURES_WITH_NUMBERS = 12
MAX_PAIRS = 12
ROW_HEIGHT = 26  # pixels
CELL_HEIGHT = 46  # pixels
SMALL_CELL_HEIGHT = 20  # pixels
WITHIN, BETWEEN = ("all", "within"), ("between", "pair")
COLOURS = {WITHIN: "#14507d", BETWEEN: "#e0913f"}


def draw_disagreement(agreement: pd.DataFrame) -> "Figure":
    """On how many percent of texts each two cultures' majorities differ.

    The culture that differs most from the others comes first. Figures of few texts stand in
    brackets; pairs without a common text are empty.

    Args:
        agreement: of `agreement_tables`.
    """
    import plotly.graph_objects as go

    shares = 100 * disagreement_matrix(agreement)
    if shares.isna().all(axis=None):
        return _empty("No two cultures judged the same texts")
    num_texts = disagreement_matrix(agreement, "n").fillna(0)
    is_small = disagreement_matrix(agreement, "is_small").fillna(False).astype(bool)
    shuffled = 100 * disagreement_matrix(agreement, "shuffled")
    keys = [escape(culture) for culture in shares.index]
    has_numbers = len(keys) <= MAX_CULTURES_WITH_NUMBERS
    figure = go.Figure(
        go.Heatmap(
            z=_without_nan(shares),
            x=keys,
            y=keys,
            text=_cell_texts(shares, is_small) if has_numbers else None,
            texttemplate="%{text}" if has_numbers else None,
            textfont={"size": 14},
            customdata=_hover_texts(shares, num_texts, shuffled),
            hovertemplate="%{customdata}<extra></extra>",
            colorscale=[list(shade) for shade in SHADES],
            zmin=0,
            zmax=max(1.0, float(np.nanmax(shares.to_numpy()))),
            xgap=3,
            ygap=3,
            showscale=False,
            hoverongaps=False,
        )
    )
    figure.update_xaxes(tickvals=keys, showgrid=False, side="top", tickangle=0)
    figure.update_yaxes(
        tickvals=keys,
        ticktext=_axis_names(shares.index),
        autorange="reversed",
        showgrid=False,
        automargin=True,
    )
    cell_height = CELL_HEIGHT if has_numbers else SMALL_CELL_HEIGHT
    return apply_theme(
        figure, _matrix_title(agreement), height=170 + cell_height * max(3, len(keys))
    )


def draw_alphas(agreement: pd.DataFrame) -> "Figure":
    """Krippendorff's alpha with its interval, of single annotators and of cultures' majorities.

    All annotators, each culture's, all majorities, and each pair's, of these the lowest where
    there are many. Hollow dots are of few texts.

    Args:
        agreement: of `agreement_tables`.
    """
    import plotly.graph_objects as go

    alphas = agreement[(agreement["measure"] == "alpha") & agreement["value"].notna()]
    if alphas.empty:
        return _empty("Krippendorff's alpha is undefined here")
    shown = _in_order(alphas)
    figure = go.Figure()
    ticks: list[str] = []
    for group, kinds in (("single annotations", WITHIN), ("majorities", BETWEEN)):
        rows = shown[shown["kind"].isin(kinds)]
        if len(rows):
            ticks.append(f"<b>{group}</b>")
            names = [_alpha_name(row) for _, row in rows.iterrows()]
            figure.add_scatter(**_dots(rows, len(ticks), names, COLOURS[kinds]))
            ticks += names
    for position in range(0, len(ticks), 2):
        figure.add_hrect(
            position - 0.5, position + 0.5, fillcolor=BAND, line_width=0, layer="below"
        )
    figure.update_yaxes(
        tickvals=list(range(len(ticks))),
        ticktext=ticks,
        range=[len(ticks) - 0.4, -0.6],
        showgrid=False,
        zeroline=False,
        automargin=True,
    )
    figure.update_xaxes(title="alpha; 0 is chance", range=_range(shown), nticks=6)
    apply_theme(figure, _alpha_title(shown), height=160 + ROW_HEIGHT * max(3, len(ticks)))
    return figure.update_layout(showlegend=False)


def _empty(title: str) -> "Figure":
    import plotly.graph_objects as go

    return apply_theme(go.Figure(), title, height=200)


def _without_nan(table: pd.DataFrame) -> list[list[float | None]]:
    return [[None if np.isnan(cell) else float(cell) for cell in row] for row in table.to_numpy()]


def _cell_texts(shares: pd.DataFrame, is_small: pd.DataFrame) -> list[list[str]]:
    def write(share: float, small: bool) -> str:
        if np.isnan(share):
            return ""
        return f"({share:.0f})" if small else f"{share:.1f}"

    return [
        [write(share, small) for share, small in zip(*row, strict=True)]
        for row in zip(shares.to_numpy(), is_small.to_numpy(), strict=True)
    ]


def _hover_texts(
    shares: pd.DataFrame, num_texts: pd.DataFrame, shuffled: pd.DataFrame
) -> list[list[str]]:
    def write(a: str, b: str, share: float, n: float, chance: float) -> str:
        names = f"{escape(culture_name(a))} and {escape(culture_name(b))}"
        by_chance = "" if np.isnan(chance) else f"<br>{chance:.1f} % if dealt at random"
        return f"{names}: {share:.1f} % of {n:,.0f} texts{by_chance}"

    tables = [table.to_numpy(dtype=np.float64) for table in (shares, num_texts, shuffled)]
    return [
        [write(a, b, *cell) for b, cell in zip(shares.columns, np.stack(row, axis=1), strict=True)]
        for a, *row in zip(shares.index, *tables, strict=True)
    ]


def _axis_names(cultures: pd.Index) -> list[str]:
    """The key, and its name where that says more."""
    return [
        escape(key)
        if culture_name(key) == key
        else f"{escape(culture_name(key))} <span style='color:{SOFT}'>{escape(key)}</span>"
        for key in map(str, cultures)
    ]


def _matrix_title(agreement: pd.DataFrame) -> str:
    pairs = agreement[(agreement["measure"] == "disagreement") & agreement["value"].notna()]
    large_pairs = pairs[~pairs["is_small"].astype(bool)].sort_values("value", kind="stable")
    if large_pairs.empty:
        return "Percent of texts on which two cultures differ; in brackets: few texts"
    low, high = large_pairs["value"].iloc[0], large_pairs["value"].iloc[-1]
    noun = plural(noun_for([*pairs["culture_a"], *pairs["culture_b"]]))
    if len(large_pairs) == 1:
        return f"The {noun} differ on {100 * high:.1f} % of texts"
    a, b = large_pairs["culture_a"].iloc[-1], large_pairs["culture_b"].iloc[-1]
    pair = escape(f"{name_in_sentence(a)} and {name_in_sentence(b)}")
    return f"Two {noun} differ on {100 * low:.0f} to {100 * high:.0f} % of texts, most {pair}"


def _in_order(alphas: pd.DataFrame) -> pd.DataFrame:
    """All, within from high to low, between, pairs from high to low."""
    kind_order = {"all": 0, "within": 1, "between": 2, "pair": 3}
    sorted_rows = alphas.assign(kind_order=alphas["kind"].map(kind_order)).sort_values(
        ["kind_order", "value"], ascending=[True, False], kind="stable"
    )
    is_pair = sorted_rows["kind"] == "pair"
    return pd.concat([sorted_rows[~is_pair], sorted_rows[is_pair].tail(MAX_PAIRS)])


def _alpha_name(row: "pd.Series[Any]") -> str:
    """The tick of a row, with n."""
    names = {
        "all": "all",
        "within": culture_name(row["culture_a"]),
        "between": "all",
        "pair": f"{row['culture_a']} · {row['culture_b']}",
    }
    return (
        f"{escape(names[row['kind']])} "
        f"<span style='color:{SOFT};font-size:10px'>n={int(row['n']):,}</span>"
    )


def _dots(rows: pd.DataFrame, first_position: int, names: list[str], colour: str) -> dict[str, Any]:
    """Dots with intervals, from a position on the axis downwards."""
    return {
        "x": rows["value"].tolist(),
        "y": list(range(first_position, first_position + len(rows))),
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": (rows["high"] - rows["value"]).tolist(),
            "arrayminus": (rows["value"] - rows["low"]).tolist(),
            "color": colour,
            "thickness": 2.2,
            "width": 0,
        },
        "mode": "markers",
        "marker": {
            "color": np.where(rows["is_small"].astype(bool), "#ffffff", colour).tolist(),
            "size": 9,
            "line": {"color": colour, "width": 1.6},
        },
        "customdata": [
            [name, low, high]
            for name, low, high in zip(names, rows["low"], rows["high"], strict=True)
        ],
        "hovertemplate": "%{customdata[0]}<br>%{x:.2f} "
        "[%{customdata[1]:.2f}, %{customdata[2]:.2f}]<extra></extra>",
    }


def _range(rows: pd.DataFrame) -> list[float]:
    """From 0, or below where an interval ends there, to 1."""
    lowest = min(0.0, rows["value"].min(), rows["low"].min())
    return [lowest - 0.03, 1.03]


def _alpha_title(shown: pd.DataFrame) -> str:
    within = shown[(shown["kind"] == "within") & ~shown["is_small"].astype(bool)]
    note = "; hollow dots: few texts" if shown["is_small"].any() else ""
    if len(within) < 2:
        return f"Krippendorff's alpha of annotators and of majorities{note}"
    low, high = within.iloc[-1], within.iloc[0]
    ends = [f"{row['value']:.2f} ({escape(str(row['culture_a']))})" for row in (low, high)]
    noun = noun_for(list(within["culture_a"]))
    return f"Krippendorff's alpha within one {noun} runs from {ends[0]} to {ends[1]}{note}"
