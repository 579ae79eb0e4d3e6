"""What somebody wants, and the words that say with what: the intent and slots of an utterance."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import Field

from ccnlp.tasks.base import TASKS, Batch, Calibration, Features, Pooling
from ccnlp.tasks.bio import mend_seams
from ccnlp.tasks.confidence import CONFIDENCE, at_temperature, calibrate_labels, temperature_in
from ccnlp.tasks.entity_tallies import entity_metrics, entity_supports, tally_entities
from ccnlp.tasks.label_sets import check_labels, why_unknown
from ccnlp.tasks.parameters import KindOptions
from ccnlp.tasks.served import AnswerForm, shares_by_label
from ccnlp.tasks.tallied import Sums, read_answer, write_answer
from ccnlp.tasks.word_tagging import SCORES, WordTagging

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PreTrainedTokenizerBase


class IntentSlotsOptions(KindOptions):
    """`options` of kind intent_slots."""

    slot_types: tuple[str, ...] = Field(description="what the words of an utterance may be")


@TASKS.register("intent_slots")
class IntentSlots(WordTagging):
    """Predicts the intent, one of `labels`, and the slots' `tags` of the words in `tokens`.

    Both are read off the same states and learnt together (Chen et al. 2019). A prediction is a
    frame, `{"intent": …, "tags": […]}`. The primary metric asks for the whole frame: an assistant
    that sets an alarm for the wrong time was not right by half, and slots or intents alone would
    not see the other fail.
    """

    target_columns: ClassVar[tuple[str, ...]] = ("tags", "label")
    options_type: ClassVar[type[KindOptions]] = IntentSlotsOptions
    options: IntentSlotsOptions
    hub_task: ClassVar[str] = "token-classification"
    answer_columns: ClassVar[Mapping[str, AnswerForm]] = {
        "label": "text",
        "slots": "spans",
        "confidence": "number",
        "probabilities": "shares",
    }
    primary_metric: str = "exact_frame"

    def check_parameters(self) -> None:
        """At least two intents and one type of slot, each once."""
        self.check_types("options.slot_types")
        check_labels(self.labels, f"task {self.name!r}: labels")

    @property
    def types(self) -> tuple[str, ...]:
        """The types of slots."""
        return self.options.slot_types

    @property
    def answer_space(self) -> dict[str, Any]:
        """The intents and the types of slots."""
        return {**super().answer_space, "slot_types": set(self.types)}

    @property
    def target_values(self) -> tuple[str, ...]:
        """The intents and the tags."""
        return (*self.labels, *self.tag_set.tags)

    def validate(self, rows: pd.DataFrame) -> pd.Series:
        """Unknown intents, and what is wrong with tags."""
        return super().validate(rows).fillna(why_unknown(rows["label"], self.labels))

    def encode(
        self,
        rows: pd.DataFrame,
        tokenizer: "PreTrainedTokenizerBase",
        *,
        max_length_tokens: int,
    ) -> dict[str, Sequence[Any]]:
        """As of tags; `intent` is the number of the label."""
        features = super().encode(rows, tokenizer, max_length_tokens=max_length_tokens)
        if "label" in rows:
            codes = pd.Index(self.labels).get_indexer(pd.Index(rows["label"].astype("object")))
            features["intent"] = codes[np.asarray(features["window_of"], dtype=np.int64)].tolist()
        return features

    def collate(self, features: Sequence[Features], *, pad_token_id: int) -> Batch:
        """As of tags; `intent` (batch,)."""
        import torch

        batch = super().collate(features, pad_token_id=pad_token_id)
        if "intent" in features[0]:
            batch["intent"] = torch.tensor([int(feature["intent"]) for feature in features])
        return batch

    def head(self, hidden_size: int, *, pooling: Pooling, dropout: float) -> "nn.Module":
        """Maps the pooled states to intents and each state to tags; side by side in one row."""
        from ccnlp.tasks.heads import PooledAndTokenClassifier

        return PooledAndTokenClassifier(
            hidden_size, (len(self.labels), len(self.tag_set)), pooling=pooling, dropout=dropout
        )

    def losses(
        self, outputs: "torch.Tensor", batch: Batch, *, label_smoothing: float
    ) -> "torch.Tensor":
        """The cross-entropy of the intent and the mean one of the words, summed."""
        from torch.nn.functional import cross_entropy

        intents, tags = self._split_logits(outputs)
        intent_losses = cross_entropy(
            intents.float(), batch["intent"], label_smoothing=label_smoothing, reduction="none"
        )
        return intent_losses + self.tag_losses(tags, batch, label_smoothing=label_smoothing)

    def divergence(
        self, first: "torch.Tensor", second: "torch.Tensor", batch: Batch
    ) -> "torch.Tensor":
        """That of the intents and that of the words, summed."""
        first_intents, first_tags = self._split_logits(first)
        second_intents, second_tags = self._split_logits(second)
        intent_divergence = super().divergence(first_intents, second_intents, batch)
        return intent_divergence + self.tag_divergence(first_tags, second_tags, batch)

    def decode(
        self, outputs: "torch.Tensor", batch: Batch, tokenizer: "PreTrainedTokenizerBase"
    ) -> pd.DataFrame:
        """The frame as JSON, as sure as the less sure of intent and words.

        `probabilities` are those of the intents.
        """
        del tokenizer
        intent_logits, tag_logits = self._split_logits(outputs)
        probabilities = intent_logits.float().softmax(dim=-1).cpu().numpy()
        read = self.read_tags(tag_logits, batch)
        return pd.DataFrame(
            {
                "prediction": self.write_frames(probabilities.argmax(axis=1), read.tags),
                "probabilities": list(probabilities),
                CONFIDENCE: np.minimum(read.confidence, probabilities.max(axis=1)),
                SCORES: read.scores,
            }
        )

    def merge_windows(self, windows: pd.DataFrame) -> dict[str, Any]:
        """The tags in their order, with the intent that all windows together find likeliest."""
        probabilities = np.stack(windows["probabilities"].tolist()).mean(axis=0)
        tags = mend_seams([self.tags_in(answer) for answer in windows["prediction"]])
        (frame,) = self.write_frames(probabilities.argmax()[None], [tags])
        return {
            "prediction": frame,
            "confidence": min(float(windows["confidence"].min()), float(probabilities.max())),
            "probabilities": probabilities,
            SCORES: np.concatenate(windows[SCORES].tolist()),
        }

    def tags_in(self, answer: str) -> list[str]:
        """The tags of a frame."""
        tags: list[str] = read_answer(answer)["tags"]
        return tags

    def calibrate(self, predictions: pd.DataFrame) -> Calibration:
        """As of tags, and the temperature of intents."""
        intents = [read_answer(frame)["intent"] for frame in predictions["reference"]]
        temperature = calibrate_labels(self.labels, intents, predictions["probabilities"])
        return {**super().calibrate(predictions), **temperature}

    def as_sure(self, predictions: pd.DataFrame) -> pd.DataFrame:
        """As of tags, and the probabilities of intents at their temperature.

        It comes last, as the scale of the confidence was chosen on what is as sure as they were.
        """
        shares = np.stack(predictions["probabilities"].tolist())
        scaled = at_temperature(shares, temperature_in(self.calibration)).astype(np.float32)
        return super().as_sure(predictions).assign(probabilities=list(scaled))

    def tell(self, predicted: pd.DataFrame, request: pd.DataFrame) -> pd.DataFrame:
        """The intent, the slots with their characters, and how sure the whole frame is."""
        intents = [read_answer(frame)["intent"] for frame in predicted["prediction"]]
        slots = self.marked_in(predicted, request)
        return pd.DataFrame(
            {
                "label": pd.Series(intents, index=predicted.index, dtype="object"),
                "slots": pd.Series(slots, index=predicted.index, dtype="object"),
                CONFIDENCE: predicted["confidence"].astype("float64"),
                "probabilities": shares_by_label(self.labels, predicted["probabilities"]),
            }
        )

    def write_frames(self, intents: "np.ndarray[Any, Any]", tags: list[list[str]]) -> list[str]:
        """Frames in the form of predictions, of the intents' numbers and the words' tags."""
        return [
            write_answer({"intent": self.labels[intent], "tags": list(row_tags)})
            for intent, row_tags in zip(intents.tolist(), tags, strict=True)
        ]

    def reference(self, rows: pd.DataFrame) -> pd.Series:
        """The frame as JSON."""
        pairs = zip(rows["label"], rows["tags"], strict=True)
        frames = [
            write_answer({"intent": str(intent), "tags": list(tags)}) for intent, tags in pairs
        ]
        return pd.Series(frames, index=rows.index, dtype="string")

    def tallies(self, predictions: pd.DataFrame) -> Sums:
        """As of entities, then right intents, right frames and rows."""
        references = [read_answer(answer) for answer in predictions["reference"]]
        predicted = [read_answer(answer) for answer in predictions["prediction"]]
        slots = tally_entities(
            [frame["tags"] for frame in references],
            [frame["tags"] for frame in predicted],
            self.tag_set,
        )
        pairs = list(zip(references, predicted, strict=True))
        is_right = np.array(
            [true["intent"] == frame["intent"] for true, frame in pairs], dtype=bool
        )
        is_exact = np.array([true == frame for true, frame in pairs], dtype=bool)
        return np.column_stack([slots, is_right, is_exact, np.ones(len(pairs))]).astype(np.float64)

    def supports(self, sums: Sums) -> dict[str, Sums]:
        """How many entities of each type are there."""
        return entity_supports(sums[..., :-3], self.tag_set)

    def metrics(self, sums: Sums) -> dict[str, Sums]:
        """`exact_frame`, `intent_accuracy`, and `slot_f1` with those of entities."""
        num_right, num_exact, num_rows = sums[..., -3], sums[..., -2], sums[..., -1]
        with np.errstate(invalid="ignore", divide="ignore"):
            metrics = {"exact_frame": num_exact / num_rows, "intent_accuracy": num_right / num_rows}
        return metrics | entity_metrics(sums[..., :-3], self.tag_set, name="slot")

    def _split_logits(self, outputs: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
        """Logits of intents (batch, labels) and of tags (batch, sequence, tags)."""
        intents, tags = outputs[:, : len(self.labels)], outputs[:, len(self.labels) :]
        return intents, tags.reshape(len(outputs), -1, len(self.tag_set))
