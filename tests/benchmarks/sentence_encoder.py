"""The bundled encoder as a model of sentence-transformers."""

from typing import TYPE_CHECKING

from ccnlp.models.checkpoint import EncoderCheckpoint

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


def load_sentence_encoder(
    encoder: EncoderCheckpoint, *, max_length_tokens: int
) -> "SentenceTransformer":
    """With the mean of the states as vectors; on the processor, as it was pretrained."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer

    transformer = Transformer(str(encoder.folder), max_seq_length=max_length_tokens)
    pooling = Pooling(transformer.get_embedding_dimension(), pooling_mode="mean")
    return SentenceTransformer(modules=[transformer, pooling])
