"""The network: one encoder that all tasks share, and a head for each."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

from ccnlp.errors import ModelSourceError
from ccnlp.tasks.base import Pooling, Task

if TYPE_CHECKING:
    from transformers import PreTrainedModel

logger = logging.getLogger(__name__)

Attention = Literal["eager", "sdpa"]

DROPOUT_FIELDS = {
    "hidden": ("hidden_dropout_prob", "dropout", "resid_pdrop"),
    "attention": ("attention_probs_dropout_prob", "attention_dropout", "attn_pdrop"),
}
"""What families of models call the two dropouts in their configuration."""


class MultiTaskNetwork(nn.Module):
    """A shared encoder with one head a task.

    Args:
        encoder: a transformers model that returns `last_hidden_state`.
        heads: by task name; modules from states and mask to that task's outputs.
    """

    def __init__(self, encoder: "PreTrainedModel", heads: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.encoder = encoder
        self.heads = nn.ModuleDict(dict(heads))

    def forward(self, *, task: str, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """The outputs of one task's head for ids and mask, both (batch, sequence)."""
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        outputs: Tensor = self.heads[task](states, attention_mask)
        return outputs


def load_encoder(
    folder: Path,
    *,
    attention: Attention = "eager",
    hidden_dropout: float = 0.0,
    attention_dropout: float = 0.0,
) -> "PreTrainedModel":
    """The encoder of a checkpoint folder, in fp32, without code from the checkpoint.

    Args:
        folder: a Hugging Face checkpoint with safetensors weights.
        attention: implementation of attention; both give the same result up to rounding.
        hidden_dropout: share of the states dropped in training, 0..1.
        attention_dropout: share of the attention weights dropped in training, 0..1.

    Raises:
        ModelSourceError: the folder holds no readable checkpoint.
    """
    from safetensors import SafetensorError
    from transformers import AutoConfig, AutoModel
    from transformers.utils import logging as transformers_logging

    # The report of weights that a headless encoder lacks says nothing: the pooler is not used.
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        for kind, probability in (("hidden", hidden_dropout), ("attention", attention_dropout)):
            for field in DROPOUT_FIELDS[kind]:
                if hasattr(config, field):
                    setattr(config, field, probability)
        encoder = AutoModel.from_pretrained(
            folder,
            config=config,
            trust_remote_code=False,
            use_safetensors=True,
            dtype=torch.float32,
            attn_implementation=attention,
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelSourceError(
            f"{folder} holds no readable checkpoint: {error}; delete the folder to fetch it again, "
            "or name another one in parameters/encoder.yml"
        ) from error
    if getattr(encoder, "pooler", None) is not None:
        encoder.pooler = (
            None  # the heads pool; an unused layer would only be saved and synchronised
        )
    return encoder


def build_network(
    encoder: "PreTrainedModel", tasks: Mapping[str, Task], *, pooling: Pooling, head_dropout: float
) -> MultiTaskNetwork:
    """The encoder with a freshly initialised head for each task."""
    hidden_size = encoder.config.hidden_size
    heads = {
        name: task.head(hidden_size, pooling=pooling, dropout=head_dropout)
        for name, task in tasks.items()
    }
    return MultiTaskNetwork(encoder, heads)
