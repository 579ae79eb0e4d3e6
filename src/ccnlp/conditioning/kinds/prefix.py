"""Tokens that name the culture, the language or the domain, in front of the text."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from ccnlp.conditioning.base import CONDITIONINGS, Conditioning
from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.examples import UNKNOWN
from ccnlp.tasks.frames import Frame
from ccnlp.tasks.plain_text import text_ids

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from ccnlp.conditioning.layers import ConditioningLayer


@CONDITIONINGS.register("prefix")
class PrefixConditioning(Conditioning):
    """Special tokens such as `<culture:MX>`, behind the mark that a text begins with.

    Heads see the states of the text alone, as they would without a prefix. The embeddings of the
    tokens are trained in the layer, at the heads' learning rate and also where those of the encoder
    are frozen, and stand in the saved checkpoint as the rows of tokens of its tokenizer.
    """

    name: ClassVar[str] = "prefix"

    @classmethod
    def fields(cls, parameters: CultureParameters) -> tuple[str, ...]:
        """Those that are told, a token each."""
        return parameters.prefix.fields

    @classmethod
    def num_added_tokens(cls, parameters: CultureParameters) -> int:
        """A token a field."""
        return len(parameters.prefix.fields)

    def tokens(self) -> dict[str, str]:
        """The tokens in the order of the layer's rows, with the English names they begin as."""
        return dict(self._tokens())

    def _tokens(self) -> Iterator[tuple[str, str]]:
        for field, values in zip(self.keys.fields, self.keys.values, strict=True):
            for value in (UNKNOWN, *values):
                yield f"<{field}:{value}>", self.keys.atlas.name(field, value)

    def layer(
        self, backbone: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase"
    ) -> "ConditioningLayer":
        """Each token as the mean of those of its English name, or as it is in the tokenizer."""
        from ccnlp.conditioning.encoders import check_reads_embeddings
        from ccnlp.conditioning.layers import PrefixTokens

        check_reads_embeddings(backbone, conditioning=self.name)
        return PrefixTokens(
            self._embed_names(backbone, tokenizer),
            self.keys.num_values,
            position=len(Frame.of_text(tokenizer).before),
        )

    def _embed_names(
        self, backbone: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase"
    ) -> "torch.Tensor":
        import torch

        from ccnlp.conditioning.encoders import encoder_of

        embeddings, vocabulary = encoder_of(backbone).get_input_embeddings(), tokenizer.get_vocab()
        tokens = self.tokens()
        name_ids = text_ids(list(tokens.values()), tokenizer)
        token_ids = [
            [vocabulary[token]] if token in vocabulary else ids
            for token, ids in zip(tokens, name_ids, strict=True)
        ]
        with torch.no_grad():
            rows = [embeddings(torch.tensor(ids)).mean(dim=0) for ids in token_ids]
        return torch.stack(rows)

    def finish(
        self,
        layer: "ConditioningLayer",
        backbone: "PreTrainedModel",
        tokenizer: "PreTrainedTokenizerBase",
    ) -> None:
        """Gives the tokenizer the tokens, and the table of embeddings their rows.

        A backbone that writes text keeps its vocabulary: it could write the new tokens.
        """
        import torch

        if backbone.get_output_embeddings() is not None:
            return
        tokens = list(self.tokens())
        tokenizer.add_tokens(tokens, special_tokens=True)
        num_rows = backbone.get_input_embeddings().weight.shape[0]
        if len(tokenizer) > num_rows:
            backbone.resize_token_embeddings(len(tokenizer), mean_resizing=False)
        embeddings = backbone.get_input_embeddings()
        token_ids = torch.tensor(
            tokenizer.convert_tokens_to_ids(tokens), device=embeddings.weight.device
        )
        with torch.no_grad():
            scale = embeddings(token_ids[:1]).norm() / embeddings.weight[token_ids[:1]].norm()
            embeddings.weight[token_ids] = (
                layer.get_parameter("rows").detach().to(embeddings.weight) / scale
            )
