"""Conditioned models: how they start, what they are told, and that they come back as saved."""

import copy
import json

import pandas as pd
import pytest
import torch
from safetensors.torch import save_file
from transformers import AutoModel, AutoTokenizer

from ccnlp.conditioning.batches import CONDITION, collate
from ccnlp.conditioning.encoders import check_reads_embeddings, conditioned
from ccnlp.errors import ConfigurationError, ModelSourceError
from ccnlp.models.network import load_backbone
from ccnlp.models.trained import CONDITIONING_FILE, DESCRIPTION_FILE, TrainedModel

TEXTS = ["the film was good", "I hated it very very much and it was boring", "不好"]
ROWS = pd.DataFrame({"text": TEXTS, "culture": ["GB", "MX", "PE"], "language": ["en", "es", "es"]})


def stir(model: TrainedModel) -> TrainedModel:
    """Gives what begins as zeros some weights, as training does."""
    with torch.no_grad():
        torch.manual_seed(1)
        for weight in model.network.conditioning.parameters():
            weight.add_(torch.randn(weight.shape))
    return model


def confidences(model: TrainedModel, rows: pd.DataFrame) -> list[float]:
    predicted = model.predict(rows, task="t", tokens_per_batch=24)
    return [float(row[0]) for row in predicted["probabilities"]]


@pytest.mark.parametrize("way", ["add", "gate", "adapter"])
def test_conditioned_network_starts_as_the_unconditioned_one(build_model, culture_parameters, way):
    model, plain = build_model(culture_parameters(way)), build_model(culture_parameters())
    assert confidences(model, ROWS) == confidences(plain, ROWS)


def test_answer_depends_on_what_is_told(build_model, culture_parameters, way):
    model = stir(build_model(culture_parameters(way)))
    answers = [confidences(model, ROWS.assign(culture=culture))[0] for culture in ("GB", "MX")]
    assert answers[0] != pytest.approx(answers[1], abs=1e-3)


def test_missing_columns_and_cells_are_unknown(build_model, culture_parameters, way):
    model = stir(build_model(culture_parameters(way)))
    expected = confidences(model, ROWS[["text"]])
    assert expected == confidences(model, ROWS.assign(culture="und", language="und"))
    assert expected == confidences(model, ROWS.assign(culture=None, language=[None, pd.NA, "und"]))


def test_unseen_culture_is_answered_as_far_as_it_is_known(build_model, culture_parameters):
    model = stir(build_model(culture_parameters("add")))
    guatemala, mexico, unknown = (
        confidences(model, ROWS.assign(culture=culture, language="en"))
        for culture in ("GT", "MX", "und")
    )
    assert len({*guatemala[:1], *mexico[:1], *unknown[:1]}) == 3  # GT has Mexico's subregion


@pytest.mark.parametrize("way", ["gate", "adapter", "prefix"])
def test_unseen_culture_of_an_unseen_place_is_answered_as_unknown(
    build_model, culture_parameters, way
):
    model = stir(build_model(culture_parameters(way)))
    rows = ROWS.assign(language="xx")
    japan, unknown = (confidences(model, rows.assign(culture=key)) for key in ("JP", "und"))
    assert japan == unknown


def test_loaded_model_answers_as_the_saved_one(build_model, culture_parameters, way, tmp_path):
    model = stir(build_model(culture_parameters(way, dropout=0.3)))
    model.save(tmp_path / "model")

    loaded = TrainedModel.load(tmp_path / "model")

    assert confidences(loaded, ROWS) == pytest.approx(confidences(model, ROWS), abs=1e-5)
    assert loaded.weights_digest == model.weights_digest
    assert loaded.conditioning.describe() == model.conditioning.describe()
    assert loaded.max_text_tokens == model.max_text_tokens


def test_trained_model_comes_back_with_its_digest(train, culture_parameters, way, tmp_path):
    model = train(culture_parameters(way), epochs=1)
    model.save(tmp_path / "model")

    loaded = TrainedModel.load(tmp_path / "model")

    assert loaded.weights_digest == model.weights_digest
    assert confidences(loaded, ROWS) == pytest.approx(confidences(model, ROWS), abs=0.02)


def test_unconditioned_model_is_saved_as_before(build_model, culture_parameters, tmp_path):
    build_model(culture_parameters()).save(tmp_path / "model")
    description = json.loads((tmp_path / "model" / DESCRIPTION_FILE).read_text())
    assert description["format"] == 1
    assert "conditioning" not in description
    assert not (tmp_path / "model" / CONDITIONING_FILE).exists()


