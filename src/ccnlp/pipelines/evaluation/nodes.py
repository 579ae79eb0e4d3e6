"""Nodes of the evaluation pipeline."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import pandas as pd

from ccnlp.conditioning.base import culture_fields
from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.evaluation import (
    abstention,
    baselines_by_kind,
    by_culture,
    contested,
    gate,
    prediction_plots,
    published,
    report,
    score_plots,
    scores,
    selective_plots,
)
from ccnlp.evaluation.abstention import thresholds_of, with_abstentions
from ccnlp.evaluation.abstention_view import AbstentionTables
from ccnlp.evaluation.fairness import measure_fairness as compare_groups
from ccnlp.evaluation.fairness_view import FairnessTables
from ccnlp.evaluation.judged_tasks import judged_tasks
from ccnlp.evaluation.origin import Origin, check_origin, origin_of
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.predictions import (
    combine,
    predict_with,
    predict_with_champion,
    predict_with_finetuned,
    unseen,
    without_seen_splits,
)
from ccnlp.evaluation.slices import check_slices
from ccnlp.evaluation.stages import StageReport, with_round_trips
from ccnlp.evaluation.thresholds import read_thresholds
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.models.embedding import embed_texts
from ccnlp.models.trained import TrainedModel
from ccnlp.pipelines.registration.parameters import RegistrationParameters
from ccnlp.tasks.answers import has_one_label, right_or_wrong
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tokenisation.parameters import TokenisationParameters
from ccnlp.training.parameters import TrainingParameters

Figure = Any
"""A plotly figure. Kedro reads annotations at run time, and importing plotly takes a second."""


def predict_majority(
    examples: pd.DataFrame, tasks: TasksParameters, evaluation: EvaluationParameters
) -> pd.DataFrame:
    """What always giving the commonest label predicts; refuses slices of too many groups.

    It waits for no model, so that a run with such slices ends before the training.
    """
    predict = baselines_by_kind.predict_majority
    predictions = predict_with("majority", predict, examples=examples, tasks=build_tasks(tasks))
    check_slices(predictions, evaluation)
    return predictions


def predict_tfidf(
    examples: pd.DataFrame, tasks: TasksParameters, evaluation: EvaluationParameters
) -> pd.DataFrame:
    """What counting n-grams predicts."""
    predict = partial(baselines_by_kind.predict_tfidf, parameters=evaluation.tfidf)
    return predict_with("tfidf", predict, examples=examples, tasks=build_tasks(tasks))


def predict_probe(
    examples: pd.DataFrame,
    encoder: EncoderCheckpoint,
    tasks: TasksParameters,
    evaluation: EvaluationParameters,
) -> pd.DataFrame:
    """What the frozen encoder's vectors predict."""
    embed = partial(
        embed_texts,
        encoder,
        max_length_tokens=evaluation.probe.max_length_tokens,
        tokens_per_batch=evaluation.tokens_per_batch,
    )
    predict = partial(
        baselines_by_kind.predict_probe,
        parameters=evaluation.probe,
        seed=evaluation.seed,
        embed=embed,
    )
    return predict_with("probe", predict, examples=examples, tasks=build_tasks(tasks))


def predict_finetuned(
    examples: pd.DataFrame,
    finetuned_model: TrainedModel,
    tasks: TasksParameters,
    culture: CultureParameters,
    evaluation: EvaluationParameters,
) -> pd.DataFrame:
    """What the fine-tuned model predicts."""
    predict = partial(
        predict_with_finetuned,
        model=finetuned_model,
        culture=culture,
        tokens_per_batch=evaluation.tokens_per_batch,
    )
    return predict_with("finetuned", predict, examples=examples, tasks=build_tasks(tasks))


def predict_champion(
    examples: pd.DataFrame,
    champion_model: TrainedModel | None,
    tasks: TasksParameters,
    evaluation: EvaluationParameters,
) -> pd.DataFrame:
    """What the current champion predicts; no rows where there is none or it has other labels."""
    predict = partial(
        predict_with_champion, model=champion_model, tokens_per_batch=evaluation.tokens_per_batch
    )
    return predict_with("champion", predict, examples=examples, tasks=build_tasks(tasks))


