"""Nodes of the study of augmentation."""

from pathlib import Path
from typing import Any

import pandas as pd

from ccnlp.augmentation.parameters import AugmentationParameters
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.studies import augmentation, comparison, findings, plots, report, verdicts
from ccnlp.studies.arms import Laboratory, run_arms
from ccnlp.studies.augmentation import QUESTIONS, Settings, recommend
from ccnlp.studies.parameters import AugmentationStudyParameters
from ccnlp.studies.verdicts import contrasts_of
from ccnlp.tasks.base import TasksParameters, build_tasks
from ccnlp.tokenisation.parameters import TokenisationParameters
from ccnlp.tokenisation.tagging import check_tag_is_text
from ccnlp.training.parameters import TrainingParameters

Figure = Any
"""A plotly figure. Kedro reads annotations at run time, and importing plotly takes a second."""


def train_augmentation_arms(
    *,
    examples: pd.DataFrame,
    augmented: pd.DataFrame,
    round_trips: pd.DataFrame,
    encoder: EncoderCheckpoint,
    checkpoints: Path,
    tasks: TasksParameters,
    tokenisation: TokenisationParameters,
    training: TrainingParameters,
    study: AugmentationStudyParameters,
) -> pd.DataFrame:
    """What every training of every arm predicts."""
    check_tag_is_text(
        study.round_trip_tag,
        encoder.load_tokenizer(),
        parameter="augmentation_study.round_trip_tag",
    )
    arms = augmentation.arms_of(examples, augmented, round_trips, training, study)
    laboratory = Laboratory(
        encoder, build_tasks(tasks), tokenisation.max_length_tokens, checkpoints / "augmentation"
    )
    return run_arms(arms, laboratory, seeds=study.seeds, steps=study.steps)


def score_augmentation_arms(
    predictions: pd.DataFrame,
    tasks: TasksParameters,
    evaluation: EvaluationParameters,
    study: AugmentationStudyParameters,
) -> pd.DataFrame:
    """How good each arm is, by group."""
    return comparison.score_arms(predictions, build_tasks(tasks), evaluation, slices=study.slices)


def compare_augmentation_arms(
    predictions: pd.DataFrame,
    tasks: TasksParameters,
    evaluation: EvaluationParameters,
    study: AugmentationStudyParameters,
) -> pd.DataFrame:
    """The differences between the arms, by group."""
    return comparison.compare_arms(
        predictions,
        contrasts_of(QUESTIONS),
        build_tasks(tasks),
        evaluation,
        slices=study.slices,
    )


def judge_augmentation(compared: pd.DataFrame) -> pd.DataFrame:
    """Whether round trips helped, by group."""
    judged = verdicts.judge(compared, QUESTIONS)
    findings.tell(judged, name="augmentation_study", slice_name="language")
    return judged


def recommend_augmentation(
    judged: pd.DataFrame,
    examples: pd.DataFrame,
    augmentation: AugmentationParameters,
    study: AugmentationStudyParameters,
) -> Settings:
    """Parameters that keep round trips where they were shown to help."""
    return recommend(judged, examples["language"], augmentation, study, split="test")


def draw_augmentation_study(compared: pd.DataFrame) -> Figure:
    """The differences by language."""
    return plots.draw_differences(compared, contrasts_of(QUESTIONS), slice_name="language")


def write_augmentation_report(
    judged: pd.DataFrame,
    compared: pd.DataFrame,
    scores: pd.DataFrame,
    figure: Figure,
    study: AugmentationStudyParameters,
) -> str:
    """The page for people."""
    return report.render_study(
        augmentation.ABOUT,
        judged,
        compared,
        scores,
        figure=figure,
        parameters=study,
        slice_name="language",
    )
