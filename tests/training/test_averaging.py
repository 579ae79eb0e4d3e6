import pytest
import torch
from torch import nn

from ccnlp.training.averaging import AveragedWeights


@pytest.fixture
def network() -> nn.Linear:
    network = nn.Linear(1, 1)
    nn.init.zeros_(network.weight)
    network.bias.requires_grad_(False)
    return network


def step_to(network, averaged, *values) -> float:
    for value in values:
        nn.init.constant_(network.weight, value)
        averaged.update()
    return averaged.average["weight"].item()


def test_average_forgets_the_start_and_then_keeps_its_decay(network):
    averaged = AveragedWeights(network, decay=0.15)

    # The decay of step n is n / (n + 9) at most: 0.1 of what was, then 0.15 of it.
    assert step_to(network, averaged, 10.0) == pytest.approx(9.0)
    assert step_to(network, averaged, 20.0) == pytest.approx(0.15 * 9 + 0.85 * 20)


def test_average_leaves_frozen_weights_out(network):
    assert set(AveragedWeights(network, decay=0.9).average) == {"weight"}


def test_swap_exchanges_weights_and_average_and_twice_is_as_before(network):
    averaged = AveragedWeights(network, decay=0.15)
    step_to(network, averaged, 10.0)

    averaged.swap()
    assert network.weight.item() == pytest.approx(9.0)
    averaged.swap()
    assert network.weight.item() == 10.0
    assert averaged.average["weight"].item() == pytest.approx(9.0)


def test_average_goes_on_from_its_state(network):
    averaged = AveragedWeights(network, decay=0.15)
    step_to(network, averaged, 10.0)
    again = AveragedWeights(network, decay=0.15)
    again.load({name: value.clone() for name, value in averaged.state().items()})

    assert step_to(network, again, 20.0) == step_to(network, averaged, 20.0)
    assert torch.equal(again.state()["num_updates"], torch.tensor(2))
