"""Which implementation of attention trains faster on this machine."""

import time
from typing import get_args

import torch
from torch import Tensor

from ccnlp.conditioning.encoders import encoder_of
from ccnlp.models.network import Attention, MultiTaskNetwork
from ccnlp.models.precision import PrecisionChoice, autocast, choose_device

SMALLEST_WIN = 0.1
"""Share of the time that must be won: less is noise, and fresh runs would choose differently."""

TRIES = 4
"""Passes with each implementation at most; the first one warms up."""

CLEAR_WIN = 0.2
"""Share of the time by which two tries after the first settle it, if they agree."""


def faster_attention(
    network: MultiTaskNetwork,
    *,
    batch_shape: tuple[int, int],
    token_id: int,
    precision: PrecisionChoice,
) -> Attention:
    """The implementation that the network has, or another one that is faster by a tenth.

    Measured are a forward and a backward pass, the best of three tries, or of two where these agree
    on a clear win. The fused one wins on graphics cards; on processors its backward pass in bf16
    can lose. A model that has one of them only is not measured.

    Args:
        network: any state; neither its weights nor the random state change.
        batch_shape: (batch, sequence) to measure with.
        token_id: any that the network has an embedding of.
        precision: as in training.
    """
    default: Attention = network.backbone.config._attn_implementation
    implementations: tuple[Attention, ...] = get_args(Attention)
    candidates = [
        name for name in implementations if name != default and has_attention(network, name)
    ]
    if not candidates:
        return default
    with torch.random.fork_rng():
        input_ids = torch.full(batch_shape, token_id)
        seconds = _measure(network, [default, *candidates], input_ids, precision)
    network.zero_grad(set_to_none=True)
    fastest = min(candidates, key=seconds.__getitem__)
    return fastest if seconds[fastest] < (1 - SMALLEST_WIN) * seconds[default] else default


def has_attention(network: MultiTaskNetwork, implementation: Attention) -> bool:
    """Whether the network can compute attention so; if it can, it does from now on."""
    try:
        network.backbone.set_attn_implementation(implementation)
    except ValueError:
        return False
    # Some models only warn, and stay as they are.
    return bool(network.backbone.config._attn_implementation == implementation)


def _measure(
    network: MultiTaskNetwork,
    implementations: list[Attention],
    input_ids: Tensor,
    precision: PrecisionChoice,
) -> dict[Attention, float]:
    """Seconds of the best pass with each; in turn, so that other load slows all of them alike."""
    network.to(choose_device()).train()
    durations: dict[Attention, list[float]] = {name: [] for name in implementations}
    for _ in range(TRIES):
        for name in implementations:
            network.backbone.set_attn_implementation(name)
            durations[name].append(_time_pass(network, input_ids, precision))
        if _is_settled([seconds[1:] for seconds in durations.values()]):
            break
    return {name: min(seconds[1:]) for name, seconds in durations.items()}


def _is_settled(durations: list[list[float]]) -> bool:
    """Whether all tries of one implementation are faster than all of the others', and clearly."""
    if len(durations[0]) < 2:
        return False
    fastest, *slower = sorted(durations, key=min)
    return all(max(fastest) < (1 - CLEAR_WIN) * min(seconds) for seconds in slower)


def _time_pass(network: MultiTaskNetwork, input_ids: Tensor, precision: PrecisionChoice) -> float:
    device = choose_device()
    encoder = encoder_of(network.backbone)
    input_ids = input_ids.to(device)
    attention_mask = torch.ones_like(input_ids)
    attention_mask[-1, input_ids.shape[1] // 2 :] = (
        0  # real batches are padded: no mask-free shortcut
    )
    start = time.perf_counter()
    with autocast(device, precision):
        states = encoder(input_ids=input_ids, attention_mask=attention_mask)
    if states.last_hidden_state.requires_grad:  # not where all of the backbone is frozen
        states.last_hidden_state.float().square().mean().backward()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start
