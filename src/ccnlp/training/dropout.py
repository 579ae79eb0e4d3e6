"""Dropout (Srivastava et al. 2014) whose masks cost less on a processor.

Torch draws one number for each element, one after the other: a tenth of the time of a step with a
small encoder. Here one draw of 64 bits decides on four elements.
"""

import torch
from torch import Tensor, nn

from ccnlp.models.precision import choose_device

LOWEST_LEVEL, NUM_LEVELS = -(2**15), 2**16
"""Of the 16 bits that decide on an element."""


class BitwiseDropout(nn.Dropout):
    """Drops each element with probability `p`, to the nearest of 65,536 levels."""

    def forward(self, input: Tensor) -> Tensor:
        """The elements that stay, scaled so that the expectation is what it was."""
        if not self.training or not self.p:
            return input
        threshold = round(self.p * NUM_LEVELS)
        is_kept = _random_levels(input.numel()).view(input.shape) >= LOWEST_LEVEL + threshold
        return input * is_kept.to(input.dtype).mul_(NUM_LEVELS / (NUM_LEVELS - threshold))


def _random_levels(size: int) -> Tensor:
    """`size` numbers of 16 random bits, from torch's own generator."""
    random_bits = torch.empty((size + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
    return random_bits.view(torch.int16)[:size]


def use_bitwise_dropout(network: nn.Module) -> None:
    """Replaces the dropouts of a network that is trained on a processor, in place."""
    if choose_device().type != "cpu":
        return
    for module in list(network.modules()):
        for name, child in module.named_children():
            if type(child) is nn.Dropout:
                setattr(module, name, BitwiseDropout(child.p))
