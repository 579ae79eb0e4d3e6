"""Nodes of the study of transfer."""

from pathlib import Path
from typing import Any

import pandas as pd

from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.studies import comparison, findings, matrix_plot, report, transfer, verdicts
from ccnlp.studies.arms import Laboratory, run_arms
from ccnlp.studies.parameters import TransferStudyParameters
from ccnlp.studies.verdicts import contrasts_of
from ccnlp.tasks.base import TasksParameters, build_tasks
from ccnlp.tokenisation.parameters import TokenisationParameters
from ccnlp.training.languages import trained_languages
from ccnlp.training.parameters import TrainingParameters

Figure = Any
"""A plotly figure. Kedro reads annotations at run time, and importing plotly takes a second."""


def train_transfer_arms(
    *,
    examples: pd.DataFrame,
    encoder: EncoderCheckpoint,
    checkpoints: Path,
    tasks: TasksParameters,
    tokenisation: TokenisationParameters,
    training: TrainingParameters,
    study: TransferStudyParameters,
) -> pd.DataFrame:
    """What every training of every arm predicts."""
    arms = transfer.arms_of(examples, training, trained_on=study.trained_on, tasks=list(tasks.root))
    laboratory = Laboratory(
        encoder, build_tasks(tasks), tokenisation.max_length_tokens, checkpoints / "transfer"
    )
    return run_arms(arms, laboratory, seeds=study.seeds, steps=study.steps)


def score_transfer_arms(
    predictions: pd.DataFrame,
    tasks: TasksParameters,
    evaluation: EvaluationParameters,
    study: TransferStudyParameters,
) -> pd.DataFrame:
    """How good each arm is, by group."""
    return comparison.score_arms(predictions, build_tasks(tasks), evaluation, slices=study.slices)


def compare_transfer_arms(
    predictions: pd.DataFrame,
    tasks: TasksParameters,
    evaluation: EvaluationParameters,
    study: TransferStudyParameters,
) -> pd.DataFrame:
    """The differences to the arm of all languages, by group."""
    contrasts = contrasts_of(transfer.questions_of(predictions["system"]))
    return comparison.compare_arms(
        predictions, contrasts, build_tasks(tasks), evaluation, slices=study.slices
    )


def judge_transfer(compared: pd.DataFrame) -> pd.DataFrame:
    """Whether fewer languages to train on helped or hurt, by group."""
    judged = verdicts.judge(compared, transfer.questions_of(compared["arm"]))
    findings.tell(judged, name="transfer_study", slice_name="language")
    return judged


def tabulate_transfer(scores: pd.DataFrame, examples: pd.DataFrame) -> pd.DataFrame:
    """The scores by languages trained on and languages tested on."""
    return transfer.tabulate(scores, trained=_trained(scores, examples))


def draw_transfer_study(scores: pd.DataFrame, examples: pd.DataFrame) -> Figure:
    """The same as a heat map."""
    return matrix_plot.draw_matrix(scores, trained=_trained(scores, examples))


def _trained(scores: pd.DataFrame, examples: pd.DataFrame) -> list[str]:
    """The languages of the arm of all of them."""
    return trained_languages(examples, list(scores["task"].unique()))


def write_transfer_report(
    judged: pd.DataFrame,
    compared: pd.DataFrame,
    scores: pd.DataFrame,
    figure: Figure,
    study: TransferStudyParameters,
) -> str:
    """The page for people."""
    return report.render_study(
        transfer.about(list(scores["arm"])),
        judged,
        compared,
        scores,
        figure=figure,
        parameters=study,
        slice_name="language",
    )
