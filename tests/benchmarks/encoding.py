"""Texts to vectors: `ours`, or `plain`, sentence-transformers on the same checkpoint and texts.

Both read `query: ` in front, take the mean of the states, and give vectors of length 1. The plain
way is its default: fp32, sorted by length, padded batches of 32. Also told is the mean cosine of a
text's two vectors, ours and that of fp32.
"""

import sys
from typing import Any

import numpy as np
from tests.benchmarks.corpus import load_encoder_checkpoint, load_rows
from tests.benchmarks.measuring import Stopwatch, report
from tests.benchmarks.sentence_encoder import load_sentence_encoder

from ccnlp.models.embedding import embed_texts

PREFIX = "query: "
MAX_LENGTH_TOKENS = 128


def run(way: str, limit: int) -> dict[str, Any]:
    """Texts a second."""
    encoder = load_encoder_checkpoint()
    texts = load_rows(limit)["text"].tolist()
    watch = Stopwatch()
    if way == "ours":
        with watch.running():
            vectors = embed_texts(
                encoder, texts, prefix=PREFIX, max_length_tokens=MAX_LENGTH_TOKENS
            )
    else:
        with watch.running():
            model = load_sentence_encoder(encoder, max_length_tokens=MAX_LENGTH_TOKENS)
            vectors = model.encode([PREFIX + text for text in texts], normalize_embeddings=True)
    exact = embed_texts(
        encoder, texts[:200], prefix=PREFIX, max_length_tokens=MAX_LENGTH_TOKENS, precision="fp32"
    )
    return {
        "rows": len(texts),
        "seconds": watch.seconds,
        "rows_per_second": len(texts) / watch.seconds,
        "cosine_to_fp32": float(np.mean((vectors[:200] * exact).sum(axis=1))),
    }


if __name__ == "__main__":
    report(lambda: run(sys.argv[1], int(sys.argv[2])))
