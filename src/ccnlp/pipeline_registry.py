"""The project's pipelines, in the order of their work."""

from importlib import import_module
from typing import TYPE_CHECKING

from ccnlp.hooks.augmentation_switch import is_augmentation_enabled

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline

NAMES = ("ingestion", "augmentation", "tokenisation", "training", "evaluation", "registration")
STUDIES = ("augmentation_study",)
"""Pipelines beside the main job."""


def register_pipelines() -> "dict[str, Pipeline]":
    """The pipelines by name, and `__default__`: the main job, its six in order."""
    pipelines = {name: _create(name) for name in NAMES}
    studies = {name: _create(name) for name in STUDIES}
    first, *others = pipelines.values()
    return {**pipelines, **studies, "__default__": sum(others, start=first)}


def _create(name: str) -> "Pipeline":
    module = import_module(f"ccnlp.pipelines.{name}.pipeline")
    if name == "augmentation":
        pipeline: Pipeline = module.create_pipeline(is_enabled=is_augmentation_enabled())
    else:
        pipeline = module.create_pipeline()
    return pipeline
