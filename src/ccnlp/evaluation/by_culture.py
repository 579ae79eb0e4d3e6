"""What a model that is told of culture answers to one text in each of them."""

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ccnlp.agreement.contested import jensen_shannon_distance
from ccnlp.errors import CcnlpError
from ccnlp.evaluation.bootstrap import Floats, Ints
from ccnlp.evaluation.fitness import TRAIN_AGAIN
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.examples import CONTEXT, LABEL_COUNTS
from ccnlp.models.by_culture import disagreement, predict_distributions, told_cultures
from ccnlp.models.trained import TrainedModel
from ccnlp.tasks.answers import has_one_label
from ccnlp.tasks.base import Task

logger = logging.getLogger(__name__)

COLUMNS = [
    "task", "corpus", "example_ids", "group_id", "language", "text", "context", "disagreement",
    "contested", "judges_disagreement", "annotators_disagreement",
]  # fmt: skip
PREDICTION, PROBABILITIES = "prediction_", "probabilities_"
"""What columns of one culture begin with."""


def predict_by_culture(
    examples: pd.DataFrame,
    model: TrainedModel,
    *,
    tasks: Mapping[str, Task],
    parameters: EvaluationParameters,
) -> pd.DataFrame:
    """A row a test text, with its answer in each culture that the model was trained on.

    A text that stands in two contexts is two, as its annotations are counted.
    Columns: `COLUMNS`, and for each culture `prediction_<culture>` and `probabilities_<culture>`.
    `example_ids` lists the examples of the text, one for each culture that judged it.
    `disagreement` is the generalised Jensen-Shannon distance of the cultures' distributions, 0..1,
    and a text is `contested` from `min_disagreement` on. Where people of two known cultures or more
    judged a text, `annotators_disagreement` is that distance of their shares of labels, and
    `judges_disagreement` that of the model's answers for the same cultures; else both are missing.

    No rows where the model is told of language or domain alone, or of one culture.

    Args:
        examples: those of the test split are asked.
        model: told of culture.
        tasks: by name; those with one label a row are asked.
        parameters: how many predictions are made at most of each task, and `min_disagreement`.

    Raises:
        CcnlpError: the model is told nothing.
    """
    if model.conditioning is None:
        raise CcnlpError(
            "culture.conditioning is switched on, but the fine-tuned model is told nothing; "
            f"{TRAIN_AGAIN}"
        )
    cultures = told_cultures(model)
    if len(cultures) < 2:
        logger.info("the model is told of %s cultures: there are none to set apart", len(cultures))
        return pd.DataFrame(columns=COLUMNS)
    rows_by_task = {name: _rows_to_ask(examples, task, model) for name, task in tasks.items()}
    tables = [
        _ask(rows, model, task=tasks[name], cultures=cultures, parameters=parameters)
        for name, rows in rows_by_task.items()
        if len(rows)
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=COLUMNS)


def _rows_to_ask(examples: pd.DataFrame, task: Task, model: TrainedModel) -> pd.DataFrame:
    """The test rows of a task that the model can be asked; none of another one."""
    is_askable = has_one_label(task) and task.name in model.tasks
    return examples[is_askable & (examples["task"] == task.name) & (examples["split"] == "test")]


def _ask(
    rows: pd.DataFrame,
    model: TrainedModel,
    *,
    task: Task,
    cultures: Sequence[str],
    parameters: EvaluationParameters,
) -> pd.DataFrame:
    """The table of one task."""
    texts = _sample_texts(rows, task, num_cultures=len(cultures), parameters=parameters)
    shares = predict_distributions(
        model,
        texts,
        task=task.name,
        cultures=cultures,
        tokens_per_batch=parameters.tokens_per_batch,
    )
    labels = model.tasks[task.name].labels
    text_indices = pd.Index(_text_keys(texts, task)).get_indexer(pd.Index(_text_keys(rows, task)))
    table = _table(texts, shares, task=task, labels=labels, cultures=cultures).assign(
        example_ids=_ids_by_text(rows["id"], text_indices),
        **_compare_with_annotators(rows, text_indices, shares, task, cultures),
    )
    table["contested"] = table["disagreement"] >= parameters.by_culture.min_disagreement
    return table[[*COLUMNS, *table.columns.difference(COLUMNS, sort=False)]]


