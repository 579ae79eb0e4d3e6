"""Averaged weights: a running mean of the weights over the steps.

Polyak and Juditsky 1992; with a decay as in Kingma and Ba 2015, section 7.2. The average is
smoother than the last step's weights, most of all when few steps are made.
"""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from torch import nn


class AveragedWeights:
    """The exponential moving average of a network's trained weights.

    Args:
        network: the weights that are averaged; frozen ones are left out.
        decay: weight of the past, 0..1; the first steps use less, so that the start is forgotten.
    """

    def __init__(self, network: "nn.Module", *, decay: float) -> None:
        self.decay = decay
        self.num_updates = 0
        self._weights = {
            name: weight for name, weight in network.named_parameters() if weight.requires_grad
        }
        self.average = {name: weight.detach().clone() for name, weight in self._weights.items()}

    @torch.no_grad()
    def update(self) -> None:
        """Takes the present weights into the average."""
        self.num_updates += 1
        decay = min(self.decay, self.num_updates / (self.num_updates + 9))
        torch._foreach_lerp_(
            list(self.average.values()), list(self._weights.values()), weight=1 - decay
        )

    @torch.no_grad()
    def swap(self) -> None:
        """Exchanges the network's weights and the average; twice is as before."""
        for name, weight in self._weights.items():
            current = weight.detach().clone()
            weight.copy_(self.average[name])
            self.average[name].copy_(current)

    def state(self) -> dict[str, Tensor]:
        """What a checkpoint must hold to go on."""
        return {**self.average, "num_updates": torch.tensor(self.num_updates)}

    def load(self, state: dict[str, Tensor]) -> None:
        """Goes on from `state`."""
        self.num_updates = int(state["num_updates"])
        for name, average in self.average.items():
            average.copy_(state[name])
