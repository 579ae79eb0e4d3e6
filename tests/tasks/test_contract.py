"""One contract for every registered kind of task."""

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError

from ccnlp.errors import ConfigurationError
from ccnlp.models.network import build_network, load_backbone
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


@pytest.mark.parametrize("name", ["a.b", "a/b", "", " a", "a\n"])
def test_task_names_that_cannot_stand_in_those_of_weights_are_refused(name):
    entry = {"kind": "sequence_classification", "loss_weight": 1, "labels": ["a", "b"]}

    with pytest.raises(ValidationError, match=r"task '.*': a name holds letters.*tasks\.yml"):
        TasksParameters.model_validate({name: entry})


@pytest.mark.parametrize("name", ["keys", "type", "train", "größe", "a b-c_1"])
def test_task_names_may_be_those_of_methods(name, tiny_encoder):
    entry = {"kind": "sequence_classification", "loss_weight": 1, "labels": ["a", "b"]}
    tasks = build_tasks(TasksParameters.model_validate({name: entry}))
    backbone = load_backbone(tiny_encoder.folder)

    network = build_network(backbone, tasks, pooling="mean", head_dropout=0.0).train()

    assert f"heads.{name}.classifier.weight" in network.state_dict()
    network.load_state_dict(network.state_dict())
    assert len(dict(network.heads.named_parameters())) == 2


def test_divergence_is_the_mean_of_both_directions(task):
    # p = (1/2, 1/2), q = (1/4, 3/4): KL(p, q) = ln(2) - ln(3) / 2, KL(q, p) = 3 ln(3) / 4 - ln(2),
    # so that their mean is ln(3) / 8; the second row of the batch adds nothing.
    p = torch.tensor([[0.5, 0.5], [0.5, 0.5]]).log()
    q = torch.tensor([[0.25, 0.75], [0.5, 0.5]]).log()

    assert task.divergence(p, q, {}).item() == pytest.approx(np.log(3) / 8 / 2)
    assert task.divergence(q, p, {}).item() == pytest.approx(np.log(3) / 8 / 2)


def test_divergence_of_a_sequence_asks_for_one_of_its_own(task):
    logits = torch.zeros(2, 5, 3)

    with pytest.raises(
        ConfigurationError, match=r"consistency_weight .* task 't' of .* shape \(2, 5, 3\) .*yml"
    ):
        task.divergence(logits, logits, {})


def test_unknown_kind_of_task_suggests_the_near_one():
    entry = {"kind": "sequence_clasification", "loss_weight": 1, "labels": ["a", "b"]}

    with pytest.raises(ConfigurationError, match="did you mean 'sequence_classification'"):
        build_tasks(TasksParameters.model_validate({"s": entry}))
