"""Nodes of the study of culture."""

from pathlib import Path
from typing import Any

import pandas as pd

from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.studies import comparison, culture, findings, plots, report, verdicts
from ccnlp.studies.arms import Laboratory, run_arms
from ccnlp.studies.parameters import CultureStudyParameters
from ccnlp.studies.verdicts import contrasts_of
from ccnlp.tasks.base import TasksParameters, build_tasks
from ccnlp.tokenisation.parameters import TokenisationParameters
from ccnlp.training.parameters import TrainingParameters

Figure = Any
"""A plotly figure. Kedro reads annotations at run time, and importing plotly takes a second."""


def train_culture_arms(
    *,
    examples: pd.DataFrame,
    encoder: EncoderCheckpoint,
    checkpoints: Path,
    tasks: TasksParameters,
    tokenisation: TokenisationParameters,
    training: TrainingParameters,
    conditioning: CultureParameters,
    study: CultureStudyParameters,
) -> pd.DataFrame:
    """What every training of every arm predicts."""
    arms = culture.arms_of(
        examples,
        training,
        conditioning,
        conditioning=study.conditioning,
        seed=training.seed,
    )
    laboratory = Laboratory(
        encoder, build_tasks(tasks), tokenisation.max_length_tokens, checkpoints / "culture"
    )
    return run_arms(arms, laboratory, seeds=study.seeds, steps=study.steps)


def score_culture_arms(
    predictions: pd.DataFrame,
    tasks: TasksParameters,
    evaluation: EvaluationParameters,
    study: CultureStudyParameters,
) -> pd.DataFrame:
    """How good each arm is, by group."""
    return comparison.score_arms(predictions, build_tasks(tasks), evaluation, slices=study.slices)


def compare_culture_arms(
    predictions: pd.DataFrame,
    tasks: TasksParameters,
    evaluation: EvaluationParameters,
    study: CultureStudyParameters,
) -> pd.DataFrame:
    """The differences between the arms, by group."""
    contrasts = contrasts_of(culture.questions_of(predictions["system"]))
    return comparison.compare_arms(
        predictions, contrasts, build_tasks(tasks), evaluation, slices=study.slices
    )


def judge_conditioning(compared: pd.DataFrame) -> pd.DataFrame:
    """Whether it helped to be told of culture, by group."""
    judged = verdicts.judge(compared, culture.questions_of(compared["arm"]))
    findings.tell(judged, name="culture_study", slice_name="culture")
    return judged


def draw_culture_study(compared: pd.DataFrame) -> Figure:
    """The differences by culture."""
    contrasts = contrasts_of(culture.questions_of(compared["arm"]))
    return plots.draw_differences(compared, contrasts, slice_name="culture")


def write_culture_report(
    judged: pd.DataFrame,
    compared: pd.DataFrame,
    scores: pd.DataFrame,
    figure: Figure,
    study: CultureStudyParameters,
) -> str:
    """The page for people."""
    return report.render_study(
        culture.ABOUT,
        judged,
        compared,
        scores,
        figure=figure,
        parameters=study,
        slice_name="culture",
    )
