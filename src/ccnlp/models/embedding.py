"""Texts as vectors of a frozen encoder."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ccnlp import progress
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.models.precision import PrecisionChoice
from ccnlp.tasks.padding import pad_token_ids
from ccnlp.tasks.sequences import encode_alone
from ccnlp.tokenisation.batching import length_sorted_batches

TOKENS_PER_BATCH = 4096
"""The fastest of 1,024 to 16,384 on two cores: larger states no longer fit the caches."""


def embed_texts(
    checkpoint: EncoderCheckpoint,
    texts: Sequence[str],
    *,
    prefix: str | None = None,
    max_length_tokens: int = 512,
    tokens_per_batch: int = TOKENS_PER_BATCH,
    precision: PrecisionChoice = "auto",
) -> npt.NDArray[np.float32]:
    """Vectors of length 1, shape (texts, hidden), in the order of `texts`.

    Args:
        checkpoint: the encoder.
        texts: any texts, each read after the prefix; an empty one has its vector.
        prefix: in place of the checkpoint's own.
        max_length_tokens: tokens a text is cut to, where the encoder reads that many.
        tokens_per_batch: most tokens of a batch, padding included.
        precision: of the weights and states; the mean over tokens is taken in fp32.
    """
    import torch

    from ccnlp.models.network import load_backbone
    from ccnlp.models.precision import choose_device, choose_precision
    from ccnlp.tasks.heads import pool

    tokenizer = checkpoint.load_tokenizer()
    device = choose_device()
    encoder = load_backbone(checkpoint.folder).to(device).eval()
    if choose_precision(device, precision) == "bf16":
        # No gradient needs fp32 here, and casting once beats autocast's casts by a third.
        encoder.to(torch.bfloat16)
    vectors: npt.NDArray[np.float32] = np.zeros(
        (len(texts), encoder.config.hidden_size), dtype=np.float32
    )
    if not len(texts):
        return vectors
    input_ids, _ = encode_alone(
        [(checkpoint.prefix if prefix is None else prefix) + text for text in texts],
        tokenizer,
        max_length_tokens=min(max_length_tokens, tokenizer.model_max_length),
    )
    lengths = np.array([len(ids) for ids in input_ids], dtype=np.int64)
    batches = length_sorted_batches(lengths, tokens_per_batch=tokens_per_batch)
    with torch.inference_mode():
        for row_indices in progress.track(batches, "batches of texts embedded"):
            batch_ids = [input_ids[index] for index in row_indices]
            padded_ids, mask = pad_token_ids(batch_ids, pad_token_id=tokenizer.pad_token_id)
            padded_ids, mask = padded_ids.to(device), mask.to(device)
            states = encoder(input_ids=padded_ids, attention_mask=mask).last_hidden_state
            pooled = pool(states, mask, pooling="mean")
            vectors[row_indices] = torch.nn.functional.normalize(pooled, dim=-1).cpu().numpy()
    return vectors
