"""What is chosen on validation after the weights, and stays with the model."""

import json

import pandas as pd
import pytest

from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.models.trained import TrainedModel
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tokenisation.encoding import count_tokens, encode_examples
from ccnlp.training.fine_tuning import fine_tune


@pytest.fixture
def rows():
    """Texts of what is good and what is bad in them: both, one of them, or neither."""
    words = {"good": ["great", "loved"], "bad": ["boring", "hated"]}
    sets = [["good", "bad"], ["good"], ["bad"], []]
    rows = pd.DataFrame(
        [
            {
                "text": f"the film was {' and '.join(words[w][i % 2] for w in labels) or 'it'} {i}",
                "labels": labels,
                "split": split,
            }
            for split, size in (("train", 24), ("validation", 24))
            for i in range(size)
            for labels in [sets[i % 4]]
        ]
    )
    return rows.assign(
        id=[f"{i:016x}" for i in range(len(rows))], corpus="toy", task="t", language="en",
        culture="und", domain="und", origin="native", weight=1.0,
    )  # fmt: skip


@pytest.fixture
def run(lively_encoder, training_parameters, tmp_path):
    entry = {"kind": "multi_label_classification", "loss_weight": 1, "labels": ["good", "bad"]}

    def train(rows, *, encoder=lively_encoder, **changes):
        tasks = build_tasks(TasksParameters.model_validate(dict.fromkeys(rows["task"], entry)))
        tokenizer = encoder.load_tokenizer()
        features = encode_examples(rows, tasks, tokenizer, max_length_tokens=32)
        vocabulary = count_tokens(features, special_ids=tokenizer.all_special_ids)
        folder = tmp_path / f"checkpoints_{encoder.name}"
        folder.mkdir()
        return fine_tune(
            features,
            vocabulary=vocabulary["token_id"].to_numpy(),
            encoder=encoder,
            tasks=tasks,
            max_length_tokens=32,
            parameters=training_parameters(**changes),
            checkpoints=folder,
        ).model

    return train


@pytest.fixture
def model(run, rows):
    return run(rows, epochs=12)


def test_model_that_learnt_sets_of_labels_keeps_its_thresholds(model, rows, tmp_path):
    task = model.tasks["t"]
    model.save(tmp_path / "model")
    loaded = TrainedModel.load(tmp_path / "model")

    held_out = rows[rows["split"] == "validation"]
    predicted = model.predict(held_out[["text"]], task="t")
    scores = task.score(predicted.assign(reference=task.reference(held_out)))
    assert scores["exact_match"] > 0.9
    assert set(task.calibration["thresholds"]) == {"good", "bad"}
    assert loaded.tasks["t"].calibration == task.calibration
    again = loaded.predict(held_out[["text"]], task="t")
    assert again["prediction"].tolist() == predicted["prediction"].tolist()


def test_thresholds_of_the_model_decide_what_it_answers(model, rows, tmp_path):
    model.save(tmp_path / "model")
    path = tmp_path / "model" / "ccnlp.json"
    description = json.loads(path.read_text(encoding="utf-8"))
    assert set(description["calibration"]) == {"t"}
    description["calibration"]["t"]["thresholds"] = {"good": 0.0, "bad": 1.1}
    path.write_text(json.dumps(description), encoding="utf-8")

    predicted = TrainedModel.load(tmp_path / "model").predict(rows[["text"]], task="t")

    assert set(predicted["prediction"]) == {'["good"]'}


def test_thresholds_of_kept_tasks_stay_as_they_were_chosen(run, model, rows, tmp_path):
    model.save(tmp_path / "model")
    trained = EncoderCheckpoint(tmp_path / "model", name="saved", source="path", revision="1")
    other = rows.assign(task="other", id="f" + rows["id"].str[1:])

    added = run(pd.concat([rows, other]), encoder=trained, epochs=1, kept_tasks=["t"])

    assert list(added.tasks) == ["t", "other"]
    assert added.tasks["t"].calibration == model.tasks["t"].calibration
    assert set(added.tasks["other"].calibration["thresholds"]) == {"good", "bad"}


def test_model_of_other_kinds_has_nothing_to_keep(tiny_model, tmp_path):
    tiny_model.save(tmp_path / "model")

    description = json.loads((tmp_path / "model" / "ccnlp.json").read_text(encoding="utf-8"))
    assert "calibration" not in description
