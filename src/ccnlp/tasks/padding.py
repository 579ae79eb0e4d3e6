"""Sequences of unequal length as one tensor."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def pad_token_ids(
    sequences: Sequence[Sequence[int]], *, pad_token_id: int
) -> "tuple[torch.Tensor, torch.Tensor]":
    """Ids, padded at their ends, and the mask of what is no padding; both (batch, longest).

    Args:
        sequences: token ids of each text; at least one.
        pad_token_id: fills the ends.
    """
    import torch

    lengths = np.array([len(ids) for ids in sequences])
    mask = np.arange(lengths.max()) < lengths[:, None]
    ids = np.full(mask.shape, pad_token_id, dtype=np.int64)
    ids[mask] = np.concatenate(sequences)
    return torch.from_numpy(ids), torch.from_numpy(mask.astype(np.int64))
