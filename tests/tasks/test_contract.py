"""One contract for every registered kind of task."""

import numpy as np
import pandas as pd
import pytest
import torch

from ccnlp.errors import ConfigurationError
from ccnlp.tasks.base import TASKS, TaskParameters, TasksParameters, build_tasks

ROWS = {
    "sequence_classification": (
        {"labels": ("bad", "good")},
        {"text": ["the film was good", "bad", "I loved it"], "label": ["good", "bad", "good"]},
    ),
}
"""For each kind its parameters, and rows that fit them."""


@pytest.fixture(params=list(TASKS))
def task(request):
    extra, _ = ROWS[request.param]
    return TASKS.get(request.param)("t", TaskParameters(kind=request.param, loss_weight=1, **extra))


@pytest.fixture
def rows(task) -> pd.DataFrame:
    return pd.DataFrame(ROWS[task.parameters.kind][1])


def test_every_kind_has_rows_for_the_contract():
    assert set(ROWS) == set(TASKS)


def test_task_accepts_rows_that_fit(task, rows):
    assert task.validate(rows).isna().all()


def test_task_goes_from_rows_to_loss_and_back_to_predictions(task, rows, tiny_encoder):
    tokenizer = tiny_encoder.load_tokenizer()
    columns = task.encode(rows, tokenizer, max_length_tokens=16)
    features = [{name: column[i] for name, column in columns.items()} for i in range(len(rows))]
    batch = task.collate(features, pad_token_id=tokenizer.pad_token_id)
    states = torch.randn(*batch["input_ids"].shape, 8, requires_grad=True)
    head = task.head(8, pooling="mean", dropout=0.0)

    outputs = head(states, batch["attention_mask"])
    loss = task.loss(outputs, batch, label_smoothing=0.1)
    loss.backward()
    decoded = task.decode(outputs.detach(), batch, tokenizer)

    assert loss.ndim == 0
    assert states.grad is not None
    assert len(decoded) == len(rows)
    assert decoded["confidence"].between(0, 1).all()
    scores = task.score(decoded.assign(reference=task.reference(rows)))
    assert task.primary_metric in scores


def test_task_scores_right_predictions_with_one(task, rows):
    right = pd.DataFrame(
        {"reference": task.reference(rows), "prediction": task.reference(rows), "confidence": 1.0}
    )

    assert task.score(right)[task.primary_metric] == pytest.approx(1.0)


def test_task_encodes_without_targets_for_serving(task, rows, tiny_encoder):
    inputs = rows[list(task.input_columns)]

    columns = task.encode(inputs, tiny_encoder.load_tokenizer(), max_length_tokens=16)
    batch = task.collate([{name: column[0] for name, column in columns.items()}], pad_token_id=1)

    assert set(batch) == {"input_ids", "attention_mask"}


def test_sequence_classification_names_the_unknown_label():
    task = build_tasks(
        TasksParameters.model_validate(
            {"s": {"kind": "sequence_classification", "loss_weight": 1, "labels": ["a", "b"]}}
        )
    )["s"]

    reasons = task.validate(pd.DataFrame({"text": ["x", "y"], "label": ["a", "c"]}))

    assert reasons.isna().tolist() == [True, False]
    assert reasons[1] == "label 'c' is not one of 'a', 'b'"


def test_sequence_classification_decodes_ties_to_the_first_label(task, tiny_encoder):
    decoded = task.decode(torch.zeros(1, 2), {}, tiny_encoder.load_tokenizer())

    assert decoded["prediction"].tolist() == ["bad"]
    np.testing.assert_allclose(decoded["probabilities"][0], [0.5, 0.5])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a"], "fewer than two"),
        (["a", "b", "a"], "name one twice"),
        (["a", ""], "task 's': label '' is empty, or begins or ends with a space"),
        (["a", " b"], "task 's': label ' b' is empty, or begins or ends with a space"),
    ],
)
def test_sequence_classification_refuses_label_sets(labels, message):
    entry = {"kind": "sequence_classification", "loss_weight": 1, "labels": labels}

    with pytest.raises(ConfigurationError, match=message):
        build_tasks(TasksParameters.model_validate({"s": entry}))


def test_unknown_kind_of_task_suggests_the_near_one():
    entry = {"kind": "sequence_clasification", "loss_weight": 1, "labels": ["a", "b"]}

    with pytest.raises(ConfigurationError, match="did you mean 'sequence_classification'"):
        build_tasks(TasksParameters.model_validate({"s": entry}))
