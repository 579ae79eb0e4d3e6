import pytest
import torch
from torch import nn

from ccnlp.training.dropout import BitwiseDropout, use_bitwise_dropout


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_dropout_drops_its_share_and_keeps_the_mean(p):
    torch.manual_seed(0)
    ones = torch.ones(1000, 1001)

    dropped = BitwiseDropout(p)(ones)

    assert (dropped == 0).float().mean() == pytest.approx(p, abs=0.002)
    assert dropped.mean() == pytest.approx(1, abs=0.003)
    assert dropped.unique().tolist() == [0, pytest.approx(1 / (1 - p), rel=1e-3)]


def test_dropout_drops_neighbours_independently():
    torch.manual_seed(0)
    dropped = BitwiseDropout(0.5)(torch.ones(400_000)).view(-1, 4) == 0

    both = (dropped[:, :1] & dropped[:, 1:]).float().mean(dim=0)
    assert both.tolist() == pytest.approx([0.25] * 3, abs=0.005)
    assert dropped.float().mean(dim=0).tolist() == pytest.approx([0.5] * 4, abs=0.005)


def test_dropout_passes_the_gradient_of_what_it_keeps():
    torch.manual_seed(0)
    states = torch.ones(64, requires_grad=True)

    dropped = BitwiseDropout(0.25)(states)
    dropped.sum().backward()

    torch.testing.assert_close(states.grad, dropped.detach())


@pytest.mark.parametrize("dropout", [BitwiseDropout(0.0), BitwiseDropout(0.5).eval()])
def test_dropout_of_nothing_and_in_evaluation_changes_nothing(dropout):
    states = torch.ones(8)
    assert dropout(states) is states


def test_dropout_of_one_seed_is_the_same():
    torch.manual_seed(3)
    first = BitwiseDropout(0.5)(torch.ones(50))
    torch.manual_seed(3)

    torch.testing.assert_close(BitwiseDropout(0.5)(torch.ones(50)), first)


def test_use_bitwise_dropout_replaces_them_at_every_depth(monkeypatch):
    monkeypatch.setattr("ccnlp.training.dropout.choose_device", lambda: torch.device("cpu"))
    network = nn.Sequential(nn.Dropout(0.1), nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.2)))

    use_bitwise_dropout(network)

    assert isinstance(network[0], BitwiseDropout)
    assert isinstance(network[1][1], BitwiseDropout)
    assert (network[0].p, network[1][1].p) == (0.1, 0.2)


def test_use_bitwise_dropout_leaves_a_graphics_card_its_own(monkeypatch):
    monkeypatch.setattr("ccnlp.training.dropout.choose_device", lambda: torch.device("cuda"))
    network = nn.Sequential(nn.Dropout(0.1))

    use_bitwise_dropout(network)

    assert type(network[0]) is nn.Dropout
