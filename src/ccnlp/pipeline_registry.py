"""The project's pipelines, in the order of their work."""

from importlib import import_module
from typing import TYPE_CHECKING

from ccnlp.hooks.graph_choices import graph_choices

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline

NAMES = ("ingestion", "augmentation", "tokenisation", "training", "evaluation", "registration")
ON_DEMAND = (
    *("behaviour", "retrieval", "augmentation_study", "culture_study"),
    *("multitask_study", "transfer_study"),
)
"""Pipelines that `kedro run` leaves out: they use a model that is there, or train many."""


def register_pipelines() -> "dict[str, Pipeline]":
    """All pipelines by name, and `__default__`: the six of the main job in order.

    With an index of passages before the last, where a served task finds them.
    """
    pipelines = {name: _create(name) for name in NAMES}
    on_demand = {name: _create(name) for name in ON_DEMAND}
    first, *rest = pipelines.values()
    if graph_choices().serves_passages:
        rest.append(on_demand["retrieval"])
    return {**pipelines, **on_demand, "__default__": sum(rest, start=first)}


def _create(name: str) -> "Pipeline":
    module = import_module(f"ccnlp.pipelines.{name}.pipeline")
    choices = graph_choices()
    arguments: dict[str, dict[str, object]] = {
        "augmentation": {"is_enabled": choices.is_augmentation_enabled},
        "behaviour": {"model": choices.judged_model},
        "retrieval": {"model": choices.indexing_model},
        "tokenisation": {"mines_negatives": choices.mines_negatives},
        "ingestion": {"has_annotations": choices.has_annotations},
        "registration": {"has_passages": choices.serves_passages},
        "evaluation": {
            "has_annotations": choices.has_annotations,
            "is_conditioned": choices.is_conditioned,
        },
    }
    pipeline: Pipeline = module.create_pipeline(**arguments.get(name, {}))
    return pipeline