def _ids_by_text(ids: pd.Series, text_indices: Ints) -> pd.Series:
    """The ids of the rows of each text, -1 of none.

    As objects: lists of arrow's text would be of a type that pandas writes and can't read again.
    """
    has_text = text_indices >= 0
    return ids[has_text].astype("object").groupby(text_indices[has_text]).agg(list)


def _sample_texts(
    rows: pd.DataFrame, task: Task, *, num_cultures: int, parameters: EvaluationParameters
) -> pd.DataFrame:
    """Each text once, though several cultures may have judged it; as many as are affordable."""
    texts = rows[~_text_keys(rows, task).duplicated()]
    max_texts = max(1, parameters.by_culture.max_predictions // num_cultures)
    if len(texts) <= max_texts:
        return texts.reset_index(drop=True)
    logger.info("%s: %s of %s test texts are asked", task.name, f"{max_texts:,}", f"{len(texts):,}")
    return texts.sample(max_texts, random_state=parameters.seed).sort_index().reset_index(drop=True)


def _text_keys(rows: pd.DataFrame, task: Task) -> pd.Series:
    """What is the same for the rows of one text: a group may also hold its translations.

    As where annotations are gathered, a text of another language is another one, and so is one in
    another context, whether or not the model reads the context.
    """
    context_columns = [CONTEXT] if CONTEXT in rows else []
    columns = ["corpus", "group_id", "language", *task.input_columns, *context_columns]
    return rows[columns].astype("string").fillna("").agg("\x1f".join, axis=1)


def _table(
    texts: pd.DataFrame,
    shares: Floats,
    *,
    task: Task,
    labels: Sequence[str],
    cultures: Sequence[str],
) -> pd.DataFrame:
    best_labels = np.asarray(labels, dtype=object)[shares.argmax(axis=2)]
    table: dict[str, object] = {
        "task": task.name,
        "corpus": texts["corpus"].astype(str),
        "group_id": texts["group_id"].astype(str),
        "language": texts["language"].astype(str),
        "text": texts[list(task.text_columns)].astype(str).agg(" / ".join, axis=1),
        "context": pd.Series(texts.get(CONTEXT), index=texts.index, dtype="string"),
        "disagreement": disagreement(shares),
    }
    for index, culture in enumerate(cultures):
        table[PREDICTION + culture] = best_labels[:, index]
        table[PROBABILITIES + culture] = list(shares[:, index].astype(np.float32))
    return pd.DataFrame(table)


def _compare_with_annotators(
    rows: pd.DataFrame, text_indices: Ints, shares: Floats, task: Task, cultures: Sequence[str]
) -> dict[str, Floats]:
    """The last two of `COLUMNS`, of the texts that two cultures or more judged.

    `text_indices` has the index of each row's text in `shares`, below 0 where it was not asked.
    """
    distances = np.full((2, len(shares)), np.nan)
    if LABEL_COUNTS in task.annotation_columns and LABEL_COUNTS in rows:
        culture_indices = pd.Index(cultures).get_indexer(pd.Index(rows["culture"].astype(str)))
        is_comparable = (text_indices >= 0) & (culture_indices >= 0)
        if not is_comparable.any():
            return dict(zip(COLUMNS[-2:], distances, strict=True))
        text_indices, culture_indices = text_indices[is_comparable], culture_indices[is_comparable]
        counts = np.stack(
            [np.asarray(row_counts, np.float64) for row_counts in rows[LABEL_COUNTS][is_comparable]]
        )
        annotator_shares = counts / counts.sum(axis=1, keepdims=True)
        texts, text_of_row = np.unique(text_indices, return_inverse=True)
        has_several_cultures = np.bincount(text_of_row) > 1
        of_model, _ = jensen_shannon_distance(shares[text_indices, culture_indices], text_of_row)
        of_people, _ = jensen_shannon_distance(annotator_shares, text_of_row)
        distances[:, texts] = np.where(has_several_cultures, [of_model, of_people], np.nan)
    return dict(zip(COLUMNS[-2:], distances, strict=True))
