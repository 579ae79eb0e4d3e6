"""Texts as vectors of a frozen encoder."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ccnlp import progress
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.tokenisation.batching import length_sorted_batches

TOKENS_PER_BATCH = 8192


def embed_texts(
    checkpoint: EncoderCheckpoint,
    texts: Sequence[str],
    *,
    prefix: str = "query: ",
    max_length_tokens: int = 512,
    tokens_per_batch: int = TOKENS_PER_BATCH,
) -> npt.NDArray[np.float32]:
    """Vectors of length 1, shape (texts, hidden), in the order of `texts`.

    Args:
        checkpoint: the encoder.
        texts: any texts; an empty one has the vector of the prefix.
        prefix: put in front of each text, as the encoder was trained with.
        max_length_tokens: tokens a text is cut to.
        tokens_per_batch: most tokens of a batch, padding included.
    """
    import torch
    from transformers import AutoTokenizer

    from ccnlp.models.network import load_encoder
    from ccnlp.models.precision import autocast, choose_device
    from ccnlp.tasks.heads import pool

    tokenizer = AutoTokenizer.from_pretrained(checkpoint.folder, trust_remote_code=False)
    device = choose_device()
    encoder = load_encoder(checkpoint.folder, attention="sdpa").to(device).eval()
    vectors: npt.NDArray[np.float32] = np.zeros(
        (len(texts), encoder.config.hidden_size), dtype=np.float32
    )
    if not len(texts):
        return vectors
    encoded: dict[str, Any] = tokenizer(
        [prefix + text for text in texts],
        truncation=True,
        max_length=max_length_tokens,
        return_attention_mask=False,
    )
    lengths = np.array([len(ids) for ids in encoded["input_ids"]], dtype=np.int64)
    batches = length_sorted_batches(lengths, tokens_per_batch=tokens_per_batch)
    for rows in progress.track(batches, "batches of texts embedded"):
        batch = tokenizer.pad(
            {"input_ids": [encoded["input_ids"][row] for row in rows]}, return_tensors="pt"
        ).to(device)
        with torch.inference_mode(), autocast(device, "auto"):
            states = encoder(**batch).last_hidden_state
        pooled = pool(states.float(), batch["attention_mask"], pooling="mean")
        vectors[rows] = torch.nn.functional.normalize(pooled, dim=-1).cpu().numpy()
    return vectors
