"""Whole trainings of two tasks on the tiny encoder."""

import shutil

import pandas as pd
import pytest
import torch

from ccnlp.errors import ConfigurationError, ModelSourceError
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.models.trained import TrainedModel
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tokenisation.encoding import count_tokens, encode_examples
from ccnlp.training.callbacks import ProgressCallback
from ccnlp.training.fine_tuning import fine_tune
from ccnlp.training.kept import KeptTasks

FILM = {"kind": "sequence_classification", "loss_weight": 1, "labels": ["no", "yes"]}
WAYS = {
    "fixed": {"temperature": float("inf")},
    "uncertainty": {"weighting": "uncertainty"},
    "gradient_norm": {"weighting": "gradient_norm"},
    "mixed": {"batches": "mixed", "weighting": "uncertainty"},
}


@pytest.fixture
def both(examples):
    """Two tasks on texts of their own; the second one has half as many rows."""
    examples["split"] = [*["train"] * 4, "validation", "validation"] * 4
    is_film = pd.Series(["yes", "yes", "no", "no"] * 6)
    texts = is_film.map({"yes": "the film was", "no": "I loved it"})
    other = examples.assign(task="film", label=is_film, text=texts)
    other["id"] = "f" + other["id"].str[1:]
    return pd.concat([examples, other[:12]], ignore_index=True)


@pytest.fixture
def make_tasks(tasks):
    entry = tasks["sentiment"].parameters.model_dump()

    def build(**weights):
        film = {**FILM, "loss_weight": weights.get("film", 1)}
        return build_tasks(TasksParameters.model_validate({"sentiment": entry, "film": film}))

    return build


@pytest.fixture
def run(both, make_tasks, tiny_encoder, training_parameters, tmp_path):
    def train(*, rows=both, encoder=tiny_encoder, folder="run", multitask=(), tasks=None, **groups):
        values = training_parameters(epochs=6, steps=None).model_dump()
        values["optimiser"]["learning_rate"] = 3e-3
        values["multitask"] |= dict(multitask)
        for name, value in groups.items():
            values[name] = {**values[name], **value} if isinstance(value, dict) else value
        tokenizer = encoder.load_tokenizer()
        features = encode_examples(rows, make_tasks(), tokenizer, max_length_tokens=64)
        vocabulary = count_tokens(features, special_ids=tokenizer.all_special_ids)
        (tmp_path / folder).mkdir(exist_ok=True)
        return fine_tune(
            features,
            vocabulary=vocabulary["token_id"].to_numpy(),
            encoder=encoder,
            tasks=tasks or make_tasks(),
            max_length_tokens=64,
            parameters=type(training_parameters()).model_validate(values),
            checkpoints=tmp_path / folder,
        )

    return train


def assert_equal_weights(first, second):
    assert first.keys() == second.keys()
    for name, weight in first.items():
        torch.testing.assert_close(weight, second[name], rtol=0, atol=0, msg=name)