def change(folder, **changes):
    path = folder / DESCRIPTION_FILE
    description = json.loads(path.read_text())
    conditioning = description["conditioning"]
    conditioning["parameters"] |= changes.pop("parameters", {})
    path.write_text(json.dumps({**description, "conditioning": {**conditioning, **changes}}))


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (
            lambda f: change(f, parameters={"conditioning": "prefx"}),
            "there is no 'prefx'; did you mean 'prefix'",
        ),
        (
            lambda f: change(f, parameters={"prefix": {"fields": ["faith"]}}),
            "there is no attribute 'faith'",
        ),
        (lambda f: change(f, values={"culture": ["GB"]}), "can't be read: 'subregion'"),
        (lambda f: change(f, parameters={"strength": 2}), "strength"),
        (lambda f: (f / CONDITIONING_FILE).unlink(), r"conditioning\.safetensors can't be read"),
        (lambda f: save_file({}, f / CONDITIONING_FILE), r"conditioning\.safetensors can't be"),
    ],
)
def test_model_with_a_conditioning_that_is_not_known_is_refused(
    build_model, culture_parameters, tmp_path, break_it, message
):
    build_model(culture_parameters("add")).save(tmp_path / "model")
    break_it(tmp_path / "model")
    with pytest.raises(ModelSourceError, match=message) as caught:
        TrainedModel.load(tmp_path / "model")
    assert "train the model again" in str(caught.value)


def test_model_without_the_description_of_its_conditioning_is_refused(
    build_model, culture_parameters, tmp_path
):
    build_model(culture_parameters("add")).save(tmp_path / "model")
    path = tmp_path / "model" / DESCRIPTION_FILE
    description = json.loads(path.read_text())
    path.write_text(json.dumps({k: v for k, v in description.items() if k != "conditioning"}))
    with pytest.raises(ModelSourceError, match="lacks conditioning"):
        TrainedModel.load(tmp_path / "model")


def test_prefix_tokens_stand_behind_the_mark_that_a_text_begins_with(
    build_model, culture_parameters
):
    model = build_model(culture_parameters("prefix"))
    layer = model.network.conditioning
    embeddings = torch.arange(2 * 3 * 32.0).reshape(2, 3, 32)
    mask = torch.tensor([[1, 1, 1], [1, 1, 0]])
    condition = torch.tensor([[1, 1], [2, 0]])  # GB en, MX und

    read, read_mask = layer.before(embeddings, mask, condition)

    tokens = list(model.conditioning.tokens())
    names = ["<culture:GB>", "<language:en>", "<culture:MX>", "<language:und>"]
    rows = layer.rows[[tokens.index(name) for name in names]].reshape(2, 2, 32)
    torch.testing.assert_close(read[:, 0], embeddings[:, 0])
    torch.testing.assert_close(read[:, 1:3], rows)
    torch.testing.assert_close(read[:, 3:], embeddings[:, 1:])
    assert read_mask.tolist() == [[1, 1, 1, 1, 1], [1, 1, 1, 1, 0]]
    torch.testing.assert_close(layer.after(read, condition), embeddings)


def test_prefix_tokens_begin_as_the_mean_of_their_names_tokens(build_model, culture_parameters):
    model = build_model(culture_parameters("prefix"))
    ids = model.tokenizer("Mexico", add_special_tokens=False)["input_ids"]
    index = list(model.conditioning.tokens()).index("<culture:MX>")
    mean = model.network.backbone.get_input_embeddings().weight[ids].mean(0)
    torch.testing.assert_close(model.network.conditioning.rows[index], mean)


def test_prefix_leaves_the_text_what_is_left_of_the_length(build_model, culture_parameters):
    model, plain = build_model(culture_parameters("prefix")), build_model(culture_parameters())
    assert (model.max_text_tokens, plain.max_text_tokens) == (30, 32)
    seen = []

    def note(module, args, inputs):
        seen.append(inputs["inputs_embeds"].shape[1])

    model.network.backbone.embeddings.register_forward_pre_hook(note, with_kwargs=True)
    model.predict(ROWS.assign(text="good " * 60), task="t")

    assert seen == [32]


def test_lengths_of_features_count_the_prefix(encode, culture_parameters):
    prefixed, plain = (encode(culture_parameters(way))["t"] for way in ("prefix", "none"))
    assert [n - 2 for n in prefixed["num_tokens"].to_pylist()] == plain["num_tokens"].to_pylist()
    assert prefixed["input_ids"].equals(plain["input_ids"])


def test_length_that_the_prefix_takes_up_is_refused(examples, tasks, lively_encoder):
    from ccnlp.tokenisation.encoding import encode_examples

    tokenizer = lively_encoder.load_tokenizer()
    with pytest.raises(ConfigurationError, match=r"is 9, of which .* takes 2, and a text needs 8"):
        encode_examples(examples, tasks, tokenizer, max_length_tokens=9, num_added_tokens=2)


def test_saved_checkpoint_reads_the_prefix_as_tokens(train, culture_parameters, tmp_path):
    model = train(culture_parameters("prefix"))
    model.save(tmp_path / "model")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "model")
    alone = AutoModel.from_pretrained(tmp_path / "model").eval()
    ids = tokenizer("the film was good")["input_ids"]
    added = tokenizer.convert_tokens_to_ids(["<culture:MX>", "<language:en>"])
    condition = torch.tensor(
        model.conditioning.indices(pd.DataFrame({"culture": ["MX"], "language": ["en"]}))
    )
    inputs = {"input_ids": torch.tensor([ids]), "attention_mask": torch.ones(1, len(ids))}

    with torch.no_grad():
        with conditioned(model.network.backbone, model.network.conditioning, condition):
            states = model.network.backbone(**inputs).last_hidden_state
        expected = alone(torch.tensor([[ids[0], *added, *ids[1:]]])).last_hidden_state

    assert tokenizer.unk_token_id not in added
    assert tokenizer("<culture:MX> good")["input_ids"][1] == added[0]
    torch.testing.assert_close(states, expected[:, [0, *range(3, len(ids) + 2)]])


