"""The picture of what abstaining buys: risk against coverage."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ccnlp.evaluation.selective import RiskCurve, risk_curve
from ccnlp.evaluation.systems import SHORT_NAMES, SYSTEM_COLOURS, in_order, leading_system
from ccnlp.evaluation.thresholds import Thresholds
from ccnlp.evaluation.views import empty_figure, with_views
from ccnlp.plotting import SOFT, apply_theme

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MAX_POINTS = 400
"""Of a curve: enough for the eye, and little for the page."""
NAMES = {"validation": ", validation", "test": ""}


def draw_risk_coverage(predictions: pd.DataFrame, thresholds: Thresholds) -> "Figure":
    """The error rate of each system's answers at each share that it could answer; a view a task.

    On test, and on validation for the system that leads; marks show where the thresholds are.
    """
    labelled = predictions[predictions["reference"].notna()]
    views = {
        str(task): _draw(rows, str(task), thresholds)
        for task, rows in labelled.groupby("task", sort=False, observed=True)
    }
    return with_views(views or {"": empty_figure("No labelled rows to abstain on")})


def _draw(rows: pd.DataFrame, task: str, thresholds: Thresholds) -> "Figure":
    import plotly.graph_objects as go

    figure = go.Figure()
    leader = leading_system(rows["system"])
    highest = 1.0
    for system in in_order(rows["system"]):
        for split in NAMES if system == leader else ("test",):
            system_rows = rows[(rows["system"] == system) & (rows["split"] == split)]
            curve = risk_curve(
                system_rows["confidence"], system_rows["reference"] != system_rows["prediction"]
            )
            if not curve.num_rows:
                continue
            figure.add_scatter(**_line(curve, system, split, is_leading=system == leader))
            threshold = thresholds.of_system(system).get(task)
            if threshold is not None:
                figure.add_scatter(**_mark(curve, threshold, system))
            highest = max(highest, float(100 * curve.risk.max()))
    if thresholds.max_error_rate is not None:
        figure.add_hline(
            100 * thresholds.max_error_rate,
            line={"color": SOFT, "dash": "dot", "width": 1},
            annotation={"text": "asked for", "font": {"color": SOFT, "size": 11}},
        )
    figure.update_xaxes(title="answered, percent of the rows", range=[0, 102])
    figure.update_yaxes(
        title="wrong among the answers, percent", range=[0, min(102, 1.08 * highest)]
    )
    title = "Error rate against the share answered, the surest first; diamonds are the thresholds"
    return apply_theme(figure, title, height=520)


def _line(curve: RiskCurve, system: str, split: str, *, is_leading: bool) -> dict[str, Any]:
    points = np.unique(np.linspace(0, len(curve.thresholds) - 1, MAX_POINTS).round().astype(int))
    return {
        "x": (100 * curve.coverage[points]).tolist(),
        "y": (100 * curve.risk[points]).tolist(),
        "mode": "lines+markers" if len(points) == 1 else "lines",
        "line": {
            "color": SYSTEM_COLOURS[system],
            "width": 2.4 if is_leading else 1.4,
            "dash": "dot" if split == "validation" else "solid",
        },
        "name": f"{SHORT_NAMES[system]}{NAMES[split]}, area {100 * curve.area:.1f}",
        "customdata": (100 * curve.thresholds[points]).tolist(),
        "hovertemplate": "%{x:.0f} % answered: %{y:.1f} % wrong, from confidence "
        "%{customdata:.1f} %",
    }


def _mark(curve: RiskCurve, threshold: float, system: str) -> dict[str, Any]:
    """Where the threshold stands on a curve; off it where nothing reaches it."""
    point = int((curve.thresholds >= threshold).sum()) - 1
    is_on_curve = point >= 0
    return {
        "x": [100 * float(curve.coverage[point])] if is_on_curve else [],
        "y": [100 * float(curve.risk[point])] if is_on_curve else [],
        "mode": "markers",
        "marker": {
            "color": SYSTEM_COLOURS[system],
            "symbol": "diamond",
            "size": 11,
            "line": {"color": "white", "width": 1.5},
        },
        "showlegend": False,
        "hovertemplate": f"threshold of {100 * threshold:.1f} %: "
        "%{x:.0f} % answered, %{y:.1f} % wrong<extra></extra>",
    }