def combine_predictions(
    tasks: TasksParameters,
    training: TrainingParameters,
    evaluation: EvaluationParameters,
    *tables: pd.DataFrame,
) -> tuple[pd.DataFrame, Mapping[str, Any]]:
    """The long table of all systems' predictions, and from where on each gives them."""
    combined = combine(tables)
    origin = origin_of(combined, champion_version=None, confidence=evaluation.confidence)
    outcomes = right_or_wrong(without_seen_splits(combined), build_tasks(tasks))
    thresholds = thresholds_of(
        outcomes, evaluation, weights=origin.weights, languages=training.languages
    )
    return with_abstentions(combined, thresholds.tasks), thresholds.model_dump()


def measure_abstention(
    predictions: pd.DataFrame,
    thresholds: Mapping[str, Any],
    tasks: TasksParameters,
    evaluation: EvaluationParameters,
) -> pd.DataFrame:
    """How much each system answers, and how much of that is wrong, in every group."""
    parsed_thresholds = read_thresholds(thresholds, tasks=set(predictions["task"]))
    outcomes = right_or_wrong(without_seen_splits(predictions), build_tasks(tasks))
    return abstention.measure_abstention(outcomes, parsed_thresholds.tasks, evaluation)


def predict_by_culture(
    examples: pd.DataFrame,
    finetuned_model: TrainedModel,
    tasks: TasksParameters,
    evaluation: EvaluationParameters,
) -> pd.DataFrame:
    """What the fine-tuned model answers to a test text in each culture that it is told of."""
    return by_culture.predict_by_culture(
        examples, finetuned_model, tasks=build_tasks(tasks), parameters=evaluation
    )


def summarise_disagreement(
    culture_predictions: pd.DataFrame, evaluation: EvaluationParameters
) -> Mapping[str, Any]:
    """How far the answers of the cultures lie apart, and whether people's do there, too."""
    return contested.summarise_disagreement(culture_predictions, evaluation)


def score_predictions(
    predictions: pd.DataFrame,
    champion_version: str | None,
    tasks: TasksParameters,
    evaluation: EvaluationParameters,
) -> tuple[pd.DataFrame, Mapping[str, Any]]:
    """Every system's scores on every slice, and what they were made of."""
    table = scores.score_predictions(
        without_seen_splits(predictions), build_tasks(tasks), evaluation
    )
    origin = origin_of(
        predictions, champion_version=champion_version, confidence=evaluation.confidence
    )
    return table, asdict(origin)


def compare_with_champion(
    predictions: pd.DataFrame,
    champion_version: str | None,
    tasks: TasksParameters,
    evaluation: EvaluationParameters,
) -> pd.DataFrame:
    """The fine-tuned model's scores with their differences to the champion; empty without one."""
    comparison = scores.compare_systems(
        unseen(predictions), build_tasks(tasks), evaluation, system="finetuned", baseline="champion"
    )
    return comparison.assign(champion_version=champion_version)


