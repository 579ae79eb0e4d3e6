"""Every registered kind of task is answered by the baseline that differences are taken to."""

import numpy as np
import pandas as pd
import pytest
from tests.tasks.conftest import REGISTERED
from tests.tasks.toy_kind import ToyWords

from ccnlp.evaluation.baselines_by_kind import predict_majority, predict_probe, predict_tfidf
from ccnlp.tasks.answers import is_judged
from ccnlp.tasks.base import TASKS, build_tasks
from ccnlp.tasks.parameters import TasksParameters

SHARED_COLUMNS = {"corpus": "c", "language": "en", "culture": "GB"}
SIT_OUT = {
    "majority": {"question_answering", "retrieval"},
    "probe": {"question_answering", "token_classification", "intent_slots"},
}
"""By system, the kinds that it knows no way to answer."""


@pytest.fixture(params=[kind for kind in TASKS if kind != "toy_words"])
def task_and_rows(request):
    """A task of each registered kind with rows to learn from and rows to answer."""
    entry, columns = REGISTERED[request.param]
    tasks = {"t": {"kind": request.param, "loss_weight": 1, **entry}}
    rows = pd.concat([pd.DataFrame(columns).assign(**SHARED_COLUMNS)] * 4, ignore_index=True)
    rows["id"] = [f"{row:04d}" for row in range(len(rows))]
    train, other = rows[:-3].reset_index(drop=True), rows[-3:].reset_index(drop=True)
    task = build_tasks(TasksParameters.model_validate(tasks))["t"]
    return task, train.assign(split="train"), other.assign(split="validation")


def embed(texts, prefix=""):
    """As many numbers of each text as tell these apart."""
    counts = [[text.count(letter) for letter in "abdeglotvwy"] for text in texts]
    vectors = np.array(counts, dtype=np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)


@pytest.mark.parametrize("system", ["majority", "tfidf", "probe"])
def test_baseline_answers_the_kind_or_is_known_to_sit_out(system, task_and_rows, parameters):
    task, train, rows = task_and_rows
    tfidf = parameters.tfidf.model_copy(update={"min_document_count": 1})
    predicted = {
        "majority": lambda: predict_majority(train, rows, task),
        "tfidf": lambda: predict_tfidf(train, rows, task, parameters=tfidf),
        "probe": lambda: predict_probe(
            train, rows, task, parameters=parameters.probe, seed=0, embed=embed
        ),
    }[system]()

    assert is_judged(task)
    if task.parameters.kind in SIT_OUT.get(system, ()):
        assert predicted is None
        return
    assert len(predicted) == len(rows)
    assert predicted["confidence"].between(0, 1).all()
    references = {"reference": task.reference(rows), "language": rows["language"]}
    probabilities = task.reference_probabilities(rows)
    if probabilities is not None:
        references["reference_probabilities"] = probabilities
    scores = task.score(predicted.assign(**references))
    assert -1 <= scores[task.primary_metric] <= 1


def test_baselines_sit_out_where_they_know_no_way(parameters):
    task = ToyWords(
        "t", TasksParameters.model_validate({"t": {"kind": "x", "loss_weight": 1}}).root["t"]
    )
    rows = pd.DataFrame({"text": ["a"], "word": ["neutral"], **SHARED_COLUMNS})
    assert predict_majority(rows, rows, task) is None
    assert predict_tfidf(rows, rows, task, parameters=parameters.tfidf) is None
