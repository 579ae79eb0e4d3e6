"""The graph that all studies share."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kedro.pipeline import Node, Pipeline

NodeFunction = Callable[..., Any]

COMMON = {
    "examples": "examples@table",
    "encoder": "encoder",
    "checkpoints": "study_checkpoints",
    "tasks": "params:tasks",
    "tokenisation": "params:tokenisation",
    "training": "params:training",
}
"""By argument, what the arms of every study are trained from."""


def create_study(
    name: str,
    *,
    train: NodeFunction,
    inputs: Mapping[str, str],
    score: NodeFunction,
    compare: NodeFunction,
    judge: NodeFunction,
    draw: NodeFunction,
    write: NodeFunction,
    draws: Sequence[str] = (),
    others: Sequence[Node] = (),
) -> Pipeline:
    """The pipeline of a study; it is no part of the main job.

    Its datasets are named after it, such as `culture_study_verdicts`, and its nodes after their
    functions.

    Args:
        name: of the pipeline and of its parameters.
        train: what every training of every arm predicts, from `COMMON`, `inputs` and the study's
            parameters.
        inputs: by argument of `train`, the dataset that this study alone needs.
        score: how good each arm is, from predictions and parameters.
        compare: the differences between the arms, from predictions and parameters.
        judge: the verdicts, from the differences.
        draw: the plot, from the differences, or from the datasets that `draws` names.
        write: the page, from verdicts, differences, scores, plot and the study's parameters.
        draws: datasets that the plot is made of, in place of the differences.
        others: nodes that this study alone has.
    """
    study = f"params:{name}"
    predictions, scores, comparison, verdicts, plot, report = (
        f"{name}_{what}"
        for what in ("predictions", "scores", "comparison", "verdicts", "plot", "report")
    )
    judged = ["params:tasks", "params:evaluation", study]
    common = [
        named_node(train, {**COMMON, **inputs, "study": study}, predictions),
        named_node(score, [predictions, *judged], scores),
        named_node(compare, [predictions, *judged], comparison),
        named_node(judge, comparison, verdicts),
        named_node(draw, list(draws) or comparison, plot),
        named_node(write, [verdicts, comparison, scores, plot, study], report),
    ]
    return Pipeline([*common, *others], namespace=name, prefix_datasets_with_namespace=False)


def named_node(
    function: NodeFunction, inputs: str | list[str] | dict[str, str], outputs: str
) -> Node:
    """The node that is named after its function."""
    return Node(function, inputs, outputs, name=function.__name__)
