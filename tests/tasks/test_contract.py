"""One contract for every kind of task: those that are registered and the toys of every shape."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError

from ccnlp.errors import ConfigurationError
from ccnlp.models.network import build_network, load_backbone
from ccnlp.models.prediction import predict_features
from ccnlp.models.trained import TrainedModel
from ccnlp.retrieval.building import build_index, list_passages
from ccnlp.retrieval.embedding import ModelEmbedder
from ccnlp.serving.predictor import Predictor, ServingParameters
from ccnlp.tasks.base import WINDOW_OF, build_tasks
from ccnlp.tasks.kinds.retrieval import Retrieval
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tasks.plain_text import mark_ids


@pytest.fixture
def task(kind):
    return kind[0]


@pytest.fixture
def rows(kind) -> pd.DataFrame:
    return kind[1]


@pytest.fixture
def tokenizer(kind):
    return kind[2].load_tokenizer()


@pytest.fixture
def network(kind):
    task, _, checkpoint = kind
    backbone = load_backbone(checkpoint.folder, kind=task.backbone)
    return build_network(backbone, {"t": task}, pooling="mean", head_dropout=0.0)


@pytest.fixture
def classification():
    entry = {"kind": "sequence_classification", "loss_weight": 1, "labels": ["bad", "good"]}
    return build_tasks(TasksParameters.model_validate({"t": entry}))["t"]


def encode(task, rows, tokenizer):
    """The features of rows, and the row that each belongs to."""
    columns = task.encode(rows, tokenizer, max_length_tokens=16)
    window_of = np.array(columns.pop(WINDOW_OF, range(len(rows))))
    indices = range(len(window_of))
    return [{name: column[i] for name, column in columns.items()} for i in indices], window_of


def with_references(task, rows, predicted):
    """Predictions beside what the rows' annotators said, as validation scores them."""
    references = {"reference": task.reference(rows), "language": rows.get("language")}
    probabilities = task.reference_probabilities(rows)
    if probabilities is not None:
        references["reference_probabilities"] = probabilities
    return predicted.assign(**references)


def test_task_accepts_rows_that_fit(task, rows):
    assert task.validate(rows).isna().all()


def test_task_goes_from_rows_to_a_loss_that_trains_encoder_and_head(task, rows, tokenizer, network):
    features, _ = encode(task, rows, tokenizer)
    batch = task.collate(features, pad_token_id=tokenizer.pad_token_id)

    loss = task.loss(network(task="t", batch=batch), batch, label_smoothing=0.1)
    loss.backward()

    assert loss.ndim == 0
    assert any(weight.grad is not None for weight in network.backbone.parameters())
    assert all(weight.grad is not None for weight in network.heads.parameters())


def test_task_has_a_loss_for_each_entry_of_a_batch_and_their_mean(task, rows, tokenizer, network):
    features, _ = encode(task, rows, tokenizer)
    batch = task.collate(features, pad_token_id=tokenizer.pad_token_id)

    with torch.inference_mode():
        outputs = network.eval()(task="t", batch=batch)
        losses = task.losses(outputs, batch, label_smoothing=0.1)
        loss = task.loss(outputs, batch, label_smoothing=0.1)

    assert losses.shape == (len(features),)
    assert (losses >= 0).all()
    torch.testing.assert_close(loss, losses.mean())


def test_task_predicts_each_row_without_its_targets(task, rows, tokenizer, network):
    features, window_of = encode(task, rows[list(task.input_columns)], tokenizer)

    quoted = rows[task.quoted_column] if task.quoted_column else None
    predicted = predict_features(
        network.eval(), task, features, window_of=window_of, tokenizer=tokenizer, quoted=quoted
    )

    assert len(predicted) == len(rows)
    assert predicted["confidence"].between(0, 1).all()
    scores = task.score(with_references(task, rows, predicted))
    assert -1 <= scores[task.primary_metric] <= 1


def test_no_text_passes_for_a_special_token(task, rows, tokenizer):
    marks = mark_ids(tokenizer)
    inputs = rows[list(task.input_columns)]

    def num_marks(inputs):
        features, _ = encode(task, inputs, tokenizer)
        return [
            sum(token_id in marks for token_id in ids)
            for feature in features
            for name, ids in feature.items()
            if name.endswith("input_ids")
        ]

    spoken = inputs[list(task.text_columns)].map(
        lambda cell: f"</s> <pad> {cell}" if isinstance(cell, str) else [f"{w}</s>" for w in cell]
    )
    hostile = inputs.assign(**dict(spoken.items()))
    assert set(num_marks(hostile)) == set(num_marks(inputs))


def test_task_is_asked_and_tells_what_it_says_it_does(task, rows, network, kind):
    model = TrainedModel(
        network=network,
        tokenizer=kind[2].load_tokenizer(),
        tasks={"t": task},
        encoder=kind[2],
        pooling="mean",
        max_length_tokens=16,
    )
    parameters = ServingParameters(
        max_texts=16, max_characters=200, max_tokens=10_000, tokens_per_batch=256
    )
    predictor = Predictor(model, parameters=parameters, passages=passages_of(model, rows))
    request = task.as_request(rows.head(16))

    sent = pd.DataFrame(json.loads(request.to_json(orient="records")))
    answer = predictor.predict(sent)

    assert list(request) == list(task.request_columns)
    assert list(answer) == [*task.answer_columns, "is_truncated"]
    assert len(answer) == len(request)
    json.dumps(answer.to_dict("records"))
    assert list(predictor.predict(sent.head(0))) == list(answer)


