"""The systems that a fine-tuned model must beat to be worth its cost."""

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.evaluation.parameters import ProbeParameters, TfidfParameters
from ccnlp.metrics import confusion_counts, macro_f1
from ccnlp.tasks.base import Task

logger = logging.getLogger(__name__)

Embed = Callable[..., npt.NDArray[np.float32]]
"""From texts, and optionally the `prefix` to read them behind, to vectors (texts, hidden)."""
Probabilities = npt.NDArray[np.float64]
Features = Any  # a dense or a sparse matrix; scikit-learn has no types

CONVERGENCE_TOLERANCE = 1e-3
MAX_ITERATIONS = 1000


def predict_majority(train: pd.DataFrame, rows: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Each corpus's commonest label of train, with the shares of train as probabilities.

    Where annotators gave distributions, these are shares of annotators and not of rows. The first
    in the order of the labels wins a tie. A corpus without train rows gets the shares of all.
    """
    targets = task.reference_probabilities(train)
    if targets is None:
        targets = task.reference(train)
    overall_shares = _label_shares(targets, task.labels)
    probabilities = np.tile(overall_shares, (len(rows), 1))
    for corpus, corpus_train in train.groupby("corpus", observed=True):
        probabilities[(rows["corpus"] == corpus).to_numpy()] = _label_shares(
            targets[corpus_train.index], task.labels
        )
    return as_predictions(probabilities, task.labels)


def predict_tfidf(
    train: pd.DataFrame, rows: pd.DataFrame, task: Task, *, parameters: TfidfParameters
) -> pd.DataFrame:
    """Logistic regression on n-grams of words and of characters within words of the text alone."""
    train_features, row_features = count_ngrams(task.texts(train), task.texts(rows), parameters)
    return _predict_logistic(
        train_features,
        row_features,
        train,
        rows,
        task,
        strengths=parameters.inverse_regularisation,
        name="TF-IDF",
    )


def predict_probe(
    train: pd.DataFrame,
    rows: pd.DataFrame,
    task: Task,
    *,
    parameters: ProbeParameters,
    seed: int,
    embed: Embed,
) -> pd.DataFrame:
    """Logistic regression on the frozen encoder's standardised vectors of the text alone.

    The seed draws the train rows where there are more than it may learn from.
    """
    train = draw_train(train, parameters, seed)
    train_features, row_features = embed_standardised(embed, task.texts(train), task.texts(rows))
    return _predict_logistic(
        train_features,
        row_features,
        train,
        rows,
        task,
        strengths=parameters.inverse_regularisation,
        name="probe",
    )


def draw_train(train: pd.DataFrame, parameters: ProbeParameters, seed: int) -> pd.DataFrame:
    """The train rows that a probe may learn from, drawn where there are more."""
    limit = parameters.max_train_examples
    if limit is None or len(train) <= limit:
        return train
    return train.sample(n=limit, random_state=seed).reset_index(drop=True)


def embed_standardised(
    embed: Embed, train: Sequence[str], rows: Sequence[str]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Vectors of both, with a mean of 0 and a deviation of 1 on train in each dimension."""
    from sklearn.preprocessing import StandardScaler

    vectors = embed([*train, *rows])
    scaled = StandardScaler().fit(vectors[: len(train)]).transform(vectors)
    return scaled[: len(train)], scaled[len(train) :]


def count_ngrams(
    train: Sequence[str], rows: Sequence[str], parameters: TfidfParameters
) -> tuple[Features, Features]:
    """TF-IDF of both, sparse (texts, n-grams), without a kind of n-gram that no texts share.

    Where no words are parted by spaces, as in Chinese, a clause counts as a word, and no two texts
    may have one in common.
    """
    from scipy.sparse import hstack

    # A handful of texts may share no n-gram at all.
    min_count = min(parameters.min_document_count, max(1, len(train) // 20))
    count = partial(_count_kind, train, rows, max_features=parameters.max_features)
    characters = ("char_wb", parameters.character_ngrams)
    matrix_pairs = [
        count(kind, min_count=min_count) for kind in (("word", parameters.word_ngrams), characters)
    ]
    non_empty_pairs = [pair for pair in matrix_pairs if pair is not None]
    if not non_empty_pairs and (character_pair := count(characters, min_count=1)) is not None:
        non_empty_pairs = [character_pair]
    if not non_empty_pairs:
        raise ValueError("TF-IDF: the texts have no n-grams of the configured lengths")
    train_features, row_features = (
        hstack(matrices, format="csr") for matrices in zip(*non_empty_pairs, strict=True)
    )
    return train_features, row_features


def _count_kind(
    train: Sequence[str],
    rows: Sequence[str],
    kind: tuple[str, tuple[int, int]],
    *,
    min_count: int,
    max_features: int,
) -> tuple[Features, Features] | None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    analyzer, ngram_range = kind
    vectoriser = TfidfVectorizer(
        analyzer=analyzer,
        ngram_range=ngram_range,
        min_df=min_count,
        max_features=max_features,
        sublinear_tf=True,
        dtype=np.float32,
    )
    try:
        train_features = vectoriser.fit_transform(train)
    except ValueError as error:  # scikit-learn's way to say that the vocabulary is empty
        logger.info("TF-IDF: no n-grams of kind %s: %s", analyzer, error)
        return None
    return train_features, vectoriser.transform(rows)


def as_predictions(probabilities: Probabilities, labels: Sequence[str]) -> pd.DataFrame:
    """A row an example: `prediction`, `confidence`, `probabilities`; the first label on a tie."""
    best = probabilities.argmax(axis=1)
    return pd.DataFrame(
        {
            "prediction": np.asarray(labels, dtype=object)[best],
            "confidence": probabilities[np.arange(len(best)), best],
            "probabilities": list(probabilities.astype(np.float32)),
        }
    )


def _predict_logistic(
    train_features: Features,
    row_features: Features,
    train: pd.DataFrame,
    rows: pd.DataFrame,
    task: Task,
    *,
    strengths: Sequence[float],
    name: str,
) -> pd.DataFrame:
    """Of the regularisations the one with the best macro-F1 on the task's validation rows."""
    references = task.reference(rows)
    is_validation = ((rows["split"] == "validation") & references.notna()).to_numpy()
    references = references[is_validation]
    # Without labelled validation rows nothing can be chosen: the middle one is taken.
    candidates = strengths if is_validation.any() else [strengths[len(strengths) // 2]]
    best: tuple[float, Probabilities] | None = None
    for strength, probabilities in _fit_each(
        train_features, row_features, task.reference(train), task, candidates
    ):
        predictions = np.asarray(task.labels)[probabilities[is_validation].argmax(axis=1)]
        counts = confusion_counts(references, predictions, labels=task.labels)
        score = float(macro_f1(counts))
        logger.info("%s: macro-F1 %.3f on validation with C=%g", name, score, strength)
        if best is None or score > best[0]:
            best = (score, probabilities)
    if best is None:
        raise ValueError(f"{name}: no regularisation to choose from")
    return as_predictions(best[1], task.labels)


def _fit_each(
    train_features: Features,
    row_features: Features,
    targets: pd.Series,
    task: Task,
    strengths: Sequence[float],
) -> Iterator[tuple[float, Probabilities]]:
    from sklearn.linear_model import LogisticRegression

    occurring = list(dict.fromkeys(targets))
    if len(occurring) == 1:  # nothing to tell apart
        yield strengths[0], np.tile(_label_shares(targets, task.labels), (row_features.shape[0], 1))
        return
    for strength in strengths:
        model = LogisticRegression(C=strength, max_iter=MAX_ITERATIONS, tol=CONVERGENCE_TOLERANCE)
        model.fit(train_features, targets)
        probabilities = model.predict_proba(row_features)
        yield strength, _in_label_order(probabilities, model.classes_, task.labels)


def _in_label_order(
    class_probabilities: Any, classes: Sequence[str], labels: Sequence[str]
) -> Probabilities:
    """The columns in the order of the labels; 0 for a label that train lacks."""
    probabilities = np.zeros((len(class_probabilities), len(labels)))
    probabilities[:, [list(labels).index(label) for label in classes]] = class_probabilities
    return probabilities


def _label_shares(targets: pd.Series, labels: Sequence[str]) -> npt.NDArray[np.float64]:
    """The shares of the labels, or the mean of shares in lists."""
    if targets.dtype == object and isinstance(targets.iloc[0], np.ndarray):
        return np.asarray(np.stack(targets.tolist()).mean(axis=0), dtype=np.float64)
    shares = targets.value_counts(normalize=True).reindex(list(labels), fill_value=0.0)
    return np.asarray(shares, dtype=np.float64)
