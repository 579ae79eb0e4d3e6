"""A study's page for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ccnlp.evaluation.naming import describe_group, metric_name_of, short_group, slice_name_of
from ccnlp.evaluation.slices import ALL, LANGUAGE_AVERAGE
from ccnlp.evaluation.summary import Estimate
from ccnlp.pages.page import render_page
from ccnlp.studies.parameters import StudyParameters
from ccnlp.studies.verdicts import summarise

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

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
class AnswerRow:
    """One group with the answer for each arm that was asked about."""

    key: str
    name: str
    n: int
    answers: dict[str, Answer]


@dataclass(frozen=True)
class ScoreRow:
    """One group with the score of each arm, in percent."""

    key: str
    name: str
    n: int
    scores: dict[str, Estimate]


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
    of_split = verdicts[verdicts["split"] == split]
    own = of_split[of_split["is_primary"].astype(bool)]
    tables = {
        f"{task}, {corpus}": {
            slice_name_of(name): _rows(part, name)
            for name, part in _in_order(table, slice_name).items()
        }
        for (task, corpus), table in own.groupby(["task", "corpus"], sort=False)
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
        asked=list(dict.fromkeys(own["arm"])),
        num_seeds=len(parameters.seeds),
        split=split,
        baseline=str(comparison["against"].iloc[0]),
        metrics=[metric_name_of(str(metric)) for metric in own["metric"].unique()],
    )


def _score_tables(scores: pd.DataFrame, slice_name: str) -> dict[str, list[ScoreRow]]:
    """By place and metric, all rows and then the groups of a slice."""
    told = scores[scores["slice"].isin(["all", slice_name])]
    return {
        f"{task}, {corpus}: {metric_name_of(str(metric))}": [
            row
            for name, part in _in_order(table, slice_name).items()
            for row in _score_rows(part, name)
        ]
        for (task, corpus, metric), table in told.groupby(["task", "corpus", "metric"], sort=False)
    }


def _score_rows(table: pd.DataFrame, slice_name: str) -> list[ScoreRow]:
    return [
        ScoreRow(
            key=NAMES.get(str(group)) or short_group(slice_name, str(group)),
            name=describe_group(slice_name, str(group)),
            n=int(own["n"].iloc[0]),
            scores={
                str(row["arm"]): Estimate(
                    *(100 * float(row[end]) for end in ("score", "low", "high"))
                )
                for _, row in own.iterrows()
            },
        )
        for group, own in table.groupby("group", sort=False)
    ]


def _in_order(table: pd.DataFrame, first: str) -> dict[str, pd.DataFrame]:
    slices = {str(name): part for name, part in table.groupby("slice", sort=False)}
    return {
        name: slices[name] for name in sorted(slices, key=lambda name: name not in ("all", first))
    }


def _rows(table: pd.DataFrame, slice_name: str) -> list[AnswerRow]:
    return [
        AnswerRow(
            key=short_group(slice_name, str(group)),
            name=describe_group(slice_name, str(group)),
            n=int(own["n"].iloc[0]),
            answers={str(row["arm"]): _answer(row) for _, row in own.iterrows()},
        )
        for group, own in table.groupby("group", sort=False)
    ]


def _answer(row: "pd.Series[float]") -> Answer:
    columns = ("difference", "difference_low", "difference_high")
    return Answer(Estimate(*(100 * float(row[name]) for name in columns)), str(row["verdict"]))
