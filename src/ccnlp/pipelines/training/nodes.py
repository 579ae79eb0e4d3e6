"""Nodes of training."""

from pathlib import Path

import pandas as pd
import pyarrow as pa

from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.models.trained import TrainedModel
from ccnlp.tasks.base import TasksParameters, build_tasks
from ccnlp.tokenisation.parameters import TokenisationParameters
from ccnlp.training import fine_tuning
from ccnlp.training.parameters import TrainingParameters


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
