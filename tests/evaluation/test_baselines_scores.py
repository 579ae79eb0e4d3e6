import numpy as np
import pandas as pd
import pytest

from ccnlp.evaluation.baselines_scores import (
    predict_mean_score,
    predict_score_by_ngrams,
    predict_score_by_vectors,
)
from ccnlp.evaluation.parameters import TfidfParameters
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

ENTRY = {"kind": "pair_similarity", "loss_weight": 1, "options": {"score_range": [0, 5]}}
TFIDF = {
    "word_ngrams": [1, 1],
    "character_ngrams": [2, 3],
    "min_document_count": 1,
    "max_features": 1000,
    "inverse_regularisation": [1.0],
}


@pytest.fixture
def task():
    return build_tasks(TasksParameters.model_validate({"t": ENTRY}))["t"]


@pytest.fixture
def train():
    return pd.DataFrame(
        {
            "corpus": ["a", "a", "b"],
            "text": ["the red house", "a green tree", "two old men"],
            "other_text": ["the red house", "nothing at all", "two old dogs"],
            "score": ["5", "0", "4"],
        }
    )


@pytest.fixture
def rows():
    return pd.DataFrame(
        {
            "corpus": ["b", "c"],
            "text": ["the green house", "the red tree"],
            "other_text": ["the green house", "two dogs"],
        }
    )


def test_mean_is_that_of_the_corpus_or_of_all(task, train, rows):
    assert predict_mean_score(train, rows, task)["prediction"].tolist() == ["4", "3"]


def test_texts_with_more_ngrams_in_common_have_a_higher_score(task, train, rows):
    parameters = TfidfParameters.model_validate(TFIDF)

    predicted = predict_score_by_ngrams(train, rows, task, parameters=parameters)

    alike, unlike = predicted["prediction"].astype(float)
    assert 5 >= alike > unlike >= 0


def test_line_through_cosines_gives_the_score(task, train, rows):
    # Cosines of train are 1, 0 and 0.8, so that the line to 5, 0 and 4 is five times the cosine.
    angles = np.array([0, 0, 0, 0, 0, *np.arccos([1, 0, 0.8, 0.6, 0.2])])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)

    predicted = predict_score_by_vectors(train, rows, task, embed=lambda texts: vectors)

    np.testing.assert_allclose(predicted["prediction"].astype(float), [3.0, 1.0], atol=1e-4)
    assert predicted["confidence"].tolist() == [1.0, 1.0]


def test_texts_that_are_all_as_alike_have_the_mean(task, train, rows):
    vectors = np.tile(np.array([[1.0, 0.0]], dtype=np.float32), (10, 1))

    predicted = predict_score_by_vectors(train, rows, task, embed=lambda texts: vectors)

    assert predicted["prediction"].tolist() == ["3", "3"]
