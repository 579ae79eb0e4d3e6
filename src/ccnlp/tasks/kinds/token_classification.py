"""A tag for each word, and so spans of words with a type: named entities."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import pandas as pd

from ccnlp.tasks.base import TASKS, Batch, Pooling
from ccnlp.tasks.confidence import CONFIDENCE
from ccnlp.tasks.entity_tallies import entity_metrics, entity_supports, tally_entities
from ccnlp.tasks.served import AnswerForm
from ccnlp.tasks.tallied import Sums, read_answer
from ccnlp.tasks.word_tagging import SCORES, WordTagging

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PreTrainedTokenizerBase


@TASKS.register("token_classification")
class TokenClassification(WordTagging):
    """Predicts `tags` of the words in `tokens`; `labels` are the types, such as PER and LOC."""

    target_columns: ClassVar[tuple[str, ...]] = ("tags",)
    hub_task: ClassVar[str] = "token-classification"
    answer_columns: ClassVar[Mapping[str, AnswerForm]] = {
        "entities": "spans",
        "confidence": "number",
    }
    primary_metric: str = "entity_f1"

    def check_parameters(self) -> None:
        """At least one type."""
        self.check_types("labels")

    @property
    def target_values(self) -> tuple[str, ...]:
        """The tags."""
        return self.tag_set.tags

    def head(self, hidden_size: int, *, pooling: Pooling, dropout: float) -> "nn.Module":
        """Maps each state to one logit a tag."""
        from ccnlp.tasks.heads import TokenClassifier

        del pooling
        return TokenClassifier(hidden_size, len(self.tag_set), dropout=dropout)

    def losses(
        self, outputs: "torch.Tensor", batch: Batch, *, label_smoothing: float
    ) -> "torch.Tensor":
        """The mean cross-entropy of the words of each entry."""
        return self.tag_losses(outputs, batch, label_smoothing=label_smoothing)

    def divergence(
        self, first: "torch.Tensor", second: "torch.Tensor", batch: Batch
    ) -> "torch.Tensor":
        """As of one label, averaged over the words."""
        return self.tag_divergence(first, second, batch)

    def decode(
        self, outputs: "torch.Tensor", batch: Batch, tokenizer: "PreTrainedTokenizerBase"
    ) -> pd.DataFrame:
        """The most probable tags as JSON; the confidence is that of the least sure word."""
        del tokenizer
        read = self.read_tags(outputs, batch)
        return pd.DataFrame(
            {
                "prediction": [self.write_tags(tags) for tags in read.tags],
                "probabilities": None,
                CONFIDENCE: read.confidence,
                SCORES: read.scores,
            }
        )

    def tell(self, predicted: pd.DataFrame, request: pd.DataFrame) -> pd.DataFrame:
        """The entities with their characters in the text, and how sure all of them are."""
        entities = pd.Series(self.marked_in(predicted, request), predicted.index, dtype="object")
        confidence = predicted["confidence"].astype("float64")
        return pd.DataFrame({"entities": entities, "confidence": confidence})

    def tallies(self, predictions: pd.DataFrame) -> Sums:
        """Entities found, there and predicted, by type, and words tagged right."""
        return tally_entities(
            [read_answer(answer) for answer in predictions["reference"]],
            [read_answer(answer) for answer in predictions["prediction"]],
            self.tag_set,
        )

    def supports(self, sums: Sums) -> dict[str, Sums]:
        """How many entities of each type are there."""
        return entity_supports(sums, self.tag_set)

    def metrics(self, sums: Sums) -> dict[str, Sums]:
        """`entity_f1`, `entity_precision`, `entity_recall`, `token_accuracy` and `f1:TYPE`."""
        return entity_metrics(sums, self.tag_set, name="entity")
