"""A study's page for people."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import pandas as pd

from ccnlp.evaluation.naming import describe_group, metric_name_of, short_group, slice_name_of
from ccnlp.evaluation.slices import ALL, LANGUAGE_AVERAGE
from ccnlp.evaluation.summary import Estimate
from ccnlp.examples import UNKNOWN
from ccnlp.pages.page import render_page
from ccnlp.studies.parameters import StudyParameters
from ccnlp.studies.verdicts import summarise

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Cell = TypeVar("Cell")

TEMPLATES = Path(__file__).parent / "templates"

NAMES = {ALL: "all rows", LANGUAGE_AVERAGE: "mean over languages"}
"""Of groups that are no value of a column."""

CLASSES = {"helps": "better", "transfer": "better", "hurts": "worse", "harm": "worse"}
"""By verdict, the class of the style sheet; the others are plain."""


@dataclass(frozen=True)
class About:
    """What a study asks.

    Attributes:
        title: the question.
        arms: by name, what each was trained on or told.
        budget: what the trainings have equally much of.
    """

    title: str
    arms: Mapping[str, str]
    budget: str = "all of equally many steps"


@dataclass(frozen=True)
class Answer:
    """One arm on one group."""

    difference: Estimate
    verdict: str

    @property
    def css(self) -> str:
        """The class of the style sheet."""
        return CLASSES.get(self.verdict, "open")


@dataclass(frozen=True)
class GroupRow(Generic[Cell]):
    """One group with what is told of each arm: an answer, or a score in percent."""

    key: str
    name: str
    n: int
    cells: dict[str, Cell]


def render_study(
    about: About,
    verdicts: pd.DataFrame,
    comparison: pd.DataFrame,
    scores: pd.DataFrame,
    *,
    figure: "Figure",
    parameters: StudyParameters,
    slice_name: str,
    split: str = "test",
) -> str:
    """The page: what was asked and found, for whom, and how it was measured.

    Args:
        about: the question and the arms.
        verdicts: of `judge`.
        comparison: of `compare_arms`.
        scores: of `score_arms`.
        figure: the differences.
        parameters: of the study.
        slice_name: whose groups are told first.
        split: on which it was judged.
    """
    split_verdicts = verdicts[verdicts["split"] == split]
    primary_verdicts = split_verdicts[split_verdicts["is_primary"].astype(bool)]
    tables = {
        f"{task}, {corpus}": {
            slice_name_of(name): _group_rows(groups, name, _answer)
            for name, groups in _slices_in_order(table, slice_name).items()
        }
        for (task, corpus), table in primary_verdicts.groupby(["task", "corpus"], sort=False)
    }
    return render_page(
        "study.html.j2",
        templates=TEMPLATES,
        figures=[figure],
        about=about,
        summary=summarise(verdicts, slice_name=slice_name, split=split),
        tables=tables,
        scores=_score_tables(scores[scores["split"] == split], slice_name),
        arms=list(dict.fromkeys(scores["arm"])),
        judged_arms=list(dict.fromkeys(primary_verdicts["arm"])),
        num_seeds=len(parameters.seeds),
        split=split,
        baseline=str(comparison["against"].iloc[0]),
        metrics=[metric_name_of(str(metric)) for metric in primary_verdicts["metric"].unique()],
    )


def _score_tables(scores: pd.DataFrame, slice_name: str) -> dict[str, list[GroupRow[Estimate]]]:
    """By task, corpus and metric, all rows and then the groups of a slice."""
    reported = scores[scores["slice"].isin(["all", slice_name])]
    return {
        f"{task}, {corpus}: {metric_name_of(str(metric))}": [
            row
            for name, groups in _slices_in_order(table, slice_name).items()
            for row in _group_rows(groups, name, _score)
        ]
        for (task, corpus, metric), table in reported.groupby(
            ["task", "corpus", "metric"], sort=False
        )
    }


def _slices_in_order(table: pd.DataFrame, first: str) -> dict[str, pd.DataFrame]:
    """The rows of each slice; none of one whose only group is the unknown one, unless it is first.

    Such a group is made of all rows, whose answer stands above.
    """
    slices = {
        str(name): groups
        for name, groups in table.groupby("slice", sort=False)
        if name == first or groups["group"].ne(UNKNOWN).any()
    }
    return {
        name: slices[name] for name in sorted(slices, key=lambda name: name not in ("all", first))
    }


def _group_rows(
    table: pd.DataFrame, slice_name: str, make_cell: "Callable[[pd.Series[float]], Cell]"
) -> list[GroupRow[Cell]]:
    """A row a group, with the cell of each row of the table by its arm."""
    return [
        GroupRow(
            key=NAMES.get(str(group)) or short_group(slice_name, str(group)),
            name=describe_group(slice_name, str(group)),
            n=int(group_rows["n"].iloc[0]),
            cells={str(row["arm"]): make_cell(row) for _, row in group_rows.iterrows()},
        )
        for group, group_rows in table.groupby("group", sort=False)
    ]


def _answer(row: "pd.Series[float]") -> Answer:
    difference = _estimate(row, "difference", "difference_low", "difference_high")
    return Answer(difference, str(row["verdict"]))


def _score(row: "pd.Series[float]") -> Estimate:
    return _estimate(row, "score", "low", "high")


def _estimate(row: "pd.Series[float]", *names: str) -> Estimate:
    return Estimate(*(100 * float(row[name]) for name in names))
