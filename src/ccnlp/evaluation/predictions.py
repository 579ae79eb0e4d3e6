"""The long table of predictions: a row for each example and system."""

import logging
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.errors import CcnlpError, CorpusError
from ccnlp.evaluation.distances import METRICS, measure_distances
from ccnlp.evaluation.fitness import TRAIN_AGAIN, check_fitness, why_not_comparable
from ccnlp.models.trained import TrainedModel
from ccnlp.tasks.answers import has_one_label, is_judged
from ccnlp.tasks.base import Task
from ccnlp.tasks.kinds.multi_label_classification import MultiLabelClassification
from ccnlp.tokenisation.fitting import check_has_examples

logger = logging.getLogger(__name__)

EXAMPLE_COLUMNS = [
    "corpus",
    "split",
    "language",
    "region",
    "culture",
    "domain",
    "origin",
    "group_id",
]
"""Columns of examples that predictions carry."""
SLICEABLE = (*EXAMPLE_COLUMNS, "reference")
"""Columns that slices are made of."""
COLUMNS = [
    "example_id",
    "task",
    "system",
    "reference",
    "prediction",
    "confidence",
    "probabilities",
    *METRICS,
    "num_characters",
    "is_seen",
    "weights",
    *EXAMPLE_COLUMNS,
]

CATEGORICAL_COLUMNS = [
    *(name for name in EXAMPLE_COLUMNS if name != "group_id"),
    "task",
    "system",
    "weights",
]
"""Columns of few values, which are kept as categories: as text they take most of the memory."""

Predict = Callable[[pd.DataFrame, pd.DataFrame, Task], pd.DataFrame | None]
"""From train rows, rows to predict and the task to decoded predictions; `None` to sit out."""


def predict_with(
    system: str,
    predict: Predict,
    *,
    examples: pd.DataFrame,
    tasks: Mapping[str, Task],
) -> pd.DataFrame:
    """One system's predictions of the validation and test rows of every task.

    A task that can't be judged (`is_judged`) is left out. Train rows without a label, such as those
    whose annotators are tied, teach none of the systems that are fitted here.

    Raises:
        ConfigurationError: the examples are of other tasks.
        CorpusError: a task has no labelled train rows to fit a system on.
    """
    check_has_examples(examples, tasks)
    tables = []
    for name, task in tasks.items():
        task_examples = examples[examples["task"] == name]
        if not len(task_examples):
            continue
        if not is_judged(task):
            logger.info("%s: not judged, as kind %s has no tallies", name, task.parameters.kind)
            continue
        is_train = task_examples["split"] == "train"
        has_label = task.reference(task_examples).notna()
        train = task_examples[is_train & has_label].reset_index(drop=True)
        rows = task_examples[task_examples["split"] != "train"].reset_index(drop=True)
        if not len(train):
            raise CorpusError(f"task {name!r}: no labelled train rows to fit {system!r} on")
        answers = predict(train, rows, task)
        if answers is not None:
            logger.info("%s: %s rows predicted by %s", name, f"{len(rows):,}", system)
            tables.append(_prediction_table(answers, rows, system, task))
    return pd.concat(tables, ignore_index=True) if tables else _empty()


def predict_with_champion(
    _train: pd.DataFrame,
    rows: pd.DataFrame,
    task: Task,
    *,
    model: TrainedModel | None,
    tokens_per_batch: int,
) -> pd.DataFrame | None:
    """The champion's predictions; `None`, with the reason in the log, where it can't be judged."""
    why_not = why_not_comparable(model, task)
    if model is None or why_not is not None:
        logger.info("%s: %s", task.name, why_not)
        return None
    return _predict(model, rows, task, tokens_per_batch)


