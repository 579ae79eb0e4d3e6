"""The long table of predictions: a row for each example and system."""

import logging
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from ccnlp.errors import CorpusError
from ccnlp.models.trained import TrainedModel
from ccnlp.tasks.base import Task

logger = logging.getLogger(__name__)

KEPT = ["corpus", "split", "language", "region", "culture", "domain", "origin", "group_id"]
COLUMNS = [
    "example_id",
    "task",
    "system",
    "reference",
    "prediction",
    "confidence",
    "probabilities",
    "num_characters",
    "is_seen",
    *KEPT,
]

Predict = Callable[[pd.DataFrame, pd.DataFrame, Task], pd.DataFrame | None]
"""From train rows, rows to predict and the task to decoded predictions; `None` to sit out."""


def predict_with(
    system: str,
    predict: Predict,
    *,
    examples: pd.DataFrame,
    tasks: Mapping[str, Task],
) -> pd.DataFrame:
    """One system's predictions of the validation and test rows of every task with labels.

    Raises:
        CorpusError: a task has no train rows to fit a system on.
    """
    tables = []
    for name, task in tasks.items():
        own = examples[examples["task"] == name]
        if not len(own) or not task.labels:
            continue
        train = own[own["split"] == "train"].reset_index(drop=True)
        rows = own[own["split"] != "train"].reset_index(drop=True)
        if not len(train):
            raise CorpusError(f"task {name!r}: no train rows to fit {system!r} on")
        predicted = predict(train, rows, task)
        if predicted is not None:
            logger.info("%s: %s rows predicted by %s", name, f"{len(rows):,}", system)
            tables.append(_long(predicted, rows, system, task))
    return pd.concat(tables, ignore_index=True) if tables else _empty()


def predict_with_model(
    _train: pd.DataFrame,
    rows: pd.DataFrame,
    task: Task,
    *,
    model: TrainedModel | None,
    tokens_per_batch: int,
) -> pd.DataFrame | None:
    """The predictions of a trained model; `None`, with the reason in the log, where it can't."""
    why_not = why_not_comparable(model, task)
    if model is None or why_not is not None:
        logger.info("%s: %s", task.name, why_not)
        return None
    predicted = model.predict(rows, task=task.name, tokens_per_batch=tokens_per_batch)
    own = list(model.tasks[task.name].labels)
    places = [own.index(label) for label in task.labels]
    reordered = [np.asarray(row, np.float32)[places] for row in predicted["probabilities"]]
    predicted["probabilities"] = pd.Series(reordered, index=predicted.index, dtype="object")
    return predicted.reset_index(drop=True).assign(is_seen=model.has_seen(rows["id"]))


def why_not_comparable(model: TrainedModel | None, task: Task) -> str | None:
    """Why a model can't be judged on a task, or `None` where it can."""
    if model is None:
        return "there is no champion yet"
    if task.name not in model.tasks:
        return f"the champion was not trained on the task {task.name!r}"
    known = model.tasks[task.name].labels
    if set(known) != set(task.labels):
        return f"the champion's labels are {list(known)}, not {list(task.labels)}"
    return None


def unseen(predictions: pd.DataFrame) -> pd.DataFrame:
    """The predictions without those of rows that a model was trained on.

    A former model may have been: splits change with the seed and with what a corpus states.
    """
    is_seen = predictions["is_seen"].astype(bool)
    for system, number in is_seen.groupby(predictions["system"]).sum().items():
        if number:
            logger.warning(
                "%s was trained on %s of the rows; they are left out where it is compared",
                system,
                f"{number:,}",
            )
    return predictions[~is_seen]


def combine(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """One table of all systems' predictions."""
    combined = pd.concat([table for table in tables if len(table)], ignore_index=True)
    return combined.astype(dict.fromkeys(["prediction", "reference", "system"], "string"))


def _long(predicted: pd.DataFrame, rows: pd.DataFrame, system: str, task: Task) -> pd.DataFrame:
    lengths = [rows[column].astype(str).str.len() for column in task.input_columns]
    table = pd.DataFrame({"is_seen": False, **predicted.reset_index(drop=True)}).assign(
        example_id=rows["id"],
        task=task.name,
        system=system,
        reference=task.reference(rows),
        num_characters=np.sum(lengths, axis=0),
        **{column: rows[column] for column in KEPT},
    )
    return table[COLUMNS]


def _empty() -> pd.DataFrame:
    return pd.DataFrame(columns=COLUMNS)
