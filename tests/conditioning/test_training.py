"""What training makes of the culture that it is told."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import torch

from ccnlp.conditioning.base import fit
from ccnlp.conditioning.batches import CONDITION, CultureDropout
from ccnlp.errors import ConfigurationError
from ccnlp.models.network import build_network, load_backbone
from ccnlp.models.trained import TrainedModel
from ccnlp.training.callbacks import ProgressCallback
from ccnlp.training.optimiser import freeze, parameter_groups
from ccnlp.training.parameters import FreezeParameters


def accuracy(model: TrainedModel, examples: pd.DataFrame) -> float:
    predicted = model.predict(examples, task="t")["prediction"]
    return float((predicted == examples["label"]).mean())


def weights(model: TrainedModel) -> dict[str, torch.Tensor]:
    return {name: weight.clone() for name, weight in model.network.state_dict().items()}


def assert_equal_weights(first, second):
    assert first.keys() == second.keys()
    for name, weight in first.items():
        torch.testing.assert_close(weight, second[name], rtol=0, atol=0, msg=name)


def test_model_that_is_told_the_culture_learns_what_depends_on_it(
    train, culture_parameters, way, examples
):
    assert accuracy(train(culture_parameters(way)), examples) == 1


def test_model_that_is_told_nothing_cannot_learn_it(train, culture_parameters, examples):
    assert accuracy(train(culture_parameters()), examples) == 0.5


@pytest.mark.parametrize("way", ["add", "gate", "adapter"])
def test_word_can_mean_the_opposite_in_another_culture(train, culture_parameters, way, examples):
    is_positive = examples["word"].isin(["good", "great"]) == (examples["culture"] == "GB")
    examples["label"] = is_positive.map({True: "positive", False: "negative"})

    model = train(culture_parameters(way), columns={"label": examples["label"]}, epochs=20)

    assert accuracy(model, examples) == 1


@pytest.mark.parametrize("way", ["prefix", "add", "gate"])
def test_model_learns_though_the_encoder_is_frozen(train, culture_parameters, way, examples):
    frozen = {"embeddings": True, "all_but_top_layers": 0}
    model = train(culture_parameters(way), freeze=frozen, epochs=8)
    assert accuracy(model, examples) == 1


@pytest.mark.parametrize("way", ["prefix", "add"])
@pytest.mark.parametrize(
    "training", [{"trim_vocabulary": False}, {"gradient_checkpointing": True}], ids=str
)
def test_model_learns_with(train, culture_parameters, way, training, examples):
    model = train(culture_parameters(way), **training)
    assert accuracy(model, examples) == 1


def test_model_trained_with_dropout_answers_without_a_culture(train, culture_parameters, examples):
    columns = {"label": examples["word"].map({"good": "positive", "great": "positive"})}
    columns["label"] = columns["label"].fillna("negative")  # told by the words
    model = train(culture_parameters("prefix", dropout=0.5), columns=columns, epochs=12)

    without_culture = examples[["text"]].assign(label=columns["label"])

    assert accuracy(model, without_culture) == 1


@pytest.fixture
def break_off(monkeypatch):
    """Begins a training, which is interrupted at step 7."""
    step_end = ProgressCallback.on_step_end

    def die(self, args, state, control, **kwargs):
        if state.global_step == 7:
            raise KeyboardInterrupt
        step_end(self, args, state, control, **kwargs)

    def begin(run):
        with monkeypatch.context() as patched:
            patched.setattr(ProgressCallback, "on_step_end", die)
            with pytest.raises(KeyboardInterrupt):
                run()

    return begin


def test_training_with_culture_dropout_resumes_to_the_same_weights(
    train, culture_parameters, way, break_off, tmp_path
):
    def run():
        return train(culture_parameters(way, dropout=0.5), epochs=2)

    expected = weights(run())
    shutil.rmtree(tmp_path / "checkpoints")
    break_off(run)
    assert list(tmp_path.glob("checkpoints/*/checkpoint-*"))

    assert_equal_weights(weights(run()), expected)


def test_training_with_another_conditioning_begins_anew(
    train, culture_parameters, break_off, tmp_path
):
    for dropout in (0.0, 0.5):
        break_off(lambda dropout=dropout: train(culture_parameters("add", dropout=dropout)))
    train(culture_parameters("gate"), epochs=1)

    (folder,) = (tmp_path / "checkpoints").iterdir()
    assert not list(folder.glob("checkpoint-*"))


def test_culture_dropout_follows_from_seed_and_index():
    def dropped(*, seed: int, batch_index: int, share: float = 0.5) -> list[bool]:
        batch = {CONDITION: torch.ones(200, 2, dtype=torch.long)}
        CultureDropout(share, seed=seed).drop(batch, batch_index=batch_index)
        assert batch[CONDITION].min(dim=1).values.equal(batch[CONDITION].max(dim=1).values)
        return (batch[CONDITION][:, 0] == 0).tolist()

    assert dropped(seed=0, batch_index=3) == dropped(seed=0, batch_index=3)
    assert dropped(seed=0, batch_index=3) != dropped(seed=0, batch_index=4)
    assert dropped(seed=0, batch_index=3) != dropped(seed=1, batch_index=3)
    assert 60 < sum(dropped(seed=0, batch_index=3)) < 140
    assert sum(dropped(seed=0, batch_index=0, share=0.0)) == 0
    assert sum(dropped(seed=0, batch_index=0, share=1.0)) == 200


def test_new_weights_train_at_the_heads_rate_and_are_never_frozen(
    culture_parameters, way, examples, tasks, lively_encoder, training_parameters
):
    conditioning = fit(culture_parameters(way), examples)
    backbone = load_backbone(lively_encoder.folder)
    layer = conditioning.layer(backbone, lively_encoder.load_tokenizer())
    network = build_network(backbone, tasks, pooling="mean", head_dropout=0.0, conditioning=layer)
    freeze(network, FreezeParameters(embeddings=True, all_but_top_layers=0))
    optimiser = training_parameters().optimiser.model_copy(update={"head_learning_rate": 0.25})

    groups = parameter_groups(network, optimiser)

    trained = {id(weight): group["lr"] for group in groups for weight in group["params"]}
    assert {trained[id(weight)] for weight in layer.parameters()} == {0.25}
    assert len(trained) == len([*layer.parameters(), *network.heads.parameters()])


def test_culture_that_no_row_tells_is_nothing_to_learn(train, culture_parameters, way):
    with pytest.raises(
        ConfigurationError,
        match=r"culture\.conditioning is '\w+' by .*culture.* every train row is 'und'.*none",
    ):
        train(culture_parameters(way), columns={"culture": "und"})


def test_language_alone_may_be_told_where_no_culture_is_known(train, culture_parameters):
    culture = culture_parameters("prefix", prefix={"fields": ["language", "domain"]})
    model = train(culture, columns={"culture": "und"}, epochs=1)
    assert model.conditioning.keys.values == (("en",), ("reviews",))


def test_features_that_leave_no_room_for_the_prefix_are_refused(
    encode, tasks, lively_encoder, training_parameters, culture_parameters, tmp_path
):
    from ccnlp.training.fine_tuning import fine_tune

    with pytest.raises(
        ConfigurationError, match=r"room for 0 tokens of culture, .* now adds 2 .*tokenise again"
    ):
        fine_tune(
            encode(culture_parameters()),
            vocabulary=np.arange(5),
            encoder=lively_encoder,
            tasks=tasks,
            max_length_tokens=32,
            parameters=training_parameters(),
            checkpoints=tmp_path,
            culture=culture_parameters("prefix"),
        )


def test_conditioning_other_than_prefix_needs_no_new_features(encode, culture_parameters, way):
    plain, conditioned = encode(culture_parameters())["t"], encode(culture_parameters(way))["t"]
    assert plain.equals(conditioned) == (way != "prefix")
    noted = json.loads(plain.schema.metadata[b"ccnlp.encoded_for"])
    assert noted.keys() == {"kind", "labels", "context", "max_length_tokens"}