def predict_with_finetuned(
    _train: pd.DataFrame,
    rows: pd.DataFrame,
    task: Task,
    *,
    model: TrainedModel,
    culture: CultureParameters | None,
    tokens_per_batch: int,
) -> pd.DataFrame:
    """The fine-tuned model's predictions.

    Raises:
        CcnlpError: the model is older than what is configured (`check_fitness`) or than the
            examples: it was trained on some of the rows.
    """
    check_fitness(model, task, culture=culture)
    predicted = _predict(model, rows, task, tokens_per_batch)
    num_seen = int(predicted["is_seen"].sum())
    if num_seen:
        raise CcnlpError(
            f"task {task.name!r}: the fine-tuned model was trained on {num_seen:,} of the "
            f"{len(rows):,} rows that are now validation and test; {TRAIN_AGAIN}"
        )
    return predicted


def _predict(
    model: TrainedModel, rows: pd.DataFrame, task: Task, tokens_per_batch: int
) -> pd.DataFrame:
    predicted = model.predict(rows, task=task.name, tokens_per_batch=tokens_per_batch)
    if has_one_label(task):
        _reorder_labels(predicted, model, task)
    if isinstance(task, MultiLabelClassification):
        predicted["prediction"] = task.in_order(predicted["prediction"])
    return predicted.reset_index(drop=True).assign(
        is_seen=model.has_seen(rows["id"]), weights=model.weights_digest
    )


def _reorder_labels(predicted: pd.DataFrame, model: TrainedModel, task: Task) -> None:
    """Puts the probabilities into the order of the task's labels."""
    trained_labels = list(model.tasks[task.name].labels)
    label_indices = [trained_labels.index(label) for label in task.labels]
    reordered = [np.asarray(row, np.float32)[label_indices] for row in predicted["probabilities"]]
    predicted["probabilities"] = pd.Series(reordered, index=predicted.index, dtype="object")


def unseen(predictions: pd.DataFrame) -> pd.DataFrame:
    """The predictions without those of rows that a model was trained on.

    A former model may have been: splits change with the seed and with what a corpus states.
    """
    is_seen = predictions["is_seen"].astype(bool)
    for system, num_seen in is_seen.groupby(predictions["system"]).sum().items():
        if num_seen:
            logger.warning(
                "%s was trained on %s of the rows; they are left out where it is compared",
                system,
                f"{num_seen:,}",
            )
    return predictions[~is_seen]


def without_seen_splits(predictions: pd.DataFrame) -> pd.DataFrame:
    """The predictions without those of a system on a task's split whose rows it was trained on.

    One such row is enough: the split no longer says how good the system is, and leaving out single
    rows would take them from the other systems too, which are scored on the same ones. How a
    former model does on the others is told by `unseen`.
    """
    is_seen = predictions["is_seen"].astype(bool)
    splits = is_seen.groupby([predictions[name] for name in ("task", "split", "system")])
    num_seen = splits.sum()
    for row in num_seen[num_seen > 0].reset_index(name="number").itertuples():
        logger.warning(
            "%s: %s was trained on %s of the %s rows; it has no scores there",
            row.task,
            row.system,
            f"{row.number:,}",
            row.split,
        )
    return predictions[~splits.transform("any")] if len(predictions) else predictions


def combine(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """One table of all systems' predictions."""
    non_empty = [table for table in tables if len(table)]
    combined = pd.concat(non_empty, ignore_index=True) if non_empty else _empty()
    dtypes = dict.fromkeys(["prediction", "reference"], "string")
    return combined.astype(dtypes | dict.fromkeys(CATEGORICAL_COLUMNS, "category"))


def _prediction_table(
    answers: pd.DataFrame, rows: pd.DataFrame, system: str, task: Task
) -> pd.DataFrame:
    lengths = [rows[column].astype(str).str.len() for column in task.text_columns]
    table = pd.DataFrame(
        {"is_seen": False, "weights": "", **answers.reset_index(drop=True)}
    ).assign(
        example_id=rows["id"],
        task=task.name,
        system=system,
        reference=task.reference(rows),
        **measure_distances(task.reference_probabilities(rows), answers["probabilities"]),
        num_characters=np.sum(lengths, axis=0),
        **{column: rows[column] for column in EXAMPLE_COLUMNS},
    )
    return table[COLUMNS]


def _empty() -> pd.DataFrame:
    return pd.DataFrame(columns=COLUMNS)
