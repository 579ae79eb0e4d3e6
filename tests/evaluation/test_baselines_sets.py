"""The baselines of sets of labels."""

import numpy as np
import pandas as pd
import pytest

from ccnlp.evaluation.baselines_sets import predict_logistic, predict_majority
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters


@pytest.fixture
def task():
    entry = {"kind": "multi_label_classification", "loss_weight": 1, "labels": ["a", "b", "c"]}
    return build_tasks(TasksParameters.model_validate({"t": entry}))["t"]


def rows_of(*sets, corpus="x", split="test"):
    return pd.DataFrame({"labels": list(sets), "corpus": corpus, "split": split})


def test_majority_gives_what_half_of_a_corpus_has(task):
    train = pd.concat(
        [rows_of(["a"], ["a", "b"], [], ["b"]), rows_of(["c"], ["c"], ["a"], corpus="y")],
        ignore_index=True,
    )
    rows = pd.concat([rows_of([], corpus=name) for name in ("x", "y", "z")], ignore_index=True)

    predicted = predict_majority(train, rows, task)

    assert predicted["prediction"].tolist() == ['["a","b"]', '["c"]', "[]"]
    np.testing.assert_allclose(predicted["probabilities"][0], [0.5, 0.5, 0])
    np.testing.assert_allclose(predicted["probabilities"][2], [3 / 7, 2 / 7, 2 / 7])


def features(sets):
    return np.array([["a" in labels, "b" in labels] for labels in sets], dtype=float)


def test_each_label_is_learnt_by_itself_and_one_that_is_nowhere_is_never_given(task, caplog):
    caplog.set_level("INFO")
    sets = [["a"], ["b"], ["a", "b"], []] * 10
    train, rows = rows_of(*sets), rows_of(*sets, split=["validation", "test"] * 20)
    inputs = features(sets)

    predicted = predict_logistic(
        inputs, inputs, train, rows, task, strengths=[1e-4, 10], name="TF-IDF"
    )

    assert predicted["prediction"].tolist() == task.reference(rows).tolist()
    assert "TF-IDF: macro-F1 1.000 on validation with C=10" in caplog.text


def test_without_validation_rows_the_middle_strength_and_a_half_are_taken(task, caplog):
    sets = [["a"], ["b"], ["a", "b"], []] * 10
    train, rows = rows_of(*sets), rows_of(*sets)

    predicted = predict_logistic(
        features(sets), features(sets), train, rows, task, strengths=[1e-9, 10, 20], name="probe"
    )

    assert predicted["prediction"].tolist() == task.reference(rows).tolist()
    with pytest.raises(ValueError, match="probe: no regularisation to choose from"):
        predict_logistic(
            features(sets), features(sets), train, rows.assign(split="validation"), task,
            strengths=[], name="probe",
        )  # fmt: skip
