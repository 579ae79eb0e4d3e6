"""Nodes of registration."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.evaluation.fitness import check_model
from ccnlp.evaluation.origin import Origin, check_origin, check_weights
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.promotion import apply_override, check_decision, promotion_tags
from ccnlp.evaluation.report import with_promotion
from ccnlp.evaluation.thresholds import check_asked, read_thresholds
from ccnlp.models.trained import TrainedModel
from ccnlp.pipelines.registration.parameters import RegistrationParameters
from ccnlp.retrieval.embedding import ModelEmbedder
from ccnlp.retrieval.index import PassageIndex
from ccnlp.serving.package import ModelPackage, provenance_tags, request_example
from ccnlp.serving.predictor import served_tasks
from ccnlp.serving.thresholds import ServingThresholds
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters


def decide_promotion(
    gate_decision: Mapping[str, Any],
    model: TrainedModel,
    champion_version: str | None,
    tasks: TasksParameters,
    culture: CultureParameters,
    registration: RegistrationParameters,
) -> Mapping[str, Any]:
    """Champion or challenger: the gate's decision, or that of a person."""
    check_decision(gate_decision, parameters=registration.gate)
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
    thresholds: Mapping[str, Any],
    evaluation: EvaluationParameters,
    registration: RegistrationParameters,
    passages: PassageIndex | None = None,
) -> ModelPackage:
    """What goes into the registry.

    Refuses thresholds of other weights or other parameters, and passages of other weights.
    """
    parsed_thresholds = read_thresholds(thresholds, tasks=model.tasks)
    check_asked(parsed_thresholds, evaluation)
    check_weights(parsed_thresholds.weights, weights=model.weights_digest, what="thresholds")
    if passages is not None:
        passages.check_origin(ModelEmbedder(model, passages.task).origin)
    return ModelPackage(
        model=model,
        alias=decision["alias"],
        reasons=tuple(decision["reasons"]),
        card=with_promotion(card, decision),
        tags=provenance_tags(model, fingerprints) | promotion_tags(decision),
        parameters=registration.serving,
        thresholds=ServingThresholds(
            abstention=parsed_thresholds.of_system("finetuned"),
            min_disagreement=parsed_thresholds.min_disagreement,
        ),
        example=_example(model, examples, passages),
        passages=passages,
    )


def _example(
    model: TrainedModel, examples: pd.DataFrame, passages: PassageIndex | None
) -> pd.DataFrame | None:
    """A request for the first task that is served."""
    served = served_tasks(model, passages)
    return request_example(examples, model.tasks[served[0]]) if served else None
