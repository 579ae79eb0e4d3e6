"""Nodes of registration."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.evaluation.fitness import check_model
from ccnlp.evaluation.origin import Origin, check_origin
from ccnlp.evaluation.promotion import apply_override, promotion_tags
from ccnlp.evaluation.report import with_promotion
from ccnlp.models.trained import TrainedModel
from ccnlp.pipelines.registration.parameters import RegistrationParameters
from ccnlp.serving.package import ModelPackage, provenance_tags, request_example
from ccnlp.tasks.base import TasksParameters, build_tasks


def decide_promotion(
    gate_decision: Mapping[str, Any],
    model: TrainedModel,
    champion_version: str | None,
    tasks: TasksParameters,
    culture: CultureParameters,
    registration: RegistrationParameters,
) -> Mapping[str, Any]:
    """Champion or challenger: the gate's decision, or that of a person."""
    origin = Origin(**gate_decision["origin"])
    check_origin(origin, weights=model.weights_digest, champion_version=champion_version)
    check_model(model, build_tasks(tasks), culture=culture)
    return apply_override(gate_decision, registration.override)


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
        card=with_promotion(card, decision),
        tags=provenance_tags(model, fingerprints) | promotion_tags(decision),
        parameters=registration.serving,
        example=request_example(examples),
    )
