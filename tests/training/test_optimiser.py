import pytest
from pydantic import ValidationError
from torch import nn

from ccnlp.errors import ConfigurationError
from ccnlp.models.network import build_network, load_backbone
from ccnlp.tasks.kinds.sequence_classification import SequenceClassification
from ccnlp.tasks.parameters import TaskParameters
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
        ("final_norm.weight", None),
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
    ("embeddings", "all_but_top_layers", "trained"),
    [
        (False, None, {None, 0, 1}),
        (True, None, {0, 1}),
        (False, 2, {0, 1}),
        (False, 1, {1}),
        (False, 0, set()),
    ],
)
def test_freeze_leaves_the_rest_trained(network, embeddings, all_but_top_layers, trained):
    parameters = FreezeParameters(embeddings=embeddings, all_but_top_layers=all_but_top_layers)
    freeze(network, parameters)

    layers = {layer_of(n) for n, w in network.backbone.named_parameters() if w.requires_grad}
    assert layers == trained
    assert all(weight.requires_grad for weight in network.heads.parameters())
    assert isinstance(network.heads["t"], nn.Module)


def test_freeze_of_more_layers_than_there_are_says_how_many(network):
    with pytest.raises(ConfigurationError, match=r"all_but_top_layers is 3, but .* 2 layers.*yml"):
        freeze(network, FreezeParameters(embeddings=False, all_but_top_layers=3))


def test_parameter_groups_take_a_final_norm_for_the_top_layers(network):
    network.backbone.final_norm = nn.LayerNorm(32)

    rates = {
        id(weight): group["lr"]
        for group in parameter_groups(network, PARAMETERS)
        for weight in group["params"]
    }

    assert rates[id(network.backbone.final_norm.weight)] == 0.1


def test_decay_rates_of_the_optimiser_lie_below_one():
    with pytest.raises(ValidationError, match="less than 1"):
        OptimiserParameters.model_validate({**PARAMETERS.model_dump(), "betas": (0.9, 1.5)})
