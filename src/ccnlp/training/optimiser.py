"""AdamW's parameter groups: a learning rate a layer, and decay where it belongs."""

import re
from typing import TYPE_CHECKING, Any

from ccnlp.training.parameters import FreezeParameters, OptimiserParameters

if TYPE_CHECKING:
    import torch
    from torch import nn

    from ccnlp.models.network import MultiTaskNetwork

LAYER = re.compile(r"(?:^|\.)(?:layers?|h|blocks?)\.(\d+)\.")


def freeze(network: "MultiTaskNetwork", parameters: FreezeParameters) -> None:
    """Stops the gradient of the embeddings and of the bottom layers, in place."""
    top = num_layers(network)
    num_frozen = top if parameters.bottom_layers == -1 else min(parameters.bottom_layers, top)
    for name, weight in network.backbone.named_parameters():
        layer = layer_of(name)
        is_frozen = parameters.embeddings if layer is None else layer < num_frozen
        weight.requires_grad_(not is_frozen)


def num_layers(network: "MultiTaskNetwork") -> int:
    """Transformer layers of the backbone."""
    layers = [layer_of(name) for name, _ in network.backbone.named_parameters()]
    return 1 + max((layer for layer in layers if layer is not None), default=-1)


def layer_of(name: str) -> int | None:
    """The layer that a parameter of the backbone belongs to, from 0; `None` for the embeddings.

    >>> layer_of("encoder.layer.11.output.dense.weight")
    11
    """
    match = LAYER.search(name)
    return int(match.group(1)) if match else None


def parameter_groups(
    network: "MultiTaskNetwork", parameters: OptimiserParameters
) -> list[dict[str, Any]]:
    """Groups for AdamW with `lr` and `weight_decay`, in a stable order, frozen weights left out.

    The top layer and the final norm train at `learning_rate`, each layer below at `layer_decay`
    times the one above it (Howard and Ruder 2018, section 3.2), the embeddings below them all.
    """
    top = num_layers(network)
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, weight in network.named_parameters():
        if not weight.requires_grad:
            continue
        rate = parameters.head_learning_rate
        if name.startswith("backbone."):
            layer = layer_of(name)
            depth = top if layer is None else top - 1 - layer
            rate = parameters.learning_rate * parameters.layer_decay**depth
        decay = 0.0 if weight.ndim < 2 else parameters.weight_decay
        groups.setdefault((rate, decay), []).append(weight)
    return [
        {"params": weights, "lr": rate, "weight_decay": decay}
        for (rate, decay), weights in groups.items()
    ]


def build_optimiser(
    network: "MultiTaskNetwork", parameters: OptimiserParameters
) -> "torch.optim.Optimizer":
    """AdamW, fused into one pass over each weight."""
    import torch

    return torch.optim.AdamW(
        parameter_groups(network, parameters), betas=parameters.betas, fused=True
    )
