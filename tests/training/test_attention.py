import pytest
import torch

from ccnlp.models.network import build_network, load_backbone
from ccnlp.training import attention
from ccnlp.training.attention import faster_attention


@pytest.fixture
def network(tiny_encoder, tasks):
    backbone = load_backbone(tiny_encoder.folder)
    return build_network(backbone, tasks, pooling="mean", head_dropout=0.1)


@pytest.fixture
def clock(monkeypatch):
    """Sets what a pass takes with each implementation; records which were measured."""
    measured = []

    def install(seconds):
        def time_pass(network, input_ids, precision):
            name = network.backbone.config._attn_implementation
            measured.append(name)
            return seconds[name]

        monkeypatch.setattr(attention, "_time_pass", time_pass)
        return measured

    return install


def choose(network):
    return faster_attention(network, batch_shape=(2, 8), token_id=1, precision="fp32")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ({"sdpa": 1.0, "eager": 0.80}, "eager"),
        ({"sdpa": 1.0, "eager": 0.95}, "sdpa"),  # as near as that is noise
        ({"sdpa": 1.0, "eager": 2.00}, "sdpa"),
    ],
)
def test_faster_attention_is_another_one_only_for_a_win_of_a_tenth(
    network, clock, seconds, expected
):
    clock(seconds)
    assert choose(network) == expected


@pytest.mark.parametrize(("eager", "passes"), [(0.5, 3), (2.0, 3), (0.85, 4), (1.1, 4)])
def test_faster_attention_stops_measuring_where_two_tries_agree_clearly(
    network, clock, eager, passes
):
    measured = clock({"sdpa": 1.0, "eager": eager})

    choose(network)

    assert measured.count("sdpa") == measured.count("eager") == passes


def test_faster_attention_measures_on_where_tries_disagree(network, monkeypatch):
    passes = {"sdpa": iter([1.0, 1.0, 1.0, 1.0]), "eager": iter([1.0, 0.5, 1.5, 0.7])}
    monkeypatch.setattr(
        attention,
        "_time_pass",
        lambda network, *_: next(passes[network.backbone.config._attn_implementation]),
    )

    assert choose(network) == "eager"
    assert not list(passes["eager"])


def test_faster_attention_takes_the_best_try_after_the_warm_up(network, monkeypatch):
    passes = {"sdpa": iter([0.1, 9.0, 1.0, 9.0]), "eager": iter([9.0, 9.0, 9.0, 0.5])}
    monkeypatch.setattr(
        attention,
        "_time_pass",
        lambda network, *_: next(passes[network.backbone.config._attn_implementation]),
    )
    assert choose(network) == "eager"


def test_faster_attention_does_not_measure_a_model_that_cannot_switch(network, clock, monkeypatch):
    measured = clock({"sdpa": 1.0, "eager": 0.1})
    monkeypatch.setattr(type(network.backbone), "_can_set_attn_implementation", lambda *_: False)

    assert choose(network) == "sdpa"
    assert not measured


def test_faster_attention_changes_neither_weights_nor_random_state(network):
    before = {name: weight.clone() for name, weight in network.state_dict().items()}
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)

    choose(network)

    assert torch.rand(1) == expected
    assert all(weight.grad is None for weight in network.parameters())
    for name, weight in network.state_dict().items():
        assert torch.equal(weight, before[name])
