"""Nodes of the study of culture."""

from pathlib import Path

import pandas as pd

from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.studies import culture
from ccnlp.studies.arms import Laboratory, run_arms
from ccnlp.studies.parameters import CultureStudyParameters
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tokenisation.parameters import TokenisationParameters
from ccnlp.training.parameters import TrainingParameters


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
