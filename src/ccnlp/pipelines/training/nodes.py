"""Nodes of training."""

from pathlib import Path

import pandas as pd
import pyarrow as pa

from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.models.trained import TrainedModel
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tokenisation.noise import check_noise
from ccnlp.tokenisation.notes import check_encoder
from ccnlp.tokenisation.parameters import TokenisationParameters
from ccnlp.tokenisation.tagging import check_tag
from ccnlp.training import fine_tuning, group_checks
from ccnlp.training.parameters import TrainingParameters


def check_groups(
    examples: pd.DataFrame, tasks: TasksParameters, training: TrainingParameters
) -> None:
    """Refuses languages without train rows, and what looks at groups where there are none.

    It waits for nothing but the examples, so that such a run ends before translation and training.
    """
    group_checks.check_groups(examples, build_tasks(tasks), training)


def fine_tune(
    features: dict[str, pa.Table],
    vocabulary: pd.DataFrame,
    encoder: EncoderCheckpoint,
    checkpoints: Path,
    tasks: TasksParameters,
    tokenisation: TokenisationParameters,
    training: TrainingParameters,
    culture: CultureParameters,
) -> tuple[TrainedModel, pd.DataFrame]:
    """The model with the best weights on validation, and the course of the training."""
    check_encoder(features, encoder=encoder.identity)
    check_tag(features, tag=tokenisation.round_trip_tag)
    check_noise(features, share=tokenisation.character_noise)
    tuned = fine_tuning.fine_tune(
        features,
        vocabulary=vocabulary["token_id"].to_numpy(),
        encoder=encoder,
        tasks=build_tasks(tasks),
        max_length_tokens=tokenisation.max_length_tokens,
        parameters=training,
        checkpoints=checkpoints,
        culture=culture,
    )
    return tuned.model, tuned.history
