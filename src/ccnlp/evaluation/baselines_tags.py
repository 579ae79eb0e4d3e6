"""What a tagger must beat to be worth its cost: words as train tagged them, and counted letters."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.corpora.tokens import join_tokens
from ccnlp.evaluation.baselines import predict_majority, predict_tfidf
from ccnlp.evaluation.parameters import TfidfParameters
from ccnlp.tasks.bio import TagSet
from ccnlp.tasks.kinds.intent_slots import IntentSlots
from ccnlp.tasks.kinds.sequence_classification import SequenceClassification
from ccnlp.tasks.parameters import TaskParameters
from ccnlp.tasks.word_tagging import WordTagging

logger = logging.getLogger(__name__)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Shares = Callable[[Ints], Floats]
"""From places of words to the probability of each tag, shape (words, tags)."""

NUM_FEATURES = 2**16
"""Of a word, and as many of each neighbour: weights of 80 tags take 126 MB."""

NUM_EPOCHS = 5
ROWS_AT_ONCE = 500
FLOOR = 1e-9
"""Probability of a tag that was never seen."""


@dataclass(frozen=True)
class _Words:
    """The words of some rows, one row behind the other.

    Attributes:
        codes: of each word among the distinct ones; shape (words,).
        sizes: words of each row; shape (rows,).
    """

    codes: Ints
    sizes: Ints

    def beside(self, step: int, *, nothing: int) -> Ints:
        """The codes of the words so many places on in the row; `nothing` where there is none."""
        row_of = np.repeat(np.arange(len(self.sizes)), self.sizes)
        places = np.arange(len(self.codes)) + step
        inside = np.clip(places, 0, max(0, len(self.codes) - 1))
        is_there = (places == inside) & (row_of[inside] == row_of)
        return np.where(is_there, self.codes[inside], nothing)


def predict_majority_tags(
    train: pd.DataFrame, rows: pd.DataFrame, task: WordTagging
) -> pd.DataFrame:
    """Each word as train tags it most often; O for words that train lacks.

    Of all tags in which every I- goes on with something, those with the largest product of shares.
    """
    own, other, distinct = _read(train, rows)
    size = len(task.tag_set)
    cells = own.codes * size + task.tag_set.codes(train["tags"].tolist())
    counts = np.bincount(cells, minlength=len(distinct) * size).reshape(-1, size)
    counts[counts.sum(axis=1) == 0, 0] = 1
    shares = counts / counts.sum(axis=1, keepdims=True)
    tags, confidence = _decode(lambda places: shares[other.codes[places]], other, task.tag_set)
    intents = None
    if isinstance(task, IntentSlots):
        intents = predict_majority(_with_text(train), _with_text(rows), _intents_of(task))
    return _answers(tags, confidence, intents, task)


def predict_tfidf_tags(
    train: pd.DataFrame, rows: pd.DataFrame, task: WordTagging, *, parameters: TfidfParameters
) -> pd.DataFrame:
    """Logistic regression on n-grams of characters of a word and of the words beside it.

    The n-grams are hashed (Weinberger et al. 2009), the regression is fitted by stochastic gradient
    descent, one tag against the rest; of the regularisations the best on validation is taken. An
    intent is that of `predict_tfidf` on the text.
    """
    own, other, distinct = _read(train, rows)
    features = _count_ngrams(distinct, parameters)
    fitted, asked = _features(own, features), _features(other, features)
    codes = task.tag_set.codes(train["tags"].tolist())
    intents = None
    if isinstance(task, IntentSlots):
        intents = predict_tfidf(
            _with_text(train), _with_text(rows), _intents_of(task), parameters=parameters
        )
    is_validation = (rows["split"] == "validation").to_numpy()
    strengths = list(parameters.inverse_regularisation)
    if not is_validation.any():  # nothing to choose by: the middle one
        strengths = [strengths[len(strengths) // 2]]
    references = task.reference(rows)
    best: tuple[float, pd.DataFrame] | None = None
    for strength in strengths:
        shares = _fit(fitted, codes, asked, task.tag_set, strength)
        answers = _answers(*_decode(shares, other, task.tag_set), intents, task)
        judged = answers.assign(reference=references.to_numpy())[is_validation]
        score = task.score(judged)[task.primary_metric] if len(judged) else 0.0
        logger.info("TF-IDF: %s %.3f on validation with C=%g", task.primary_metric, score, strength)
        if best is None or score > best[0]:
            best = (score, answers)
    if best is None:
        raise ValueError("TF-IDF: no regularisation to choose from")
    return best[1]


def _read(train: pd.DataFrame, rows: pd.DataFrame) -> tuple[_Words, _Words, list[str]]:
    """The words of both, and the distinct words that their codes count."""
    tokens = [own["tokens"].tolist() for own in (train, rows)]
    sizes = [np.array([len(own) for own in part], dtype=np.int64) for part in tokens]
    words = np.array(list(chain.from_iterable(chain.from_iterable(tokens))), dtype=object)
    codes, distinct = pd.factorize(words)
    own, other = np.split(codes.astype(np.int64), [sizes[0].sum()])
    return _Words(own, sizes[0]), _Words(other, sizes[1]), list(distinct)


def _decode(shares: Shares, words: _Words, tag_set: TagSet) -> tuple[list[list[str]], Floats]:
    """The best tags of each row, and the probability of the least probable of them."""
    starts = np.cumsum(words.sizes) - words.sizes
    tags: list[list[str]] = [[] for _ in words.sizes]
    confidence = np.ones(len(tags))
    order = np.argsort(words.sizes, kind="stable")
    for first in range(0, len(order), ROWS_AT_ONCE):
        rows = order[first : first + ROWS_AT_ONCE]
        is_word = np.arange(words.sizes[rows].max(initial=0)) < words.sizes[rows][:, None]
        places = (starts[rows][:, None] + np.arange(is_word.shape[1]))[is_word]
        logs = np.zeros((*is_word.shape, len(tag_set)))
        if len(places):
            logs[is_word] = np.log(np.maximum(shares(places), FLOOR))
        logs[~is_word, 1:] = -np.inf
        codes = tag_set.best_paths(logs, np.zeros(len(rows), dtype=bool))
        chosen = np.take_along_axis(logs, codes[..., None], axis=2)[..., 0]
        confidence[rows] = np.exp(chosen.min(axis=1, initial=0.0))
        for row, own in zip(rows.tolist(), codes, strict=True):
            tags[row] = tag_set.names(own[: words.sizes[row]])
    return tags, confidence


def _count_ngrams(words: list[str], parameters: TfidfParameters) -> Any:
    """Hashed n-grams of each word, sparse (words + 1, n-grams); the last row is that of no word."""
    from scipy.sparse import csr_matrix, vstack
    from sklearn.feature_extraction.text import HashingVectorizer

    vectoriser = HashingVectorizer(
        analyzer="char_wb",
        ngram_range=parameters.character_ngrams,
        n_features=NUM_FEATURES,
        lowercase=False,  # a capital tells of a name
        alternate_sign=False,
        dtype=np.float32,
    )
    counted = vectoriser.transform(words)
    return vstack([counted, csr_matrix((1, NUM_FEATURES), dtype=np.float32)], format="csr")


def _features(words: _Words, ngrams: Any) -> Any:
    """The n-grams of each word, of the word before it and of the one behind it, side by side."""
    from scipy.sparse import hstack

    nothing = ngrams.shape[0] - 1
    return hstack(
        [ngrams[words.beside(step, nothing=nothing)] for step in (0, -1, 1)], format="csr"
    )


def _fit(fitted: Any, codes: Ints, asked: Any, tag_set: TagSet, strength: float) -> Shares:
    from sklearn.linear_model import SGDClassifier

    known = np.unique(codes)
    if len(known) == 1:  # nothing to tell apart
        only = (np.arange(len(tag_set)) == known[0]).astype(np.float64)
        return lambda places: np.tile(only, (len(places), 1))
    model = SGDClassifier(
        loss="log_loss",
        alpha=1 / (strength * len(codes)),
        max_iter=NUM_EPOCHS,
        tol=None,
        random_state=0,
    ).fit(fitted, codes)

    def shares(places: Ints) -> Floats:
        probabilities = np.zeros((len(places), len(tag_set)))
        probabilities[:, model.classes_] = model.predict_proba(asked[places])
        return probabilities

    return shares


def _intents_of(task: IntentSlots) -> SequenceClassification:
    """The intents alone, as a task of one label a text."""
    entry = TaskParameters(kind="sequence_classification", loss_weight=1, labels=task.labels)
    return SequenceClassification(task.name, entry)


def _with_text(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(text=rows["tokens"].map(join_tokens))


def _answers(
    tags: list[list[str]], confidence: Floats, intents: pd.DataFrame | None, task: WordTagging
) -> pd.DataFrame:
    """`prediction`, `confidence` and `probabilities`, as the task decodes them."""
    if intents is None or not isinstance(task, IntentSlots):
        answers = [task.write_tags(own) for own in tags]
        return pd.DataFrame(
            {"prediction": answers, "confidence": confidence, "probabilities": None}
        )
    numbers = pd.Index(task.labels).get_indexer(pd.Index(intents["prediction"]))
    return pd.DataFrame(
        {
            "prediction": task.write_frames(numbers, tags),
            "confidence": np.minimum(confidence, intents["confidence"].to_numpy()),
            "probabilities": intents["probabilities"].to_numpy(),
        }
    )
