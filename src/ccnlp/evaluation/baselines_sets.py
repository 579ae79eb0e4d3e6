"""The baselines of tasks whose answer is a set of labels: each label is learnt by itself."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.evaluation.baselines import (
    CONVERGENCE_TOLERANCE,
    MAX_ITERATIONS,
    Embed,
    Features,
    Probabilities,
    count_ngrams,
    embed_standardised,
)
from ccnlp.evaluation.parameters import ProbeParameters, TfidfParameters
from ccnlp.tasks.kinds.multi_label_classification import Flags, MultiLabelClassification

logger = logging.getLogger(__name__)


def predict_majority(
    train: pd.DataFrame, rows: pd.DataFrame, task: MultiLabelClassification
) -> pd.DataFrame:
    """The labels that at least half of the train rows of each corpus have, with their shares.

    A corpus without train rows gets those of all.
    """
    flags = task.flags(train["labels"])
    probabilities = np.tile(flags.mean(axis=0), (len(rows), 1))
    for corpus in train["corpus"].unique():
        corpus_flags = flags[(train["corpus"] == corpus).to_numpy()]
        probabilities[(rows["corpus"] == corpus).to_numpy()] = corpus_flags.mean(axis=0)
    return task.answers(probabilities)


def predict_tfidf(
    train: pd.DataFrame,
    rows: pd.DataFrame,
    task: MultiLabelClassification,
    *,
    parameters: TfidfParameters,
) -> pd.DataFrame:
    """Logistic regressions on n-grams of words and of characters within words."""
    train_features, row_features = count_ngrams(task.texts(train), task.texts(rows), parameters)
    strengths = parameters.inverse_regularisation
    return predict_logistic(
        train_features, row_features, train, rows, task, strengths=strengths, name="TF-IDF"
    )


def predict_probe(
    train: pd.DataFrame,
    rows: pd.DataFrame,
    task: MultiLabelClassification,
    *,
    parameters: ProbeParameters,
    embed: Embed,
) -> pd.DataFrame:
    """Logistic regressions on the frozen encoder's standardised vectors."""
    train_features, row_features = embed_standardised(embed, task.texts(train), task.texts(rows))
    strengths = parameters.inverse_regularisation
    return predict_logistic(
        train_features, row_features, train, rows, task, strengths=strengths, name="probe"
    )


def predict_logistic(
    train_features: Features,
    row_features: Features,
    train: pd.DataFrame,
    rows: pd.DataFrame,
    task: MultiLabelClassification,
    *,
    strengths: Sequence[float],
    name: str,
) -> pd.DataFrame:
    """A logistic regression for each label on the features of the texts.

    Of the regularisations the one with the best score on validation, and then the thresholds, as of
    the fine-tuned model.

    Args:
        train_features: of the train rows.
        row_features: of the rows to predict.
        train: the train rows.
        rows: those to predict.
        task: of both.
        strengths: inverse regularisations; the middle one is taken where no row is of validation.
        name: of the system, for the log.
    """
    is_validation = (rows["split"] == "validation").to_numpy()
    reference = task.reference(rows[is_validation])
    candidates = strengths if is_validation.any() else [strengths[len(strengths) // 2]]
    targets = task.flags(train["labels"])
    best: tuple[float, Probabilities] | None = None
    for strength in candidates:
        probabilities = _fit(train_features, row_features, targets, strength)
        validation_answers = task.answers(probabilities[is_validation]).set_axis(reference.index)
        score = task.score(validation_answers.assign(reference=reference))[task.primary_metric]
        logger.info("%s: macro-F1 %.3f on validation with C=%g", name, score, strength)
        if best is None or score > best[0]:
            best = (score, probabilities)
    if best is None:
        raise ValueError(f"{name}: no regularisation to choose from")
    if not is_validation.any():
        return task.answers(best[1])
    validation_answers = task.answers(best[1][is_validation]).set_axis(reference.index)
    calibration = task.calibrate(validation_answers.assign(reference=reference))
    return task.calibrated(calibration).answers(best[1])


def _fit(
    train_features: Features, row_features: Features, flags: Flags, strength: float
) -> Probabilities:
    label_probabilities = [
        _fit_label(train_features, row_features, has_label, strength) for has_label in flags.T
    ]
    return np.stack(label_probabilities, axis=1)


def _fit_label(
    train_features: Features,
    row_features: Features,
    has_label: npt.NDArray[np.bool_],
    strength: float,
) -> Probabilities:
    """The probability that each row has the label; its share where train has it always or never."""
    from sklearn.linear_model import LogisticRegression

    if has_label.all() or not has_label.any():
        return np.full(row_features.shape[0], float(has_label.mean()))
    model = LogisticRegression(C=strength, max_iter=MAX_ITERATIONS, tol=CONVERGENCE_TOLERANCE)
    predicted: Any = model.fit(train_features, has_label).predict_proba(row_features)
    return np.asarray(predicted[:, 1], dtype=np.float64)
