"""Nodes of the study of augmentation."""

from pathlib import Path

import pandas as pd

from ccnlp.augmentation.parameters import AugmentationParameters
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.studies import augmentation
from ccnlp.studies.arms import Laboratory, run_arms
from ccnlp.studies.augmentation import Settings, recommend
from ccnlp.studies.parameters import AugmentationStudyParameters
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tokenisation.parameters import TokenisationParameters
from ccnlp.tokenisation.tagging import check_tag_is_text
from ccnlp.training.parameters import TrainingParameters


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


def recommend_augmentation(
    verdicts: pd.DataFrame,
    examples: pd.DataFrame,
    augmentation: AugmentationParameters,
    study: AugmentationStudyParameters,
) -> Settings:
    """Parameters that keep round trips where they were shown to help."""
    return recommend(verdicts, examples["language"], augmentation, study, split="test")