def measure_fairness(
    predictions: pd.DataFrame,
    scores: pd.DataFrame,
    tasks: TasksParameters,
    evaluation: EvaluationParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each group beside the rest, and how far the groups of each slice lie apart."""
    return compare_groups(without_seen_splits(predictions), scores, build_tasks(tasks), evaluation)


def judge_promotion(
    scores: pd.DataFrame,
    champion_comparison: pd.DataFrame,
    scores_origin: Mapping[str, Any],
    model: TrainedModel,
    champion: TrainedModel | None,
    champion_version: str | None,
    registration: RegistrationParameters,
) -> tuple[Mapping[str, Any], pd.DataFrame]:
    """What the gate decides of the model and why, and the comparisons behind it as a table."""
    origin = Origin(**scores_origin)
    check_origin(origin, weights=model.weights_digest, champion_version=champion_version)
    decision = gate.decide_promotion(
        scores,
        champion_comparison,
        tasks=judged_tasks(model, champion),
        lost_tasks=set(champion.tasks if champion else ()) - set(model.tasks),
        confidence=origin.confidence,
        parameters=registration.gate,
    )
    provenance = {
        "weights": model.weights_digest,
        "origin": dict(scores_origin),
        "parameters": registration.gate.model_dump(mode="json"),
    }
    return {**decision.as_dict(), **provenance}, decision.table


def compare_with_published(scores: pd.DataFrame, evaluation: EvaluationParameters) -> str:
    """Our scores beside published ones, as Markdown."""
    return published.benchmark_table(scores, evaluation.published)


def draw_scores(scores: pd.DataFrame) -> tuple[Figure, Figure]:
    """Scores by culture and by language."""
    return (
        score_plots.draw_scores(scores, slice_name="language_culture"),
        score_plots.draw_scores(scores, slice_name="language"),
    )


def draw_predictions(predictions: pd.DataFrame, tasks: TasksParameters) -> tuple[Figure, Figure]:
    """Confusion matrices and the reliability of the confidences."""
    labelled_tasks = {
        name: task for name, task in build_tasks(tasks).items() if has_one_label(task)
    }
    labels = {name: task.labels for name, task in labelled_tasks.items()}
    unseen_predictions = without_seen_splits(predictions[predictions["task"].isin(labelled_tasks)])
    return (
        prediction_plots.draw_confusion(unseen_predictions, labels=labels),
        prediction_plots.draw_reliability(unseen_predictions),
    )


def draw_abstention(
    predictions: pd.DataFrame, thresholds: Mapping[str, Any], tasks: TasksParameters
) -> Figure:
    """Risk against coverage, and where the thresholds are."""
    parsed_thresholds = read_thresholds(thresholds, tasks=set(predictions["task"]))
    outcomes = right_or_wrong(without_seen_splits(predictions), build_tasks(tasks))
    return selective_plots.draw_risk_coverage(outcomes, parsed_thresholds)


def draw_labels(examples: pd.DataFrame, tasks: TasksParameters) -> Figure:
    """How the labels are spread in each culture and split."""
    labelled_tasks = {
        name: task for name, task in build_tasks(tasks).items() if has_one_label(task)
    }
    labels = {name: task.labels for name, task in labelled_tasks.items()}
    return prediction_plots.draw_labels(examples, labels=labels)


def write_report(
    *,
    scores: pd.DataFrame,
    disparities: pd.DataFrame,
    gaps: pd.DataFrame,
    gate_decision: Mapping[str, Any],
    predictions: pd.DataFrame,
    thresholds: Mapping[str, Any],
    abstention: pd.DataFrame,
    examples: pd.DataFrame,
    tasks: TasksParameters,
    corpora: Mapping[str, Mapping[str, Any]],
    encoder: EncoderCheckpoint,
    culture: CultureParameters,
    evaluation: EvaluationParameters,
    ingestion: StageReport,
    augmentation: Mapping[str, Any],
    augmentation_table: pd.DataFrame,
    augmentation_pairs: pd.DataFrame,
    tokenisation: StageReport,
    agreement: Mapping[str, Mapping[str, Any]] | None = None,
    contested: Mapping[str, Mapping[str, Any]] | None = None,
    **figures: Figure,
) -> str:
    """The HTML report."""
    stages = {
        "Ingestion": ingestion,
        "Augmentation": with_round_trips(augmentation, augmentation_table, augmentation_pairs),
        "Tokenisation": tokenisation,
    }
    failures = report.list_failures(
        predictions,
        examples,
        build_tasks(tasks),
        per_culture=evaluation.report.failures_per_culture,
    )
    fairness = FairnessTables(disparities, gaps, gate_decision)
    abstention_tables = _abstention_tables(thresholds, abstention, culture)
    judgement = report.Judgement(
        scores, corpora, encoder, evaluation, fairness, abstention_tables, contested or {}
    )
    return report.render_report(
        judgement,
        failures=failures,
        figures=list(figures.values()),
        stages=stages,
        findings={"Ingestion": report.describe_agreement(agreement or {})},
    )


def write_model_card(
    scores: pd.DataFrame,
    corpora: Mapping[str, Mapping[str, Any]],
    encoder: EncoderCheckpoint,
    evaluation: EvaluationParameters,
    tokenisation: TokenisationParameters,
    culture: CultureParameters,
    thresholds: Mapping[str, Any],
    abstention: pd.DataFrame,
    tasks: TasksParameters,
) -> str:
    """The model card, as Markdown."""
    judgement = report.Judgement(
        scores,
        corpora,
        encoder,
        evaluation,
        abstention=_abstention_tables(thresholds, abstention, culture),
        hub_tasks={name: task.hub_task for name, task in build_tasks(tasks).items()},
    )
    return report.render_model_card(judgement, max_length_tokens=tokenisation.max_length_tokens)


def _abstention_tables(
    thresholds: Mapping[str, Any], table: pd.DataFrame, culture: CultureParameters
) -> AbstentionTables:
    parsed_thresholds = read_thresholds(thresholds, tasks=set(table["task"]))
    return AbstentionTables(
        parsed_thresholds, table, is_told_of_culture=bool(culture_fields(culture))
    )
