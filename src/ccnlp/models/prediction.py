"""From encoded texts to decoded predictions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ccnlp.conditioning.batches import collate
from ccnlp.models.precision import PrecisionChoice, autocast, choose_device
from ccnlp.tasks.base import Features, Task
from ccnlp.tokenisation.batching import length_sorted_batches

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from ccnlp.models.network import MultiTaskNetwork

TOKENS_PER_BATCH = 8192


def predict_features(
    network: "MultiTaskNetwork",
    task: Task,
    features: Sequence[Features],
    *,
    window_of: "np.ndarray",
    tokenizer: "PreTrainedTokenizerBase",
    quoted: "pd.Series | None" = None,
    tokens_per_batch: int = TOKENS_PER_BATCH,
    precision: PrecisionChoice = "auto",
) -> pd.DataFrame:
    """The task's predictions, a row an example, in the order of the examples.

    Args:
        network: in evaluation mode.
        task: of the features.
        features: at least one.
        window_of: position of the example that each feature belongs to; shape (features,).
        tokenizer: that made the features.
        quoted: the examples' `quoted_column`, in their order, where the task has one.
        tokens_per_batch: most tokens of a batch, padding included; bounds the memory.
        precision: of the products.
    """
    decoded = decode_pieces(
        network,
        task,
        task.pieces(features),
        tokenizer=tokenizer,
        tokens_per_batch=tokens_per_batch,
        precision=precision,
    )
    settled = task.settle(decoded, features, window_of).reset_index(drop=True)
    return task.as_sure(task.write(settled, quoted))


def decode_pieces(
    network: "MultiTaskNetwork",
    task: Task,
    pieces: Sequence[Features],
    *,
    tokenizer: "PreTrainedTokenizerBase",
    tokens_per_batch: int = TOKENS_PER_BATCH,
    precision: PrecisionChoice = "auto",
) -> pd.DataFrame:
    """What the task decodes of each piece, in their order.

    Args:
        network: in evaluation mode.
        task: of the pieces.
        pieces: at least one.
        tokenizer: that made them.
        tokens_per_batch: most tokens of a batch, padding included; bounds the memory.
        precision: of the products.
    """
    import torch

    device = choose_device()
    network.to(device)
    lengths = np.array([len(piece["input_ids"]) for piece in pieces], dtype=np.int64)
    lengths += network.num_added_tokens
    batches = length_sorted_batches(lengths, tokens_per_batch=tokens_per_batch)
    decoded = []
    # One context around all batches: it keeps the weights that it has cast.
    with torch.inference_mode(), autocast(device, precision):
        for piece_indices in batches:
            batch_pieces = [pieces[index] for index in piece_indices]
            batch = collate(task, batch_pieces, pad_token_id=tokenizer.pad_token_id)
            batch = {name: tensor.to(device) for name, tensor in batch.items()}
            outputs = network.infer(task=task.name, batch=batch)
            decoded.append(task.decode(outputs, batch, tokenizer))
    order = np.argsort(np.concatenate(batches))
    return pd.concat(decoded, ignore_index=True).iloc[order].reset_index(drop=True)
