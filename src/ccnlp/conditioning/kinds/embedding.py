"""A learned vector a culture, the sum of those of its attributes."""

from typing import TYPE_CHECKING, ClassVar

from ccnlp.conditioning.base import CONDITIONINGS, Conditioning
from ccnlp.conditioning.parameters import CultureParameters

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from ccnlp.conditioning.layers import ConditioningLayer


@CONDITIONINGS.register("embedding")
class EmbeddingConditioning(Conditioning):
    """A culture that training has not seen still has the vectors of its subregion and language."""

    name: ClassVar[str] = "embedding"

    @classmethod
    def fields(cls, parameters: CultureParameters) -> tuple[str, ...]:
        """Those whose vectors are summed."""
        return parameters.embedding.fields

    def layer(
        self, backbone: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase"
    ) -> "ConditioningLayer":
        """Vectors of zeros, so that the start is the unconditioned network."""
        from ccnlp.conditioning.encoders import check_reads_embeddings
        from ccnlp.conditioning.layers import AddedVectors, GatingVectors

        del tokenizer
        if self.parameters.embedding.combination == "gate":
            return GatingVectors(self.keys.num_values, backbone.config.hidden_size)
        width = check_reads_embeddings(backbone, conditioning=self.name)
        return AddedVectors(self.keys.num_values, width)
