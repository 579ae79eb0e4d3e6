"""The systems that a fine-tuned model must beat where the answer is a score for two texts."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.evaluation.baselines import Embed, count_ngrams
from ccnlp.evaluation.parameters import TfidfParameters
from ccnlp.tasks.base import Task
from ccnlp.tasks.pairs import PAIR

Scores = npt.NDArray[np.float64]


def predict_mean_score(train: pd.DataFrame, rows: pd.DataFrame, task: Task) -> pd.DataFrame:
    """The mean score of each corpus's train rows; of all for a corpus without train rows."""
    scores = _reference_scores(train, task)
    by_corpus = scores.groupby(train["corpus"].astype(str)).mean()
    means = rows["corpus"].astype(str).map(by_corpus).fillna(scores.mean())
    return _as_predictions(means.to_numpy(np.float64))


def predict_score_by_ngrams(
    train: pd.DataFrame, rows: pd.DataFrame, task: Task, *, parameters: TfidfParameters
) -> pd.DataFrame:
    """By the cosine of the TF-IDF of both texts, in n-grams of words and of characters."""
    side_texts = [[*train[column].astype(str), *rows[column].astype(str)] for column in PAIR]
    train_texts = [text for column in PAIR for text in train[column].astype(str)]
    _, first = count_ngrams(train_texts, side_texts[0], parameters)
    _, second = count_ngrams(train_texts, side_texts[1], parameters)
    products = np.asarray(first.multiply(second).sum(axis=1)).ravel()
    norms = [
        np.sqrt(np.asarray(side.multiply(side).sum(axis=1)).ravel()) for side in (first, second)
    ]
    return _predict_from_cosines(products / np.maximum(norms[0] * norms[1], 1e-12), train, task)


def predict_score_by_vectors(
    train: pd.DataFrame, rows: pd.DataFrame, task: Task, *, embed: Embed
) -> pd.DataFrame:
    """By the cosine of the frozen encoder's vectors of both texts."""
    texts = [
        text for column in PAIR for table in (train, rows) for text in table[column].astype(str)
    ]
    first, second = np.split(embed(texts), 2)
    return _predict_from_cosines((first * second).sum(axis=1).astype(np.float64), train, task)


def _predict_from_cosines(cosines: Scores, train: pd.DataFrame, task: Task) -> pd.DataFrame:
    """The line from cosines to the scores of train, within these; of the rows behind train's."""
    scores = _reference_scores(train, task).to_numpy()
    train_cosines, row_cosines = np.split(cosines, [len(train)])
    slope = (
        np.cov(train_cosines, scores)[0, 1] / train_cosines.var(ddof=1)
        if len(train_cosines) > 1 and train_cosines.var() > 0
        else 0.0
    )
    predicted = scores.mean() + slope * (row_cosines - train_cosines.mean())
    return _as_predictions(np.clip(predicted, scores.min(), scores.max()))


def _reference_scores(rows: pd.DataFrame, task: Task) -> "pd.Series[float]":
    return task.reference(rows).astype("float64")


def _as_predictions(scores: npt.NDArray[Any]) -> pd.DataFrame:
    """A row an example; a score says nothing of how sure it is."""
    texts = [f"{score:.6g}" for score in scores]
    return pd.DataFrame({"prediction": texts, "confidence": 1.0, "probabilities": None})