@pytest.mark.parametrize("way", WAYS)
def test_training_of_two_tasks_that_is_killed_goes_on_to_the_same(run, monkeypatch, tmp_path, way):
    expected = run(multitask=WAYS[way])
    shutil.rmtree(tmp_path / "run")
    step_end = ProgressCallback.on_step_end

    def die(self, args, state, control, **kwargs):
        if state.global_step == 8:
            raise KeyboardInterrupt
        step_end(self, args, state, control, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(ProgressCallback, "on_step_end", die)
        with pytest.raises(KeyboardInterrupt):
            run(multitask=WAYS[way])
    assert list(tmp_path.glob("run/*/checkpoint-*"))
    resumed = run(multitask=WAYS[way])

    first, again = (tuned.model.network.state_dict() for tuned in (expected, resumed))
    assert_equal_weights(first, again)
    metric_names = expected.history["metric"]
    is_learnt = metric_names.str.contains("task_weight")
    assert is_learnt.any() == ("weighting" in WAYS[way])
    is_known = is_learnt | metric_names.str.startswith("validation_")
    pd.testing.assert_frame_equal(resumed.history[is_known], expected.history[is_known])


def test_mixed_steps_have_a_batch_of_every_task(run, caplog):
    caplog.set_level("INFO")
    history = run(epochs=2, multitask={"batches": "mixed"}).history

    # Four and two batches of four rows a pass are three rounds an epoch.
    assert history["step"].max() == 6
    assert "draws each row of toy 1.50 times (8 rows)" in caplog.text
    assert {"sentiment/loss", "film/loss"} <= set(history["metric"])
    assert "film is kept at" in caplog.text


def test_training_that_is_too_short_for_a_task_is_refused(run):
    with pytest.raises(ConfigurationError, match="and none of film, which would learn nothing"):
        run(steps=1)


def test_one_task_chooses_the_weights_that_are_kept(run):
    choice = {"choose_by": "task", "task": "film", "weights": {}}
    history = run(epochs=2, validation={"tasks": choice}).history

    table = history.pivot(index="step", columns="metric", values="value")
    chosen = table["validation_selection_score"].dropna()
    assert chosen.tolist() == table["validation_film/macro_f1"].dropna().tolist()


def test_relative_scores_are_told_of_each_task(run):
    choice = {"choose_by": "relative", "task": None, "weights": {}}
    history = run(epochs=3, validation={"tasks": choice}).history

    table = history.pivot(index="step", columns="metric", values="value")
    relative = table[["validation_film/relative", "validation_sentiment/relative"]].dropna()
    assert relative.iloc[0].tolist() == [0, 0]
    scores = table["validation_selection_score"].dropna()
    assert scores.tolist() == pytest.approx(relative.mean(axis=1).tolist())


@pytest.fixture
def trained(run, both, tmp_path):
    """A saved model of sentiment alone, as an encoder to train on from."""
    model = run(rows=both[both["task"] == "sentiment"], folder="first").model
    model.save(tmp_path / "saved")
    return EncoderCheckpoint(tmp_path / "saved", name="saved", source="path", revision="1")


FROZEN = {"freeze": {"embeddings": True, "all_but_top_layers": 0}, "kept_tasks": ["sentiment"]}


def test_tasks_of_a_model_stand_in_the_order_of_the_configuration(run, make_tasks, trained):
    turned = dict(reversed(make_tasks().items()))
    assert list(run(epochs=1, tasks=turned).model.tasks) == ["film", "sentiment"]
    added = run(encoder=trained, epochs=1, tasks=turned, **FROZEN).model
    assert list(added.tasks) == list(added.network.heads) == ["film", "sentiment"]


def test_a_head_added_to_a_frozen_model_leaves_the_other_tasks_as_they_were(
    run, both, trained, tmp_path, caplog
):
    caplog.set_level("INFO")
    before = TrainedModel.load(trained.folder)
    added = run(encoder=trained, **FROZEN).model
    added.save(tmp_path / "both")
    after = TrainedModel.load(tmp_path / "both")

    assert list(after.tasks) == ["sentiment", "film"]
    assert_equal_weights(
        before.network.heads["sentiment"].state_dict(),
        after.network.heads["sentiment"].state_dict(),
    )
    assert_equal_weights(before.network.backbone.state_dict(), after.network.backbone.state_dict())
    rows = both[both["task"] == "sentiment"]
    pd.testing.assert_frame_equal(
        before.predict(rows, task="sentiment"), after.predict(rows, task="sentiment")
    )
    assert after.has_seen(both["id"]).tolist() == (both["split"] == "train").tolist()
    assert "sentiment of the trained model stay as they are, and are not trained" in caplog.text
    assert "change with the encoder" not in caplog.text


def test_a_head_added_with_the_encoder_trained_keeps_the_other_heads_alone(run, trained, caplog):
    before = TrainedModel.load(trained.folder).network
    after = run(encoder=trained, kept_tasks=["sentiment"]).model.network

    assert_equal_weights(
        before.heads["sentiment"].state_dict(), after.heads["sentiment"].state_dict()
    )
    changed = after.backbone.encoder.layer[1].output.dense.weight
    assert not torch.equal(changed, before.backbone.encoder.layer[1].output.dense.weight)
    assert "the heads of sentiment stay, but their answers change with the encoder" in caplog.text


def test_tasks_can_be_left_out_when_a_model_is_loaded(run, tmp_path):
    model = run(epochs=1).model
    model.save(tmp_path / "both")

    loaded = TrainedModel.load(tmp_path / "both", tasks=["film"])

    assert list(loaded.tasks) == list(loaded.network.heads) == ["film"]
    assert_equal_weights(
        model.network.heads["film"].state_dict(), loaded.network.heads["film"].state_dict()
    )
    with pytest.raises(ModelSourceError, match=r"both: the model has no task 'flim'; did you mean"):
        TrainedModel.load(tmp_path / "both", tasks=["flim"])


def test_tasks_of_an_encoder_that_is_no_trained_model_cannot_be_kept(run):
    with pytest.raises(
        ConfigurationError, match=r"names sentiment, but the encoder tiny is no mod"
    ):
        run(kept_tasks=["sentiment"])


def test_tasks_that_a_trained_model_lacks_cannot_be_kept(run, trained):
    with pytest.raises(ModelSourceError, match=r"no task 'sentimnt'; did you mean 'sentiment'"):
        run(encoder=trained, kept_tasks=["sentimnt"])


def test_keeping_all_tasks_leaves_nothing_to_train(run, both, trained):
    with pytest.raises(ConfigurationError, match="keeps sentiment, and no other task has examples"):
        run(rows=both[both["task"] == "sentiment"], encoder=trained, kept_tasks=["sentiment"])


def test_heads_that_pooled_otherwise_cannot_be_kept(run, trained):
    with pytest.raises(
        ConfigurationError, match=r"with training\.pooling mean, and it is first no"
    ):
        run(encoder=trained, kept_tasks=["sentiment"], pooling="first")


def test_heads_of_texts_of_another_length_cannot_be_kept(trained, training_parameters):
    parameters = training_parameters(kept_tasks=["sentiment"])
    with pytest.raises(ConfigurationError, match=r"max_length_tokens 64, and it is 32 now; set it"):
        KeptTasks.of(trained, parameters, max_length_tokens=32, culture=None)


def test_heads_are_not_kept_where_the_model_is_to_be_told_of_culture(
    trained, training_parameters, culture_parameters
):
    parameters = training_parameters(kept_tasks=["sentiment"])
    with pytest.raises(ConfigurationError, match=r"is none, and that of the training is embedding"):
        KeptTasks.of(trained, parameters, max_length_tokens=64, culture=culture_parameters("add"))
