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
    scores = _scores(train, task)
    by_corpus = scores.groupby(train["corpus"].astype(str)).mean()
    means = rows["corpus"].astype(str).map(by_corpus).fillna(scores.mean())
    return _as_predictions(means.to_numpy(np.float64))


def predict_score_by_ngrams(
    train: pd.DataFrame, rows: pd.DataFrame, task: Task, *, parameters: TfidfParameters
) -> pd.DataFrame:
    """By the cosine of the TF-IDF of both texts, in n-grams of words and of characters."""
    sides = [[*train[column].astype(str), *rows[column].astype(str)] for column in PAIR]
    fitted = [text for column in PAIR for text in train[column].astype(str)]
    _, first = count_ngrams(fitted, sides[0], parameters)
    _, second = count_ngrams(fitted, sides[1], parameters)
    product = np.asarray(first.multiply(second).sum(axis=1)).ravel()
    sizes = [
        np.sqrt(np.asarray(side.multiply(side).sum(axis=1)).ravel()) for side in (first, second)
    ]
    return _by_cosine(product / np.maximum(sizes[0] * sizes[1], 1e-12), train, task)


def predict_score_by_vectors(
    train: pd.DataFrame, rows: pd.DataFrame, task: Task, *, embed: Embed
) -> pd.DataFrame:
    """By the cosine of the frozen encoder's vectors of both texts."""
    texts = [text for column in PAIR for part in (train, rows) for text in part[column].astype(str)]
    first, second = np.split(embed(texts), 2)
    return _by_cosine((first * second).sum(axis=1).astype(np.float64), train, task)


def _by_cosine(cosines: Scores, train: pd.DataFrame, task: Task) -> pd.DataFrame:
    """The line from cosines to the scores of train, within these; of the rows behind train's."""
    scores = _scores(train, task).to_numpy()
    own, others = np.split(cosines, [len(train)])
    slope = np.cov(own, scores)[0, 1] / own.var(ddof=1) if len(own) > 1 and own.var() > 0 else 0.0
    predicted = scores.mean() + slope * (others - own.mean())
    return _as_predictions(np.clip(predicted, scores.min(), scores.max()))


def _scores(rows: pd.DataFrame, task: Task) -> "pd.Series[float]":
    return task.reference(rows).astype("float64")


def _as_predictions(scores: npt.NDArray[Any]) -> pd.DataFrame:
    """A row an example; a score says nothing of how sure it is."""
    texts = [f"{score:.6g}" for score in scores]
    return pd.DataFrame({"prediction": texts, "confidence": 1.0, "probabilities": None})
