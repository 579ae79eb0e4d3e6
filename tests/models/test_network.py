import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    BertConfig,
    BertForMaskedLM,
    Gemma3TextConfig,
    Gemma3TextModel,
    ModernBertConfig,
    ModernBertModel,
)

from ccnlp.errors import ConfigurationError, ModelSourceError
from ccnlp.models.network import load_backbone


@pytest.fixture
def folder(tiny_encoder, tmp_path) -> Path:
    """A copy of the tiny checkpoint, to break."""
    return Path(shutil.copytree(tiny_encoder.folder, tmp_path / "checkpoint"))


def edit_weights(folder, change) -> None:
    path = folder / "model.safetensors"
    weights = {new: w for name, w in load_file(path).items() if (new := change(name))}
    save_file(weights, path, metadata={"format": "pt"})


def test_load_backbone_without_a_layer_names_what_is_missing(folder):
    edit_weights(folder, lambda name: None if "layer.1.output.dense" in name else name)

    with pytest.raises(
        ModelSourceError,
        match=r"lacks the weights encoder\.layer\.1\.output\.dense\.bias, encoder\.layer\.1\.output"
        r"\.dense\.weight; copy or fetch it again",
    ):
        load_backbone(folder)


def test_load_backbone_of_weights_with_other_names_lists_some(folder):
    edit_weights(folder, lambda name: f"model.{name}")

    with pytest.raises(ModelSourceError, match=r"lacks the weights embeddings\..* and \d\d more; "):
        load_backbone(folder)


def test_load_backbone_takes_what_was_pretrained_with_a_head_and_without_a_pooler(tmp_path):
    config = BertConfig(
        vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8
    )
    pretrained = BertForMaskedLM(config)
    pretrained.save_pretrained(tmp_path)

    loaded = load_backbone(tmp_path)

    assert loaded.pooler is None
    expected = pretrained.bert.state_dict()
    for name, weight in loaded.state_dict().items():
        torch.testing.assert_close(weight, expected[name])


SMALL = {
    "vocab_size": 9,
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 1,
    "intermediate_size": 8,
    "pad_token_id": 0,
}


def test_load_backbone_sets_the_dropouts_by_the_names_of_the_family(tmp_path):
    ModernBertModel(ModernBertConfig(**SMALL)).save_pretrained(tmp_path)

    backbone = load_backbone(tmp_path, hidden_dropout=0.2, attention_dropout=0.3)

    modules = dict(backbone.named_modules())
    assert modules["embeddings.drop"].p == 0.2
    assert modules["layers.0.mlp.drop"].p == 0.2
    assert modules["layers.0.attn"].attention_dropout == 0.3


@pytest.mark.parametrize("kind", ["hidden", "attention"])
def test_load_backbone_sets_the_dropouts_of_bert(tiny_encoder, kind):
    backbone = load_backbone(tiny_encoder.folder, **{f"{kind}_dropout": 0.25})

    layer = backbone.encoder.layer[0]
    assert layer.output.dropout.p == (0.25 if kind == "hidden" else 0)
    assert layer.attention.self.dropout.p == (0.25 if kind == "attention" else 0)


def test_load_backbone_with_a_dropout_that_the_family_lacks_says_so(tmp_path):
    config = Gemma3TextConfig(**SMALL, head_dim=8, num_key_value_heads=1)
    Gemma3TextModel(config).save_pretrained(tmp_path)

    load_backbone(tmp_path, attention_dropout=0.1)
    with pytest.raises(
        ConfigurationError,
        match=r"encoder_dropout is 0\.1, but models of type 'gemma3_text' have no .*training\.yml",
    ):
        load_backbone(tmp_path, hidden_dropout=0.1)
