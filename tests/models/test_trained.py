import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from ccnlp.errors import ModelSourceError
from ccnlp.models.network import build_network, load_backbone
from ccnlp.models.trained import (
    DESCRIPTION_FILE,
    HEADS_FILE,
    TRAIN_IDS_FILE,
    TrainedModel,
    ids_as_numbers,
    restore_tasks,
)
from ccnlp.tasks.kinds.sequence_classification import SequenceClassification
from ccnlp.tasks.parameters import TaskParameters

TEXTS = ["the film was good", "I hated it very very much and it was boring", "", "不好", "good"]


@pytest.fixture
def model(tiny_encoder) -> TrainedModel:
    parameters = TaskParameters(kind="sequence_classification", loss_weight=1, labels=("a", "b"))
    tasks = {"t": SequenceClassification("t", parameters)}
    torch.manual_seed(0)
    encoder = load_backbone(tiny_encoder.folder)
    return TrainedModel(
        network=build_network(encoder, tasks, pooling="mean", head_dropout=0.1),
        tokenizer=tiny_encoder.load_tokenizer(),
        tasks=tasks,
        encoder=tiny_encoder,
        pooling="mean",
        max_length_tokens=32,
        train_ids=ids_as_numbers(["000000000000000b"]),
    )


def test_predict_keeps_order_and_index_whatever_the_batches(model):
    rows = pd.DataFrame({"text": TEXTS}, index=[7, 3, 9, 1, 5])

    whole = model.predict(rows, task="t", tokens_per_batch=10_000)
    cut = model.predict(rows, task="t", tokens_per_batch=8)

    assert list(whole.index) == [7, 3, 9, 1, 5]
    assert list(cut.index) == [7, 3, 9, 1, 5]
    assert list(whole["prediction"]) == list(cut["prediction"])
    for probabilities in whole["probabilities"]:
        assert probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_predict_by_slices_equals_predicting_at_once(model, monkeypatch):
    rows = pd.DataFrame({"text": TEXTS}, index=[7, 3, 9, 1, 5])
    whole = model.predict(rows, task="t")

    monkeypatch.setattr("ccnlp.models.trained.ROWS_AT_ONCE", 2)
    sliced = model.predict(rows, task="t")

    assert sliced.index.equals(whole.index)
    assert sliced["prediction"].tolist() == whole["prediction"].tolist()


def test_predict_of_no_rows_is_empty(model):
    predicted = model.predict(pd.DataFrame({"text": []}), task="t")

    assert len(predicted) == 0
    assert list(predicted.columns) == ["prediction", "confidence", "probabilities"]


