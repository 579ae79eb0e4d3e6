"""Which implementation of attention trains faster on this machine."""

import time
from typing import get_args

import torch

from ccnlp.models.network import Attention, MultiTaskNetwork
from ccnlp.models.precision import PrecisionChoice, autocast, choose_device


def faster_attention(
    network: MultiTaskNetwork,
    *,
    batch_shape: tuple[int, int],
    token_id: int,
    precision: PrecisionChoice,
) -> Attention:
    """The implementation with the shorter forward and backward pass, the better of two tries.

    The fused one wins on graphics cards; on processors its backward pass in bf16 can lose. A model
    that has one of them only is not measured.

    Args:
        network: any state; neither its weights nor the random state change.
        batch_shape: (batch, sequence) to measure with.
        token_id: any that the network has an embedding of.
        precision: as in training.
    """
    known: tuple[Attention, ...] = get_args(Attention)
    implementations = [name for name in known if _has(network, name)]
    if len(implementations) == 1:
        return implementations[0]
    with torch.random.fork_rng():
        input_ids = torch.full(batch_shape, token_id)
        seconds = {name: _time(network, name, input_ids, precision) for name in implementations}
    network.zero_grad(set_to_none=True)
    return min(implementations, key=seconds.__getitem__)


def _has(network: MultiTaskNetwork, implementation: Attention) -> bool:
    try:
        network.backbone.set_attn_implementation(implementation)
    except ValueError:
        return False
    return True


def _time(
    network: MultiTaskNetwork,
    implementation: Attention,
    input_ids: torch.Tensor,
    precision: PrecisionChoice,
) -> float:
    device = choose_device()
    network.to(device).train()
    network.backbone.set_attn_implementation(implementation)
    backbone = network.backbone
    encoder = backbone.get_encoder() if backbone.config.is_encoder_decoder else backbone
    input_ids = input_ids.to(device)
    attention_mask = torch.ones_like(input_ids)
    attention_mask[-1, input_ids.shape[1] // 2 :] = (
        0  # real batches are padded: no mask-free shortcut
    )
    tries = []
    for _ in range(3):
        start = time.perf_counter()
        with autocast(device, precision):
            states = encoder(input_ids=input_ids, attention_mask=attention_mask)
        if states.last_hidden_state.requires_grad:  # not where all of the backbone is frozen
            states.last_hidden_state.float().square().mean().backward()
        if device.type == "cuda":
            torch.cuda.synchronize()
        tries.append(time.perf_counter() - start)
    return min(tries[1:])
