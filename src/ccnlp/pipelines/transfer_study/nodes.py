"""Nodes of the study of transfer."""

from pathlib import Path

import pandas as pd

from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.pipelines.study import Figure
from ccnlp.studies import matrix_plot, transfer
from ccnlp.studies.arms import Laboratory, run_arms
from ccnlp.studies.parameters import TransferStudyParameters
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tokenisation.fitting import check_has_examples
from ccnlp.tokenisation.parameters import TokenisationParameters
from ccnlp.training.languages import trained_languages
from ccnlp.training.parameters import TrainingParameters


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
    built_tasks = build_tasks(tasks)
    check_has_examples(examples, built_tasks)
    arms = transfer.arms_of(
        examples, training, trained_on=study.trained_on, tasks=list(built_tasks)
    )
    laboratory = Laboratory(
        encoder, built_tasks, tokenisation.max_length_tokens, checkpoints / "transfer"
    )
    return run_arms(arms, laboratory, seeds=study.seeds, steps=study.steps)


def tabulate_transfer(scores: pd.DataFrame, examples: pd.DataFrame) -> pd.DataFrame:
    """The scores by languages trained on and languages tested on."""
    return transfer.tabulate(scores, trained=_trained_languages(scores, examples))


def draw_transfer_study(scores: pd.DataFrame, examples: pd.DataFrame) -> Figure:
    """The same as a heat map."""
    return matrix_plot.draw_matrix(scores, trained=_trained_languages(scores, examples))


def _trained_languages(scores: pd.DataFrame, examples: pd.DataFrame) -> list[str]:
    """The languages of the arm of all of them."""
    return trained_languages(examples, list(scores["task"].unique()))
