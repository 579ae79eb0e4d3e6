"""What the model answers, and whether it should."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ccnlp.behaviour.cases import FUNCTIONAL, INPUT_COLUMNS
from ccnlp.errors import CcnlpError, ModelSourceError
from ccnlp.models.trained import TrainedModel
from ccnlp.progress import ProgressLine

TEXTS_AT_ONCE = 2_000
"""Between two lines of progress."""


def require_model(model: TrainedModel | None) -> TrainedModel:
    """The model.

    Raises:
        ModelSourceError: the registry has no champion.
    """
    if model is None:
        raise ModelSourceError(
            "behaviour.model is champion, and the registry has none; register a model that passes "
            "the gate, or judge the one in the data folder: behaviour.model=finetuned "
            "(parameters/behaviour.yml, or --params)"
        )
    return model


def predict_cases(
    model: TrainedModel, tables: Sequence[pd.DataFrame], *, tokens_per_batch: int
) -> pd.DataFrame:
    """All cases with the model's answers.

    To the columns of `Case` come `prediction`, `confidence`; of swaps and perturbations those of
    the original, and `distance`, the probability that moved from some labels to others (half the
    sum of the absolute differences, 0..1); and `is_failure`: another label than the expected one,
    or than the original's. Each text is predicted once.

    Args:
        model: that is judged.
        tables: of cases.
        tokens_per_batch: bounds the memory.

    Raises:
        CcnlpError: there is no case.
    """
    cases = pd.concat(tables, ignore_index=True)
    if cases.empty:
        raise CcnlpError(
            "there is nothing to judge: no test text of the model's tasks is changed by any swap "
            "or perturbation, and no suite is configured; add one to behaviour.suites, or make "
            "examples of test: kedro run --pipelines ingestion (parameters/behaviour.yml)"
        )
    predictions = [
        _predict(model, str(task), task_cases.reset_index(drop=True), tokens_per_batch)
        for task, task_cases in cases.groupby("task", sort=False)
    ]
    return pd.concat(predictions, ignore_index=True)


def _predict(
    model: TrainedModel, task: str, cases: pd.DataFrame, tokens_per_batch: int
) -> pd.DataFrame:
    originals = cases.assign(text=cases["original"].fillna(cases["text"]))
    input_columns = [*INPUT_COLUMNS]
    texts = pd.concat([cases[input_columns], originals[input_columns]], ignore_index=True)
    codes = texts.groupby(input_columns, sort=False).ngroup().to_numpy()
    distinct = texts.drop_duplicates().reset_index(drop=True)
    answers = _predict_texts(model, task, distinct.astype(object), tokens_per_batch)
    case_indices, original_indices = codes[: len(cases)], codes[len(cases) :]
    labels = answers["prediction"].to_numpy(dtype=object)
    confidences = answers["confidence"].to_numpy(dtype=np.float64)
    probabilities = np.array(list(answers["probabilities"]), dtype=np.float64)
    is_functional = (cases["kind"] == FUNCTIONAL).to_numpy(dtype=bool)
    distances = (
        np.abs(probabilities[case_indices] - probabilities[original_indices]).sum(axis=1) / 2
    )
    expected = np.where(
        is_functional, cases["expected"].to_numpy(dtype=object), labels[original_indices]
    )
    return cases.assign(
        prediction=pd.Series(labels[case_indices], dtype="string"),
        confidence=confidences[case_indices],
        original_prediction=pd.Series(labels[original_indices], dtype="string").mask(is_functional),
        original_confidence=np.where(is_functional, np.nan, confidences[original_indices]),
        distance=np.where(is_functional, np.nan, distances),
        is_failure=labels[case_indices] != expected,
    )


def _predict_texts(
    model: TrainedModel, task: str, texts: pd.DataFrame, tokens_per_batch: int
) -> pd.DataFrame:
    """The model's predictions, with a line of progress now and then."""
    progress = ProgressLine(f"{task}: texts predicted", total=len(texts))
    predictions = []
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        chunk = texts.iloc[start : start + TEXTS_AT_ONCE]
        predictions.append(model.predict(chunk, task=task, tokens_per_batch=tokens_per_batch))
        progress.advance(len(chunk))
    return pd.concat(predictions, ignore_index=True)
