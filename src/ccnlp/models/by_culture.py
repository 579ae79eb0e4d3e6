"""What a model that is told of culture answers to the same text in each of several cultures."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.agreement.contested import jensen_shannon_distance
from ccnlp.examples import UNKNOWN
from ccnlp.models.trained import TrainedModel

Floats = npt.NDArray[np.float64]


def told_cultures(model: TrainedModel) -> tuple[str, ...]:
    """The cultures that the model was trained on and can answer by; none where it is told of none.

    A model may be told of languages or domains alone.
    """
    return tuple(culture for culture in _trained_cultures(model) if is_told_apart(model, culture))


def is_told_apart(model: TrainedModel, culture: str) -> bool:
    """Whether the model is told something of a culture that it is not told of an unknown one."""
    if model.conditioning is None:
        return False
    rows = pd.DataFrame({"culture": [culture, UNKNOWN]})
    culture_indices, unknown_indices = model.conditioning.indices(rows)
    return bool((culture_indices != unknown_indices).any())


def predict_distributions(
    model: TrainedModel,
    rows: pd.DataFrame,
    *,
    task: str,
    cultures: Sequence[str],
    tokens_per_batch: int,
) -> Floats:
    """The distribution of each text's labels in each culture; shape (rows, cultures, labels).

    Args:
        model: told of culture.
        rows: the task's input columns; `language` and `domain` are told as they are.
        task: name of a task that gives one label a row.
        cultures: at least one.
        tokens_per_batch: most tokens of a batch, padding included; bounds the memory.
    """
    shape = len(rows), len(cultures), len(model.tasks[task].labels)
    if not len(rows):
        return np.empty(shape)
    repeated = rows.iloc[np.arange(len(rows)).repeat(len(cultures))].reset_index(drop=True)
    rows_with_culture = repeated.assign(
        culture=np.tile(np.asarray(cultures, dtype=object), len(rows))
    )
    predictions = model.predict(rows_with_culture, task=task, tokens_per_batch=tokens_per_batch)
    probabilities = np.stack(predictions["probabilities"].tolist()).astype(np.float64)
    return probabilities.reshape(shape)


def disagreement(distributions: Floats) -> Floats:
    """How far the cultures' distributions of each text lie apart, 0..1; shape (texts,).

    The measure that stands behind the contested texts of annotators: see
    `agreement.contested.jensen_shannon_distance`.

    Args:
        distributions: shape (texts, cultures, labels).
    """
    num_texts, num_cultures, num_labels = distributions.shape
    if not num_texts:
        return np.empty(0)
    text_indices = np.repeat(np.arange(num_texts), num_cultures)
    distances, _ = jensen_shannon_distance(distributions.reshape(-1, num_labels), text_indices)
    return distances


def _trained_cultures(model: TrainedModel) -> tuple[str, ...]:
    return model.conditioning.keys.cultures if model.conditioning else ()