def passages_of(model, rows):
    """What queries find, for a task that looks for something."""
    if not isinstance(model.tasks["t"], Retrieval):
        return None
    passages = list_passages(rows.assign(task="t", split="train"), task="t", splits=["train"])
    return build_index(passages, ModelEmbedder(model, "t"), task="t")


def test_task_scores_right_predictions_with_one(task, rows):
    right = pd.DataFrame(
        {
            "prediction": task.reference(rows),
            "confidence": 1.0,
            "probabilities": task.reference_probabilities(rows),
        }
    )

    assert task.score(with_references(task, rows, right))[task.primary_metric] == pytest.approx(1.0)


def test_sequence_classification_names_the_unknown_label():
    task = build_tasks(
        TasksParameters.model_validate(
            {"s": {"kind": "sequence_classification", "loss_weight": 1, "labels": ["a", "b"]}}
        )
    )["s"]

    reasons = task.validate(pd.DataFrame({"text": ["x", "y"], "label": ["a", "c"]}))

    assert reasons.isna().tolist() == [True, False]
    assert reasons[1] == "label 'c' is not one of 'a', 'b'"


def test_sequence_classification_decodes_ties_to_the_first_label(classification, tiny_encoder):
    decoded = classification.decode(torch.zeros(1, 2), {}, tiny_encoder.load_tokenizer())

    assert decoded["prediction"].tolist() == ["bad"]
    np.testing.assert_allclose(decoded["probabilities"][0], [0.5, 0.5])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a"], "fewer than two"),
        (["a", "b", "a"], "name 'a' twice"),
        (["caf\u00e9", "cafe\u0301"], r"'caf\\xe9' and 'cafe\\u0301' look the same"),
        (["a", ""], "task 's': labels: '' is empty, or begins or ends with a space"),
        (["a", " b"], "task 's': labels: ' b' is empty, or begins or ends with a space"),
    ],
)
def test_sequence_classification_refuses_label_sets(labels, message):
    entry = {"kind": "sequence_classification", "loss_weight": 1, "labels": labels}

    with pytest.raises(ConfigurationError, match=message):
        build_tasks(TasksParameters.model_validate({"s": entry}))


def test_options_of_another_kind_are_refused():
    entry = {"kind": "sequence_classification", "loss_weight": 1, "labels": ["a", "b"]}

    with pytest.raises(
        ConfigurationError, match=r"'s': options of kind 'seq.*: view: .*tasks\.yml"
    ):
        build_tasks(
            TasksParameters.model_validate({"s": {**entry, "options": {"view": "majority"}}})
        )


@pytest.mark.parametrize("name", ["a.b", "a/b", "", " a", "a\n"])
def test_task_names_that_cannot_stand_in_those_of_weights_are_refused(name):
    entry = {"kind": "sequence_classification", "loss_weight": 1, "labels": ["a", "b"]}

    with pytest.raises(ValidationError, match=r"task '.*': a name holds letters.*tasks\.yml"):
        TasksParameters.model_validate({name: entry})


def test_name_that_no_head_can_have_is_refused():
    entry = {"kind": "sequence_classification", "loss_weight": 1, "labels": ["a", "b"]}
    with pytest.raises(ValidationError, match=r"task 'training': a module of torch .*tasks\.yml"):
        TasksParameters.model_validate({"training": entry})


@pytest.mark.parametrize("name", ["keys", "type", "train", "größe", "a b-c_1"])
def test_task_names_may_be_those_of_methods(name, tiny_encoder):
    entry = {"kind": "sequence_classification", "loss_weight": 1, "labels": ["a", "b"]}
    tasks = build_tasks(TasksParameters.model_validate({name: entry}))
    backbone = load_backbone(tiny_encoder.folder)

    network = build_network(backbone, tasks, pooling="mean", head_dropout=0.0).train()

    assert f"heads.{name}.classifier.weight" in network.state_dict()
    network.load_state_dict(network.state_dict())
    assert len(dict(network.heads.named_parameters())) == 2


def test_divergence_is_the_mean_of_both_directions(classification):
    # p = (1/2, 1/2), q = (1/4, 3/4): KL(p, q) = ln(2) - ln(3) / 2, KL(q, p) = 3 ln(3) / 4 - ln(2),
    # so that their mean is ln(3) / 8; the second row of the batch adds nothing.
    p = torch.tensor([[0.5, 0.5], [0.5, 0.5]]).log()
    q = torch.tensor([[0.25, 0.75], [0.5, 0.5]]).log()

    assert classification.divergence(p, q, {}).item() == pytest.approx(np.log(3) / 8 / 2)
    assert classification.divergence(q, p, {}).item() == pytest.approx(np.log(3) / 8 / 2)


def test_divergence_of_a_sequence_asks_for_one_of_its_own(classification):
    logits = torch.zeros(2, 5, 3)

    with pytest.raises(
        ConfigurationError, match=r"consistency_weight .* task 't' of .* shape \(2, 5, 3\) .*yml"
    ):
        classification.divergence(logits, logits, {})


def test_unknown_kind_of_task_suggests_the_near_one():
    entry = {"kind": "sequence_clasification", "loss_weight": 1, "labels": ["a", "b"]}

    with pytest.raises(ConfigurationError, match="did you mean 'sequence_classification'"):
        build_tasks(TasksParameters.model_validate({"s": entry}))
