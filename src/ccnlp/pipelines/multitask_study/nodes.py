"""Nodes of the study of several tasks."""

from pathlib import Path

import pandas as pd

from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.studies import multitask
from ccnlp.studies.arms import Laboratory, run_arms
from ccnlp.studies.parameters import MultitaskStudyParameters
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tokenisation.fitting import check_has_examples
from ccnlp.tokenisation.parameters import TokenisationParameters
from ccnlp.training.parameters import TrainingParameters


def train_multitask_arms(
    *,
    examples: pd.DataFrame,
    encoder: EncoderCheckpoint,
    checkpoints: Path,
    tasks: TasksParameters,
    tokenisation: TokenisationParameters,
    training: TrainingParameters,
    culture: CultureParameters,
    study: MultitaskStudyParameters,
) -> pd.DataFrame:
    """What every training of every arm predicts."""
    built_tasks = build_tasks(tasks)
    check_has_examples(examples, built_tasks)
    arms = multitask.arms_of(examples, built_tasks, training, culture)
    laboratory = Laboratory(
        encoder, built_tasks, tokenisation.max_length_tokens, checkpoints / "multitask"
    )
    return run_arms(arms, laboratory, seeds=study.seeds, steps=study.steps)
