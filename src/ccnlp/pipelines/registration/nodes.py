"""Nodes of registration."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ccnlp.evaluation import gate
from ccnlp.evaluation.predictions import why_not_comparable
from ccnlp.models.trained import TrainedModel
from ccnlp.pipelines.registration.parameters import RegistrationParameters
from ccnlp.serving.package import ModelPackage, provenance_tags, request_example


def decide_promotion(
    scores: pd.DataFrame,
    champion_comparison: pd.DataFrame,
    model: TrainedModel,
    champion: TrainedModel | None,
    champion_version: str | None,
    registration: RegistrationParameters,
) -> Mapping[str, Any]:
    """Champion or challenger, with the reasons and the comparisons behind them."""
    gate.check_champion(champion_comparison, champion_version)
    tasks = [task for task in model.tasks.values() if task.labels]
    return gate.decide_promotion(
        scores,
        champion_comparison,
        tasks=[task.name for task in tasks],
        comparable_tasks=[task.name for task in tasks if not why_not_comparable(champion, task)],
        parameters=registration.gate,
    ).as_dict()


def package_model(
    model: TrainedModel,
    decision: Mapping[str, Any],
    card: str,
    fingerprints: Mapping[str, Any],
    examples: pd.DataFrame,
    registration: RegistrationParameters,
) -> ModelPackage:
    """What goes into the registry."""
    return ModelPackage(
        model=model,
        alias=decision["alias"],
        reasons=tuple(decision["reasons"]),
        card=card,
        tags=provenance_tags(model, fingerprints),
        parameters=registration.serving,
        example=request_example(examples),
    )
