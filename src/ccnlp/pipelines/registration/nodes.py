"""Nodes of registration."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ccnlp.evaluation import gate
from ccnlp.evaluation.origin import Origin, check_origin
from ccnlp.evaluation.predictions import has_one_label, why_not_comparable
from ccnlp.models.trained import TrainedModel
from ccnlp.pipelines.registration.parameters import RegistrationParameters
from ccnlp.serving.package import ModelPackage, provenance_tags, request_example


def decide_promotion(
    scores: pd.DataFrame,
    champion_comparison: pd.DataFrame,
    scores_origin: Mapping[str, Any],
    model: TrainedModel,
    champion: TrainedModel | None,
    champion_version: str | None,
    registration: RegistrationParameters,
) -> Mapping[str, Any]:
    """Champion or challenger, with the reasons and the comparisons behind them."""
    origin = Origin(**scores_origin)
    check_origin(origin, weights=model.weights_digest, champion_version=champion_version)
    judged = [task for task in model.tasks.values() if has_one_label(task)]
    return gate.decide_promotion(
        scores,
        champion_comparison,
        why_not_compared={task.name: why_not_comparable(champion, task) for task in judged},
        lost_tasks=set(champion.tasks if champion else ()) - set(model.tasks),
        confidence=origin.confidence,
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
