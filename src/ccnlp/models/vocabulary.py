"""Training with only the embedding rows that occur, without losing the others.

A multilingual table of 250,000 rows holds most of a small encoder's parameters, and a corpus
touches a few thousand of them. The optimiser's state and the gradient of the rest are pure cost.
"""

import logging
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    import numpy as np
    from transformers import PreTrainedModel

logger = logging.getLogger(__name__)


class TrimmedEmbedding(nn.Module):
    """The rows `token_ids` of an embedding table, looked up by their ids in the full table.

    Nothing else needs to know of the trimming: inputs keep their token ids.

    Args:
        full: the table, shape (vocabulary, hidden); kept aside, neither trained nor saved.
        token_ids: sorted ids of the rows to train.
    """

    lookup: Tensor

    def __init__(self, full: nn.Embedding, token_ids: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(full.weight.detach()[token_ids].clone())
        # Ids outside the trimmed table point past its end, so that using one is an IndexError.
        lookup = torch.full((full.num_embeddings,), len(token_ids), dtype=torch.long)
        lookup[token_ids] = torch.arange(len(token_ids))
        self.register_buffer("lookup", lookup, persistent=False)
        self._full = [full]  # in a list, so that it is not a submodule
        self._token_ids = token_ids

    def forward(self, input_ids: Tensor) -> Tensor:
        """Embeddings (batch, sequence, hidden) of ids (batch, sequence)."""
        return functional.embedding(self.lookup[input_ids], self.weight)

    def restored(self) -> nn.Embedding:
        """The full table with the trained rows in their places."""
        full = self._full[0]
        with torch.no_grad():
            full.weight[self._token_ids] = self.weight.detach().to(full.weight)
        return full


def trim_embeddings(encoder: "PreTrainedModel", token_ids: "np.ndarray") -> None:
    """Replaces the encoder's word embeddings by the rows of `token_ids`, in place.

    A table that does more than look up, such as to scale the rows, is left as it is: the rows
    alone would not do it.
    """
    full = encoder.get_input_embeddings()
    if type(full) is not nn.Embedding:
        logger.info(
            "training: all embedding rows are trained, as %s does more than look them up",
            type(full).__name__,
        )
        return
    encoder.set_input_embeddings(TrimmedEmbedding(full, torch.tensor(token_ids)))


def restore_embeddings(encoder: "PreTrainedModel") -> None:
    """Puts the full table back, with the trained rows in it, in place; no-op if untrimmed."""
    trimmed = encoder.get_input_embeddings()
    if isinstance(trimmed, TrimmedEmbedding):
        encoder.set_input_embeddings(trimmed.restored())
