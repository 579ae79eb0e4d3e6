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
TagProbabilities = Callable[[Ints], Floats]
"""From indices of words to the probability of each tag, shape (words, tags)."""

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
        row_lengths: words of each row; shape (rows,).
    """

    codes: Ints
    row_lengths: Ints

    def beside(self, step: int, *, padding_code: int) -> Ints:
        """The codes of the words `step` words on in the row; `padding_code` where there is none."""
        row_of = np.repeat(np.arange(len(self.row_lengths)), self.row_lengths)
        indices = np.arange(len(self.codes)) + step
        clipped = np.clip(indices, 0, max(0, len(self.codes) - 1))
        is_in_row = (indices == clipped) & (row_of[clipped] == row_of)
        return np.where(is_in_row, self.codes[clipped], padding_code)


def predict_majority_tags(
    train: pd.DataFrame, rows: pd.DataFrame, task: WordTagging
) -> pd.DataFrame:
    """Each word as train tags it most often; O for words that train lacks.

    Of all tags in which every I- goes on with something, those with the largest product of shares.
    """
    train_words, row_words, vocabulary = _encode_words(train, rows)
    num_tags = len(task.tag_set)
    pair_codes = train_words.codes * num_tags + task.tag_set.codes(train["tags"].tolist())
    counts = np.bincount(pair_codes, minlength=len(vocabulary) * num_tags).reshape(-1, num_tags)
    counts[counts.sum(axis=1) == 0, 0] = 1
    tag_shares = counts / counts.sum(axis=1, keepdims=True)
    tags, confidence = _decode(
        lambda word_indices: tag_shares[row_words.codes[word_indices]], row_words, task.tag_set
    )
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
    train_words, row_words, vocabulary = _encode_words(train, rows)
    ngrams = _count_ngrams(vocabulary, parameters)
    train_features = _neighbour_features(train_words, ngrams)
    row_features = _neighbour_features(row_words, ngrams)
    tag_codes = task.tag_set.codes(train["tags"].tolist())
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
        tag_probabilities = _fit(train_features, tag_codes, row_features, task.tag_set, strength)
        answers = _answers(*_decode(tag_probabilities, row_words, task.tag_set), intents, task)
        validation = answers.assign(reference=references.to_numpy())[is_validation]
        score = task.score(validation)[task.primary_metric] if len(validation) else 0.0
        logger.info("TF-IDF: %s %.3f on validation with C=%g", task.primary_metric, score, strength)
        if best is None or score > best[0]:
            best = (score, answers)
    if best is None:
        raise ValueError("TF-IDF: no regularisation to choose from")
    return best[1]


def _encode_words(train: pd.DataFrame, rows: pd.DataFrame) -> tuple[_Words, _Words, list[str]]:
    """The words of both, and the distinct words that their codes count."""
    tokens = [*train["tokens"].tolist(), *rows["tokens"].tolist()]
    row_lengths = np.array([len(row_tokens) for row_tokens in tokens], dtype=np.int64)
    words = np.array(list(chain.from_iterable(tokens)), dtype=object)
    codes, vocabulary = pd.factorize(words)
    train_lengths, other_lengths = np.split(row_lengths, [len(train)])
    train_codes, other_codes = np.split(codes.astype(np.int64), [train_lengths.sum()])
    train_words = _Words(train_codes, train_lengths)
    return train_words, _Words(other_codes, other_lengths), list(vocabulary)


def _decode(
    tag_probabilities: TagProbabilities, words: _Words, tag_set: TagSet
) -> tuple[list[list[str]], Floats]:
    """The best tags of each row, and the probability of the least probable of them."""
    first_words = np.cumsum(words.row_lengths) - words.row_lengths
    tags: list[list[str]] = [[] for _ in words.row_lengths]
    confidence = np.ones(len(tags))
    order = np.argsort(words.row_lengths, kind="stable")
    for start in range(0, len(order), ROWS_AT_ONCE):
        batch = order[start : start + ROWS_AT_ONCE]
        lengths = words.row_lengths[batch]
        is_word = np.arange(lengths.max(initial=0)) < lengths[:, None]
        word_indices = (first_words[batch][:, None] + np.arange(is_word.shape[1]))[is_word]
        log_probabilities = np.zeros((*is_word.shape, len(tag_set)))
        if len(word_indices):
            log_probabilities[is_word] = np.log(np.maximum(tag_probabilities(word_indices), FLOOR))
        log_probabilities[~is_word, 1:] = -np.inf
        codes = tag_set.best_paths(log_probabilities, np.zeros(len(batch), dtype=bool))
        path_logs = np.take_along_axis(log_probabilities, codes[..., None], axis=2)[..., 0]
        confidence[batch] = np.exp(path_logs.min(axis=1, initial=0.0))
        for row, row_codes in zip(batch.tolist(), codes, strict=True):
            tags[row] = tag_set.names(row_codes[: words.row_lengths[row]])
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
    ngrams = vectoriser.transform(words)
    return vstack([ngrams, csr_matrix((1, NUM_FEATURES), dtype=np.float32)], format="csr")


def _neighbour_features(words: _Words, ngrams: Any) -> Any:
    """The n-grams of each word, of the word before it and of the one behind it, side by side."""
    from scipy.sparse import hstack

    padding_code = ngrams.shape[0] - 1
    return hstack(
        [ngrams[words.beside(step, padding_code=padding_code)] for step in (0, -1, 1)], format="csr"
    )


def _fit(
    train_features: Any, tag_codes: Ints, row_features: Any, tag_set: TagSet, strength: float
) -> TagProbabilities:
    from sklearn.linear_model import SGDClassifier

    occurring_codes = np.unique(tag_codes)
    if len(occurring_codes) == 1:  # nothing to tell apart
        one_hot = (np.arange(len(tag_set)) == occurring_codes[0]).astype(np.float64)
        return lambda word_indices: np.tile(one_hot, (len(word_indices), 1))
    model = SGDClassifier(
        loss="log_loss",
        alpha=1 / (strength * len(tag_codes)),
        max_iter=NUM_EPOCHS,
        tol=None,
        random_state=0,
    ).fit(train_features, tag_codes)

    def tag_probabilities(word_indices: Ints) -> Floats:
        probabilities = np.zeros((len(word_indices), len(tag_set)))
        probabilities[:, model.classes_] = model.predict_proba(row_features[word_indices])
        return probabilities

    return tag_probabilities


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
        answers = [task.write_tags(row_tags) for row_tags in tags]
        return pd.DataFrame(
            {"prediction": answers, "confidence": confidence, "probabilities": None}
        )
    intent_indices = pd.Index(task.labels).get_indexer(pd.Index(intents["prediction"]))
    return pd.DataFrame(
        {
            "prediction": task.write_frames(intent_indices, tags),
            "confidence": np.minimum(confidence, intents["confidence"].to_numpy()),
            "probabilities": intents["probabilities"].to_numpy(),
        }
    )
