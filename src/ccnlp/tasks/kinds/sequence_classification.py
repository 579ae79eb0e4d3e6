"""One label for a whole text: sentiment, topic, intent."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from ccnlp.metrics import classification_metrics
from ccnlp.tasks.base import TASKS, Batch, Calibration, Features, Pooling, Task
from ccnlp.tasks.confidence import calibrate_labels, temperature_in
from ccnlp.tasks.label_sets import check_labels, why_unknown
from ccnlp.tasks.padding import pad_token_ids
from ccnlp.tasks.plain_text import Ids
from ccnlp.tasks.sequences import encode_texts
from ccnlp.tasks.served import AnswerForm, shares_by_label

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PreTrainedTokenizerBase


@TASKS.register("sequence_classification")
class SequenceClassification(Task):
    """Predicts one of `labels` for `text`, with its context if the parameter `context` asks so."""

    input_columns: ClassVar[tuple[str, ...]] = ("text",)
    target_columns: ClassVar[tuple[str, ...]] = ("label",)
    can_read_context: ClassVar[bool] = True
    is_calibrated: ClassVar[bool] = True
    hub_task: ClassVar[str] = "text-classification"
    answer_columns: ClassVar[Mapping[str, AnswerForm]] = {
        "label": "text",
        "confidence": "number",
        "probabilities": "shares",
    }
    primary_metric: str = "macro_f1"

    @property
    def target_description(self) -> str:
        """The label."""
        return "one label a row"

    def check_parameters(self) -> None:
        """At least two labels, each once, as cells hold them: not empty, and no spaces around."""
        check_labels(self.labels, f"task {self.name!r}: labels")

    def validate(self, rows: pd.DataFrame) -> pd.Series:
        """A label outside the set cannot be used."""
        return why_unknown(rows["label"], self.labels)

    def encode(
        self,
        rows: pd.DataFrame,
        tokenizer: "PreTrainedTokenizerBase",
        *,
        max_length_tokens: int,
    ) -> dict[str, Sequence[Any]]:
        """Token ids cut to `max_length_tokens`, special tokens included, and the label's index."""
        sequences, lengths = self.encode_inputs(
            rows, tokenizer, max_length_tokens=max_length_tokens
        )
        features: dict[str, Sequence[Any]] = {
            "input_ids": sequences,
            "num_tokens_before_truncation": lengths,
        }
        return features | self.encode_targets(rows)

    def encode_targets(self, rows: pd.DataFrame) -> dict[str, Sequence[Any]]:
        """The index of each label under `target`; nothing of rows without labels, as in serving."""
        if "label" not in rows:
            return {}
        index = {label: i for i, label in enumerate(self.labels)}
        return {"target": [index[label] for label in rows["label"]]}

    def encode_inputs(
        self,
        rows: pd.DataFrame,
        tokenizer: "PreTrainedTokenizerBase",
        *,
        max_length_tokens: int,
    ) -> tuple[list[Ids], list[int]]:
        """What the model reads of each row, cut, and how many tokens it was before."""
        return encode_texts(
            rows,
            tokenizer,
            reading=self.parameters.context,
            max_length_tokens=max_length_tokens,
        )

    def collate(self, features: Sequence[Features], *, pad_token_id: int) -> Batch:
        """`input_ids`, `attention_mask` (batch, sequence) and `target` (batch,).

        Where the target is a number for each label, it has shape (batch, labels) and is in fp32.
        """
        import torch

        sequences = [feature["input_ids"] for feature in features]
        input_ids, attention_mask = pad_token_ids(sequences, pad_token_id=pad_token_id)
        batch = {"input_ids": input_ids, "attention_mask": attention_mask}
        if "target" in features[0]:
            targets = np.array([feature["target"] for feature in features])
            dtype = np.float32 if targets.ndim > 1 else np.int64
            batch["target"] = torch.from_numpy(targets.astype(dtype))
        return batch

    def head(self, hidden_size: int, *, pooling: Pooling, dropout: float) -> "nn.Module":
        """Pools the states and maps them to one logit a label."""
        from ccnlp.tasks.heads import PooledClassifier

        return PooledClassifier(hidden_size, len(self.labels), pooling=pooling, dropout=dropout)

    def losses(
        self, outputs: "torch.Tensor", batch: Batch, *, label_smoothing: float
    ) -> "torch.Tensor":
        """Cross-entropy of each text, in fp32."""
        from torch.nn import functional

        return functional.cross_entropy(
            outputs.float(), batch["target"], label_smoothing=label_smoothing, reduction="none"
        )

    def decode(
        self, outputs: "torch.Tensor", batch: Batch, tokenizer: "PreTrainedTokenizerBase"
    ) -> pd.DataFrame:
        """The most probable label; the first in the order of `labels` on a tie."""
        del batch, tokenizer
        probabilities = (
            (outputs.float() / temperature_in(self.calibration)).softmax(dim=-1).cpu().numpy()
        )
        best = probabilities.argmax(axis=1)
        return pd.DataFrame(
            {
                "prediction": np.asarray(self.labels, dtype=object)[best],
                "confidence": probabilities[np.arange(len(best)), best],
                "probabilities": list(probabilities),
            }
        )

    def calibrate(self, predictions: pd.DataFrame) -> Calibration:
        """The temperature under which the labels of validation rows are likeliest."""
        columns = predictions["reference"], predictions["probabilities"]
        return calibrate_labels(self.labels, *columns)

    def tell(self, predicted: pd.DataFrame, request: pd.DataFrame) -> pd.DataFrame:
        """The label, how sure it is, and the probability of each label."""
        del request
        return pd.DataFrame(
            {
                "label": predicted["prediction"].astype("object"),
                "confidence": predicted["confidence"].astype("float64"),
                "probabilities": shares_by_label(self.labels, predicted["probabilities"]),
            }
        )

    def reference(self, rows: pd.DataFrame) -> pd.Series:
        """The label."""
        return rows["label"]

    def score(self, predictions: pd.DataFrame) -> dict[str, float]:
        """Macro-F1, accuracy, average recall and calibration error over `labels`."""
        return classification_metrics(
            predictions["reference"],
            predictions["prediction"],
            predictions["confidence"],
            labels=self.labels,
        )
