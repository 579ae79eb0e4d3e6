"""The graph that all studies share, and its nodes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from kedro.pipeline import Node, Pipeline

from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.studies import comparison, findings, plots, report, verdicts
from ccnlp.studies.study import Study
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

NodeFunction = Callable[..., Any]

Figure = Any
"""A plotly figure. Kedro reads annotations at run time, and importing plotly takes a second."""

AnyStudyParameters = Any
"""The study's parameters. Kedro makes them of the one model that a node names, which is the node
that trains; the common model here would refuse what a study has of its own."""

COMMON = {
    "examples": "examples@table",
    "encoder": "encoder",
    "checkpoints": "study_checkpoints",
    "tasks": "params:tasks",
    "tokenisation": "params:tokenisation",
    "training": "params:training",
}
"""By argument, what the arms of every study are trained from."""


@dataclass(frozen=True)
class StudyNodes:
    """The nodes that follow the trainings, whatever the study asks."""

    definition: Study

    def score_arms(
        self,
        predictions: pd.DataFrame,
        tasks: TasksParameters,
        evaluation: EvaluationParameters,
        study: AnyStudyParameters,
    ) -> pd.DataFrame:
        """How good each arm is, by group."""
        return comparison.score_arms(
            predictions, build_tasks(tasks), evaluation, slices=study.slices
        )

    def compare_arms(
        self,
        predictions: pd.DataFrame,
        tasks: TasksParameters,
        evaluation: EvaluationParameters,
        study: AnyStudyParameters,
    ) -> pd.DataFrame:
        """The differences between the arms, by group."""
        contrasts = self.definition.contrasts_of(_unique(predictions["system"]))
        return comparison.compare_arms(
            predictions, contrasts, build_tasks(tasks), evaluation, slices=study.slices
        )

    def judge_arms(self, arm_comparison: pd.DataFrame) -> pd.DataFrame:
        """The answer for each group, which is told as well."""
        arm_verdicts = verdicts.judge(
            arm_comparison, self.definition.questions_of(_arms_in(arm_comparison))
        )
        findings.tell(
            arm_verdicts, name=self.definition.name, slice_name=self.definition.slice_name
        )
        return arm_verdicts

    def draw_differences(self, arm_comparison: pd.DataFrame) -> Figure:
        """The differences by the groups that are told first."""
        contrasts = self.definition.contrasts_of(_arms_in(arm_comparison))
        return plots.draw_differences(
            arm_comparison, contrasts, slice_name=self.definition.slice_name
        )

    def write_report(
        self,
        arm_verdicts: pd.DataFrame,
        arm_comparison: pd.DataFrame,
        scores: pd.DataFrame,
        figure: Figure,
        study: AnyStudyParameters,
    ) -> str:
        """The page for people."""
        return report.render_study(
            self.definition.about_of(_unique(scores["arm"])),
            arm_verdicts,
            arm_comparison,
            scores,
            figure=figure,
            parameters=study,
            slice_name=self.definition.slice_name,
        )


def _arms_in(arm_comparison: pd.DataFrame) -> list[str]:
    return _unique([*arm_comparison["arm"], *arm_comparison["against"]])


def _unique(names: Iterable[str]) -> list[str]:
    """Each name once, in the order in which they come."""
    return list(dict.fromkeys(names))


def create_study(
    definition: Study,
    *,
    train: NodeFunction,
    inputs: Mapping[str, str],
    draw: Node | None = None,
    extra_nodes: Sequence[Node] = (),
) -> Pipeline:
    """The pipeline of a study; it is no part of the main job.

    Its datasets are named after it, such as `culture_study_verdicts`, and its nodes after their
    functions.

    Args:
        definition: what is studied.
        train: what every training of every arm predicts, from `COMMON`, `inputs` and the study's
            parameters.
        inputs: by argument of `train`, the dataset that this study alone needs.
        draw: the node of the plot; where it is not given, the differences are drawn.
        extra_nodes: nodes that this study alone has.
    """
    name, nodes = definition.name, StudyNodes(definition)
    study = f"params:{name}"
    predictions, scores, arm_comparison, arm_verdicts, plot, page = (
        f"{name}_{suffix}"
        for suffix in ("predictions", "scores", "comparison", "verdicts", "plot", "report")
    )
    common = [
        named_node(train, {**COMMON, **inputs, "study": study}, predictions),
        named_node(
            nodes.score_arms, [predictions, "params:tasks", "params:evaluation", study], scores
        ),
        named_node(
            nodes.compare_arms,
            [predictions, "params:tasks", "params:evaluation", study],
            arm_comparison,
        ),
        named_node(nodes.judge_arms, arm_comparison, arm_verdicts),
        draw or named_node(nodes.draw_differences, arm_comparison, plot),
        named_node(nodes.write_report, [arm_verdicts, arm_comparison, scores, plot, study], page),
    ]
    return Pipeline([*common, *extra_nodes], namespace=name, prefix_datasets_with_namespace=False)


def named_node(
    function: NodeFunction, inputs: str | list[str] | dict[str, str], outputs: str
) -> Node:
    """The node that is named after its function."""
    return Node(function, inputs, outputs, name=function.__name__)
