"""The place where a condition enters: around the encoder, whatever task calls it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ccnlp.atlas.parameters import FILE
from ccnlp.errors import ConfigurationError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from ccnlp.conditioning.layers import ConditioningLayer

TOLERANCE = 1e-4
"""Of states, which are of the size of 1; sums in another order differ by less."""


def encoder_of(backbone: "PreTrainedModel") -> "PreTrainedModel":
    """What reads the text: the backbone, or its encoder where it has a decoder too."""
    if backbone.config.is_encoder_decoder:
        return backbone.get_encoder()
    return backbone


@contextmanager
def conditioned(
    backbone: "PreTrainedModel", layer: "ConditioningLayer", condition: Tensor
) -> Iterator[None]:
    """While it lasts, what the encoder reads and gives goes through the layer.

    Args:
        backbone: as tasks call it, by keywords.
        layer: takes the condition in.
        condition: numbers of values, shape (batch, fields).

    Raises:
        ConfigurationError: the encoder is given another number of texts than there are conditions.
    """
    encoder = encoder_of(backbone)

    def change_inputs(_: nn.Module, args: tuple[Any, ...], inputs: dict[str, Any]) -> Any:
        embeddings = encoder.get_input_embeddings()(inputs["input_ids"])
        _check_batch(embeddings, condition)
        mask = inputs.get("attention_mask")
        if mask is None:
            mask = torch.ones_like(inputs["input_ids"])
        embeddings, mask = layer.before(embeddings, mask, condition)
        new_inputs = {"input_ids": None, "inputs_embeds": embeddings, "attention_mask": mask}
        return args, inputs | new_inputs

    def change_outputs(_: nn.Module, args: tuple[Any, ...], outputs: Any) -> Any:
        _check_batch(outputs.last_hidden_state, condition)
        outputs.last_hidden_state = layer.after(outputs.last_hidden_state, condition)
        return outputs

    hooks = [encoder.register_forward_hook(change_outputs)]
    if layer.changes_embeddings:
        hooks.append(encoder.register_forward_pre_hook(change_inputs, with_kwargs=True))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _check_batch(states: Tensor, condition: Tensor) -> None:
    if len(states) != len(condition):
        raise ConfigurationError(
            f"a task gives the encoder {len(states)} texts at once for a batch of "
            f"{len(condition)} rows, so that culture conditioning can't tell whose culture is "
            f"which; set culture.conditioning to none ({FILE})"
        )


def check_reads_embeddings(backbone: "PreTrainedModel", *, conditioning: str) -> int:
    """The width of the encoder's embeddings, whose states are those of their token ids.

    Raises:
        ConfigurationError: they are others, or it takes no embeddings.
    """
    encoder = encoder_of(backbone)
    was_training = encoder.training
    mask = torch.ones(1, 4, dtype=torch.long)
    token_ids = torch.arange(4, 8)[None]
    encoder.eval()
    try:
        with torch.no_grad():
            states_of_ids = encoder(input_ids=token_ids, attention_mask=mask).last_hidden_state
            embeddings = encoder.get_input_embeddings()(token_ids)
            states_of_embeddings = encoder(
                inputs_embeds=embeddings, attention_mask=mask
            ).last_hidden_state
        is_alike = torch.allclose(states_of_ids, states_of_embeddings, atol=TOLERANCE)
    except (TypeError, ValueError, NotImplementedError):
        is_alike = False
    finally:
        encoder.train(was_training)
    if not is_alike:
        raise ConfigurationError(
            f"culture.conditioning is {conditioning!r}, which changes the embeddings of tokens, but"
            f" models of type {backbone.config.model_type!r} do not read embeddings as they read "
            f"tokens; take adapter, or embedding with combination gate ({FILE})"
        )
    return int(embeddings.shape[-1])
