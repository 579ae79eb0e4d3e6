"""AdamW's parameter groups: a learning rate a layer, and decay where it belongs."""

import re
from typing import TYPE_CHECKING, Any

from ccnlp.errors import ConfigurationError
from ccnlp.training.parameters import FreezeParameters, OptimiserParameters

if TYPE_CHECKING:
    import torch
    from torch import nn

    from ccnlp.models.network import MultiTaskNetwork

LAYER = re.compile(r"(?:^|\.)(?:layers?|h|blocks?)\.(\d+)\.")
EMBEDDING = re.compile(r"embed|(?:^|\.)(?:shared|wte|wpe)\.")
"""What families of models call the parameters before their first layer."""


def freeze(network: "MultiTaskNetwork", parameters: FreezeParameters) -> None:
    """Stops the gradient of the embeddings, or of all but the top layers, in place.

    Raises:
        ConfigurationError: there are fewer layers than are to be trained.
    """
    num_encoder_layers, num_trained = num_layers(network), parameters.all_but_top_layers
    if num_trained is not None and num_trained > num_encoder_layers:
        raise ConfigurationError(
            f"training.freeze.all_but_top_layers is {num_trained}, but the encoder has "
            f"{num_encoder_layers} layers; null trains all of them (parameters/training.yml)"
        )
    for name, weight in network.backbone.named_parameters():
        depth = _depth(name, num_encoder_layers)
        if num_trained is not None:
            is_frozen = num_trained == 0 or depth >= num_trained
        else:
            is_frozen = parameters.embeddings and depth == num_encoder_layers
        weight.requires_grad_(not is_frozen)


def num_layers(network: "MultiTaskNetwork") -> int:
    """Transformer layers of the backbone."""
    layers = [layer_of(name) for name, _ in network.backbone.named_parameters()]
    return 1 + max((layer for layer in layers if layer is not None), default=-1)


def _depth(name: str, num_layers: int) -> int:
    """How many layers stand above a parameter: 0 for the top layer and what follows it."""
    layer = layer_of(name)
    if layer is not None:
        return num_layers - 1 - layer
    return num_layers if EMBEDDING.search(name) else 0


def layer_of(name: str) -> int | None:
    """The layer that a parameter of the backbone belongs to, from 0; `None` outside the layers.

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
    num_encoder_layers = num_layers(network)
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, weight in network.named_parameters():
        if not weight.requires_grad:
            continue
        learning_rate = parameters.head_learning_rate
        if name.startswith("backbone."):
            learning_rate = parameters.learning_rate * parameters.layer_decay ** _depth(
                name.removeprefix("backbone."), num_encoder_layers
            )
        decay = 0.0 if weight.ndim < 2 else parameters.weight_decay
        groups.setdefault((learning_rate, decay), []).append(weight)
    return [
        {"params": weights, "lr": learning_rate, "weight_decay": decay}
        for (learning_rate, decay), weights in groups.items()
    ]


def build_optimiser(
    network: "MultiTaskNetwork", parameters: OptimiserParameters
) -> "torch.optim.Optimizer":
    """AdamW, fused into one pass over each weight."""
    import torch

    return torch.optim.AdamW(
        parameter_groups(network, parameters), betas=parameters.betas, fused=True
    )
