"""The project's pipelines, in the order of their work."""

from importlib import import_module
from typing import TYPE_CHECKING

from ccnlp.hooks.annotation_switch import has_annotations
from ccnlp.hooks.augmentation_switch import is_augmentation_enabled

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline

NAMES = ("ingestion", "augmentation", "tokenisation", "training", "evaluation", "registration")


def register_pipelines() -> "dict[str, Pipeline]":
    """The six pipelines by name, and `__default__`: all of them in order."""
    pipelines = {name: _create(name) for name in NAMES}
    first, *others = pipelines.values()
    return {**pipelines, "__default__": sum(others, start=first)}


def _create(name: str) -> "Pipeline":
    module = import_module(f"ccnlp.pipelines.{name}.pipeline")
    if name == "augmentation":
        pipeline: Pipeline = module.create_pipeline(is_enabled=is_augmentation_enabled())
    elif name in ("ingestion", "evaluation"):
        pipeline = module.create_pipeline(has_annotations=has_annotations())
    else:
        pipeline = module.create_pipeline()
    return pipeline
