"""The network: one backbone that all tasks share, and a head for each."""

import logging
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

from ccnlp.conditioning.batches import CONDITION
from ccnlp.conditioning.encoders import conditioned
from ccnlp.errors import ConfigurationError, ModelSourceError
from ccnlp.tasks.base import Backbone, Batch, Pooling, Task

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

    from ccnlp.conditioning.layers import ConditioningLayer

logger = logging.getLogger(__name__)

Attention = Literal["eager", "sdpa"]

MEND_ENCODER = "copy or fetch it again, or name another one in parameters/encoder.yml"

MAX_LISTED = 3
"""Names of missing weights that a message shows."""

DROPOUT_FIELDS = {
    "encoder": (
        *("hidden_dropout_prob", "hidden_dropout", "dropout", "dropout_rate", "resid_pdrop"),
        *("embd_pdrop", "embedding_dropout", "mlp_dropout"),
    ),
    "attention": ("attention_probs_dropout_prob", "attention_dropout", "attn_pdrop"),
}
"""What families of models call the two dropouts in their configuration."""


class Heads(nn.ModuleDict):
    """The heads by task, which may have any name, such as `type`.

    `ModuleDict` refuses the names of its own methods, as its modules are its attributes as well.
    """

    def add_module(self, name: str, module: nn.Module | None) -> None:
        """Files a head, to be had by its key alone."""
        self._modules[name] = module  # type: ignore[assignment]


class MultiTaskNetwork(nn.Module):
    """A shared backbone with one head a task.

    Args:
        backbone: a transformers model.
        heads: by task name; modules from states and mask to that task's outputs.
        tasks: by name; each says how a batch goes through backbone and head.
        conditioning: takes in what is known of each text, around the encoder; `None` tells nothing.
    """

    def __init__(
        self,
        backbone: "PreTrainedModel",
        heads: Mapping[str, nn.Module],
        tasks: Mapping[str, Task],
        conditioning: "ConditioningLayer | None" = None,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.heads = Heads(heads)
        self.tasks = dict(tasks)
        self.conditioning = conditioning

    @property
    def num_added_tokens(self) -> int:
        """Tokens that the conditioning puts to each text."""
        return self.conditioning.num_added_tokens if self.conditioning else 0

    def forward(self, *, task: str, batch: Batch) -> Tensor:
        """What the task's loss looks at."""
        with self._conditioned(batch):
            return self.tasks[task].outputs(self.backbone, self.heads[task], batch)

    def infer(self, *, task: str, batch: Batch) -> Tensor:
        """What the task's predictions are decoded from."""
        with self._conditioned(batch):
            return self.tasks[task].infer(self.backbone, self.heads[task], batch)

    def _conditioned(self, batch: Batch) -> AbstractContextManager[None]:
        if self.conditioning is None:
            return nullcontext()
        return conditioned(self.backbone, self.conditioning, batch[CONDITION])


def load_backbone(
    folder: Path,
    *,
    kind: Backbone = "encoder",
    attention: Attention | None = None,
    hidden_dropout: float = 0.0,
    attention_dropout: float = 0.0,
    mend: str = MEND_ENCODER,
) -> "PreTrainedModel":
    """The model of a checkpoint folder, in fp32, without code from the checkpoint.

    Args:
        folder: a Hugging Face checkpoint with safetensors weights.
        kind: with a decoder that writes text, or without.
        attention: implementation of attention; the fused one where the model has it if `None`.
        hidden_dropout: share of the states dropped in training, 0..1.
        attention_dropout: share of the attention weights dropped in training, 0..1.
        mend: what to do about a broken folder.

    Raises:
        ModelSourceError: the folder holds no readable checkpoint, or one that lacks weights.
        ConfigurationError: a dropout above 0 is none that this family of models has.
    """
    from safetensors import SafetensorError
    from transformers import AutoConfig, AutoModel, AutoModelForSeq2SeqLM
    from transformers.utils import logging as transformers_logging

    # Its report of weights goes to the terminal in colours; what is missing is told below.
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        _set_dropout(config, "encoder", hidden_dropout)
        _set_dropout(config, "attention", attention_dropout)
        model_class = AutoModelForSeq2SeqLM if kind == "seq2seq" else AutoModel
        backbone, loading_info = model_class.from_pretrained(
            folder,
            config=config,
            trust_remote_code=False,
            use_safetensors=True,
            dtype=torch.float32,
            attn_implementation=attention,
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelSourceError(f"{folder} holds no readable checkpoint: {error}; {mend}") from error
    _check_complete(folder, loading_info["missing_keys"], mend=mend)
    if getattr(backbone, "pooler", None) is not None:
        # The heads pool; an unused layer would only be saved and synchronised.
        backbone.pooler = None
    return backbone


def _set_dropout(
    config: "PreTrainedConfig", kind: Literal["encoder", "attention"], probability: float
) -> None:
    fields = [field for field in DROPOUT_FIELDS[kind] if hasattr(config, field)]
    for field in fields:
        setattr(config, field, probability)
    if probability and not fields:
        raise ConfigurationError(
            f"training.regularisation.{kind}_dropout is {probability}, but models of type "
            f"{config.model_type!r} have no such dropout; set it to 0 (parameters/training.yml)"
        )


def _check_complete(folder: Path, missing_keys: Collection[str], *, mend: str) -> None:
    """Checks that no weight was drawn at random, but those of a pooler, which is not used."""
    names = sorted(name for name in missing_keys if "pooler" not in name.split("."))
    if names:
        listed = ", ".join(names[:MAX_LISTED])
        more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
        raise ModelSourceError(f"{folder} lacks the weights {listed}{more}; {mend}")


def build_network(
    backbone: "PreTrainedModel",
    tasks: Mapping[str, Task],
    *,
    pooling: Pooling,
    head_dropout: float,
    conditioning: "ConditioningLayer | None" = None,
) -> MultiTaskNetwork:
    """The backbone with a freshly initialised head for each task."""
    hidden_size = backbone.config.hidden_size
    heads = {
        name: task.head(hidden_size, pooling=pooling, dropout=head_dropout)
        for name, task in tasks.items()
    }
    return MultiTaskNetwork(backbone, heads, tasks, conditioning)
