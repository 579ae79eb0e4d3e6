import pytest
from torch import nn

from ccnlp.models.network import build_network, load_backbone
from ccnlp.tasks.base import TaskParameters
from ccnlp.tasks.kinds.sequence_classification import SequenceClassification
from ccnlp.training.optimiser import freeze, layer_of, parameter_groups
from ccnlp.training.parameters import FreezeParameters, OptimiserParameters

PARAMETERS = OptimiserParameters(
    learning_rate=0.1,
    head_learning_rate=0.5,
    layer_decay=0.5,
    weight_decay=0.01,
    betas=(0.9, 0.98),
    schedule="linear",
    warmup_share=0.1,
    max_gradient_norm=1.0,
)


@pytest.fixture
def network(tiny_encoder):
    task = SequenceClassification(
        "t", TaskParameters(kind="sequence_classification", loss_weight=1, labels=("a", "b"))
    )
    encoder = load_backbone(tiny_encoder.folder)
    return build_network(encoder, {"t": task}, pooling="mean", head_dropout=0.1)


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("encoder.layer.11.output.dense.weight", 11),
        ("layers.3.mlp.weight", 3),
        ("embeddings.word_embeddings.weight", None),
    ],
)
def test_layer_of(name, layer):
    assert layer_of(name) == layer


def test_parameter_groups_rates_fall_by_layer_and_norms_do_not_decay(network):
    rates: dict[str, tuple[float, float]] = {}
    by_weight = {
        id(weight): (group["lr"], group["weight_decay"])
        for group in parameter_groups(network, PARAMETERS)
        for weight in group["params"]
    }
    for name, weight in network.named_parameters():
        rates[name] = by_weight[id(weight)]

    assert rates["heads.t.classifier.weight"] == (0.5, 0.01)
    assert rates["backbone.encoder.layer.1.output.dense.weight"] == (0.1, 0.01)
    assert rates["backbone.encoder.layer.0.output.dense.weight"] == (0.05, 0.01)
    assert rates["backbone.embeddings.word_embeddings.weight"] == (0.025, 0.01)
    assert rates["backbone.encoder.layer.0.output.LayerNorm.weight"] == (0.05, 0.0)


@pytest.mark.parametrize(
    ("embeddings", "bottom_layers", "trained"),
    [(False, 0, {None, 0, 1}), (True, 1, {1}), (True, -1, set())],
)
def test_freeze_leaves_the_rest_trained(network, embeddings, bottom_layers, trained):
    freeze(network, FreezeParameters(embeddings=embeddings, bottom_layers=bottom_layers))

    layers = {layer_of(n) for n, w in network.backbone.named_parameters() if w.requires_grad}
    assert layers == trained
    assert all(weight.requires_grad for weight in network.heads.parameters())
    assert isinstance(network.heads["t"], nn.Module)
