"""What the model answers, and whether it should."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ccnlp.behaviour.cases import FUNCTIONAL, READ
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
    parts = [
        _predict(model, str(task), own.reset_index(drop=True), tokens_per_batch)
        for task, own in cases.groupby("task", sort=False)
    ]
    return pd.concat(parts, ignore_index=True)


def _predict(
    model: TrainedModel, task: str, cases: pd.DataFrame, tokens_per_batch: int
) -> pd.DataFrame:
    originals = cases.assign(text=cases["original"].fillna(cases["text"]))
    read = [*READ]
    texts = pd.concat([cases[read], originals[read]], ignore_index=True)
    codes = texts.groupby(read, sort=False).ngroup().to_numpy()
    distinct = texts.drop_duplicates().reset_index(drop=True)
    predicted = _answers(model, task, distinct.astype(object), tokens_per_batch)
    own, before = codes[: len(cases)], codes[len(cases) :]
    labels = predicted["prediction"].to_numpy(dtype=object)
    confidences = predicted["confidence"].to_numpy(dtype=np.float64)
    probabilities = np.array(list(predicted["probabilities"]), dtype=np.float64)
    is_functional = (cases["kind"] == FUNCTIONAL).to_numpy(dtype=bool)
    distances = np.abs(probabilities[own] - probabilities[before]).sum(axis=1) / 2
    expected = np.where(is_functional, cases["expected"].to_numpy(dtype=object), labels[before])
    return cases.assign(
        prediction=pd.Series(labels[own], dtype="string"),
        confidence=confidences[own],
        original_prediction=pd.Series(labels[before], dtype="string").mask(is_functional),
        original_confidence=np.where(is_functional, np.nan, confidences[before]),
        distance=np.where(is_functional, np.nan, distances),
        is_failure=labels[own] != expected,
    )


def _answers(
    model: TrainedModel, task: str, texts: pd.DataFrame, tokens_per_batch: int
) -> pd.DataFrame:
    """The model's predictions, with a line of progress now and then."""
    progress = ProgressLine(f"{task}: texts predicted", total=len(texts))
    parts = []
    for first in range(0, len(texts), TEXTS_AT_ONCE):
        part = texts.iloc[first : first + TEXTS_AT_ONCE]
        parts.append(model.predict(part, task=task, tokens_per_batch=tokens_per_batch))
        progress.advance(len(part))
    return pd.concat(parts, ignore_index=True)