def test_save_and_load_give_the_same_predictions(model, tmp_path):
    rows = pd.DataFrame({"text": TEXTS})
    model.save(tmp_path / "model")
    model.save(tmp_path / "model")  # in place of what is there

    loaded = TrainedModel.load(tmp_path / "model")

    assert loaded.encoder.revision == model.encoder.revision
    assert loaded.max_length_tokens == 32
    assert loaded.has_seen(["000000000000000b", "000000000000000c"]).tolist() == [True, False]
    pd.testing.assert_series_equal(
        loaded.predict(rows, task="t")["confidence"],
        model.predict(rows, task="t")["confidence"],
        atol=0.02,  # bf16, and another implementation of attention
        rtol=0,
    )
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_saved_folder_is_a_checkpoint_for_transformers_without_pickles(model, tmp_path):
    from transformers import AutoModel, AutoTokenizer

    model.save(tmp_path / "model")

    assert AutoModel.from_pretrained(tmp_path / "model").config.hidden_size == 32
    assert AutoTokenizer.from_pretrained(tmp_path / "model")("good")["input_ids"]
    suffixes = {path.suffix for path in (tmp_path / "model").iterdir()}
    assert suffixes == {".json", ".safetensors", ".npy"}
    np.load(tmp_path / "model" / TRAIN_IDS_FILE, allow_pickle=False)


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda f: (f / DESCRIPTION_FILE).unlink(), "holds no model of this project"),
        (lambda f: (f / DESCRIPTION_FILE).write_text("{"), "can't be read"),
        (lambda f: (f / DESCRIPTION_FILE).write_text(json.dumps({"format": 99})), "format 99"),
        (lambda f: (f / HEADS_FILE).write_bytes(b"xx"), "can't be read"),
        (lambda f: (f / TRAIN_IDS_FILE).write_bytes(b"xx"), r"train_ids\.npy can't be read"),
        (lambda f: (f / TRAIN_IDS_FILE).write_bytes(b""), r"train_ids\.npy can't be read"),
        (lambda f: (f / TRAIN_IDS_FILE).unlink(), r"train_ids\.npy can't be read"),
        (lambda f: (f / DESCRIPTION_FILE).write_text("[1]"), r"format \[1\] is not 1"),
        (
            lambda f: (f / DESCRIPTION_FILE).write_text('{"format": 1}'),
            "lacks encoder, max_",
        ),
        (
            lambda f: (f / "model.safetensors").write_bytes(b"xx"),
            "no readable checkpoint.*train the model again",
        ),
        (lambda f: (f / "config.json").unlink(), "no readable checkpoint"),
        (
            lambda f: save_file({}, f / "model.safetensors", metadata={"format": "pt"}),
            r"lacks the weights .* more; train the model again",
        ),
        (
            lambda f: (f / "tokenizer.json").write_text("{"),
            r"tokenizer\.json.*train the model again",
        ),
    ],
)
def test_load_of_a_broken_folder_says_what_is_wrong(model, tmp_path, break_it, message):
    model.save(tmp_path / "model")
    break_it(tmp_path / "model")

    with pytest.raises(ModelSourceError, match=message):
        TrainedModel.load(tmp_path / "model")


def test_digest_tells_weights_apart_and_survives_saving(tiny_model, tmp_path):
    import torch

    tiny_model.save(tmp_path / "model")
    loaded, other = (TrainedModel.load(tmp_path / "model") for _ in range(2))
    assert loaded.weights_digest == tiny_model.weights_digest
    with torch.no_grad():
        next(other.network.heads.parameters()).view(-1)[0] += 1e-3
    assert other.weights_digest != loaded.weights_digest


def test_digest_tells_calibrations_apart_and_survives_saving(tiny_model, tmp_path):
    task = tiny_model.tasks["sentiment"]
    calibrated = [
        dataclasses.replace(
            tiny_model,
            tasks={"sentiment": task.calibrated({"temperature": {"logits": temperature}})},
        )
        for temperature in (1.1, 1 / 3)
    ]
    digests = {model.weights_digest for model in (tiny_model, *calibrated)}
    assert len(digests) == 3
    calibrated[1].save(tmp_path / "model")
    assert TrainedModel.load(tmp_path / "model").weights_digest == calibrated[1].weights_digest


@pytest.mark.parametrize(
    ("entry", "options"),
    [
        ({"view": None, "score_range": None, "answers": None}, {}),
        ({"kind": "label_distribution", "view": "majority"}, {"view": "majority"}),
        (
            {
                "kind": "question_answering",
                "labels": [],
                "answers": {"max_tokens": 5, "stride_tokens": 2, "may_be_missing": True},
            },
            {"max_tokens": 5, "stride_tokens": 2, "may_be_missing": True},
        ),
        ({"options": {}}, {}),
    ],
)
def test_tasks_of_earlier_versions_are_read(tiny_model, tmp_path, entry, options):
    tiny_model.save(tmp_path / "model")
    path = tmp_path / "model" / "ccnlp.json"
    description = json.loads(path.read_text(encoding="utf-8"))
    sentiment = description["tasks"]["sentiment"]
    del sentiment["options"]
    description["tasks"]["other"] = {**sentiment, **entry}
    path.write_text(json.dumps(description), encoding="utf-8")
    loaded = TrainedModel.load(tmp_path / "model", tasks=["sentiment"])
    assert loaded.tasks["sentiment"].labels == tiny_model.tasks["sentiment"].labels
    with pytest.raises(ModelSourceError, match="heads"):  # which the file lacks: the task was built
        TrainedModel.load(tmp_path / "model")
    task = restore_tasks(description)["other"]
    assert task.parameters.options == options