def test_text_that_spells_the_token_of_a_culture_is_not_told_of_it(build_model, culture_parameters):
    model = build_model(culture_parameters("prefix"))
    knowing = copy.deepcopy(model.tokenizer)
    model.conditioning.finish(model.network.conditioning, model.network.backbone, knowing)
    rows = pd.DataFrame({"text": ["<culture:MX> good", "good<culture:MX><language:es>"]})

    before, after = (
        model.tasks["t"].encode(rows, tokenizer, max_length_tokens=32)["input_ids"]
        for tokenizer in (model.tokenizer, knowing)
    )

    assert "<culture:MX>" in knowing.get_vocab()
    assert after == before


def test_prefix_of_a_tokenizer_that_knows_its_tokens_begins_as_their_rows(
    build_model, culture_parameters
):
    model = build_model(culture_parameters("prefix"))
    knowing, layer = copy.deepcopy(model.tokenizer), model.network.conditioning
    model.conditioning.finish(stir(model).network.conditioning, model.network.backbone, knowing)

    again = model.conditioning.layer(model.network.backbone, knowing)

    torch.testing.assert_close(again.rows, layer.rows)


def test_encoder_is_as_it_was_outside_of_the_condition(build_model, culture_parameters, way):
    model = stir(build_model(culture_parameters(way)))
    inputs = {"input_ids": torch.tensor([[0, 5, 2]]), "attention_mask": torch.ones(1, 3)}
    encoder = model.network.backbone
    with torch.no_grad():
        before = encoder(**inputs).last_hidden_state
        confidences(model, ROWS)
        assert encoder(**inputs).last_hidden_state.equal(before)


def test_encoder_called_without_a_mask_reads_all(build_model, culture_parameters, way):
    model = stir(build_model(culture_parameters(way)))
    ids = torch.tensor([[0, 5, 2]])
    condition = torch.ones(1, len(model.conditioning.keys.fields), dtype=torch.long)
    with (
        torch.no_grad(),
        conditioned(model.network.backbone, model.network.conditioning, condition),
    ):
        read = model.network.backbone(input_ids=ids).last_hidden_state
        masked = model.network.backbone(input_ids=ids, attention_mask=torch.ones_like(ids))
    torch.testing.assert_close(read, masked.last_hidden_state)


def test_task_that_gives_the_encoder_other_texts_than_rows_is_refused(
    build_model, culture_parameters, way
):
    model = build_model(culture_parameters(way))
    inputs = {"input_ids": torch.ones(4, 3).long(), "attention_mask": torch.ones(4, 3)}
    condition = torch.zeros(2, len(model.conditioning.keys.fields), dtype=torch.long)
    with (
        conditioned(model.network.backbone, model.network.conditioning, condition),
        pytest.raises(ConfigurationError, match=r"4 texts at once for a batch of 2 rows.*none"),
    ):
        model.network.backbone(**inputs)


def test_encoder_that_reads_no_embeddings_is_refused(lively_encoder, monkeypatch):
    backbone = load_backbone(lively_encoder.folder)
    forward = type(backbone).forward

    def scaled(self, *args, inputs_embeds=None, **others):
        twice = None if inputs_embeds is None else 2 * inputs_embeds + 1
        states = forward(self, *args, inputs_embeds=twice, **others)
        states.last_hidden_state *= 1 if twice is None else 2
        return states

    check_reads_embeddings(backbone, conditioning="prefix")
    monkeypatch.setattr(type(backbone), "forward", scaled)
    with pytest.raises(ConfigurationError, match="models of type 'bert' do not read embeddings"):
        check_reads_embeddings(backbone, conditioning="prefix")


def test_vectors_are_as_wide_as_embeddings_narrower_than_the_states(culture_parameters, examples):
    from transformers import ElectraConfig, ElectraModel

    from ccnlp.conditioning.base import fit

    narrow = ElectraConfig(vocab_size=16, embedding_size=8, hidden_size=32, num_attention_heads=2)
    narrow.update({"num_hidden_layers": 1, "intermediate_size": 16})
    conditioning = fit(culture_parameters("add"), examples)
    assert conditioning.layer(ElectraModel(narrow), None).rows.shape[1] == 8


def test_collate_leaves_batches_without_a_condition_as_they_are(tasks):
    features = [{"input_ids": [0, 5, 2], "target": 1}, {"input_ids": [0, 2], "target": 0}]
    plain = collate(tasks["t"], features, pad_token_id=1)
    batch = collate(tasks["t"], [{**f, CONDITION: [3, 4]} for f in features], pad_token_id=1)
    assert set(plain) == {"input_ids", "attention_mask", "target"}
    assert batch[CONDITION].tolist() == [[3, 4], [3, 4]]
