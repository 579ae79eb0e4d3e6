"""The project's pipelines, in the order of their work."""

from importlib import import_module
from typing import TYPE_CHECKING

from ccnlp.hooks.augmentation_switch import is_augmentation_enabled
from ccnlp.hooks.judged_model import judged_model

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline

NAMES = ("ingestion", "augmentation", "tokenisation", "training", "evaluation", "registration")
ON_DEMAND = ("behaviour", "augmentation_study")
"""Pipelines that `kedro run` leaves out: they judge a model that is there, or train many."""


def register_pipelines() -> "dict[str, Pipeline]":
    """All pipelines by name, and `__default__`: the six of the main job in order."""
    pipelines = {name: _create(name) for name in NAMES}
    first, *others = pipelines.values()
    on_demand = {name: _create(name) for name in ON_DEMAND}
    return {**pipelines, **on_demand, "__default__": sum(others, start=first)}


def _create(name: str) -> "Pipeline":
    module = import_module(f"ccnlp.pipelines.{name}.pipeline")
    if name == "augmentation":
        pipeline: Pipeline = module.create_pipeline(is_enabled=is_augmentation_enabled())
    elif name == "behaviour":
        pipeline = module.create_pipeline(model=judged_model())
    else:
        pipeline = module.create_pipeline()
    return pipeline
