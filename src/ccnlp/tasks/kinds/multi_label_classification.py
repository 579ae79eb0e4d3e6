"""A set of labels for a whole text, which may be empty: emotions, topics, who is targeted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.tasks.base import TASKS, Batch
from ccnlp.tasks.confidence import MIN_ROWS, choose_scale, rescale
from ccnlp.tasks.kinds.sequence_classification import SequenceClassification
from ccnlp.tasks.label_sets import unknown_label
from ccnlp.tasks.served import AnswerForm, shares_by_label
from ccnlp.tasks.tallied import Flags as Absent
from ccnlp.tasks.tallied import Sums, TalliedTask, absent_labels, f1, read_answer, write_answer
from ccnlp.tasks.thresholds import HALF, choose_thresholds

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

Flags = npt.NDArray[np.bool_]

THRESHOLDS = "thresholds"
"""The part of the calibration that holds a probability for each label."""

PROBABILITIES = "probabilities"
"""The part that holds their scale."""


@TASKS.register("multi_label_classification")
class MultiLabelClassification(TalliedTask, SequenceClassification):
    """Predicts which of `labels` apply to `text`, each by itself: none, some or all of them.

    A label is given from a probability on: 0.5, and once the weights are chosen the one that gives
    its best F1 on validation, where enough rows have the label.
    """

    target_columns: ClassVar[tuple[str, ...]] = ("labels",)
    list_columns: ClassVar[tuple[str, ...]] = ("labels",)
    emptiable_columns: ClassVar[tuple[str, ...]] = ("labels",)
    answer_columns: ClassVar[Mapping[str, AnswerForm]] = {
        "labels": "texts",
        "confidence": "number",
        "probabilities": "shares",
    }
    primary_metric: str = "macro_f1"
    """Not micro-F1: a rare label counts as much as a frequent one, as in the other kinds."""

    @property
    def thresholds(self) -> npt.NDArray[np.float64]:
        """The probability from which on each label is given; shape (labels,)."""
        chosen = self.calibration.get(THRESHOLDS, {})
        return np.array([chosen.get(label, HALF) for label in self.labels])

    def validate(self, rows: pd.DataFrame) -> pd.Series:
        """What is no list, a label outside the set and a label named twice cannot be used."""
        reasons = [self._why_unusable(labels) for labels in rows["labels"]]
        return pd.Series(reasons, index=rows.index, dtype="string")

    def _why_unusable(self, labels: object) -> str | None:
        if not isinstance(labels, list | tuple | np.ndarray):
            return f"labels is no list: {labels!r}"
        for label, times in Counter(labels).items():
            if label not in self.labels:
                return unknown_label(label, self.labels)
            if times > 1:
                return f"label {label!r} is named twice"
        return None

    def encode(
        self,
        rows: pd.DataFrame,
        tokenizer: "PreTrainedTokenizerBase",
        *,
        max_length_tokens: int,
    ) -> dict[str, Sequence[Any]]:
        """As of one label a text; the target says of each label whether it applies."""
        inputs = rows[self.columns_read(rows)]
        features = super().encode(inputs, tokenizer, max_length_tokens=max_length_tokens)
        if "labels" in rows:
            features["target"] = list(self.flags(rows["labels"]).astype(np.int8))
        return features

    def losses(
        self, outputs: "torch.Tensor", batch: Batch, *, label_smoothing: float
    ) -> "torch.Tensor":
        """The mean binary cross-entropy of the labels of each text, in nats and fp32; (batch,).

        Smoothing moves each target as far towards 0.5 as softmax's moves it towards equal shares.
        """
        from torch.nn import functional

        target = batch["target"] * (1 - label_smoothing) + label_smoothing / 2
        losses = functional.binary_cross_entropy_with_logits(
            outputs.float(), target, reduction="none"
        )
        return losses.mean(dim=-1)

    def divergence(
        self, first: "torch.Tensor", second: "torch.Tensor", batch: Batch
    ) -> "torch.Tensor":
        """How far two passes over one batch differ; a scalar.

        The mean of both Kullback–Leibler divergences of each label's two outcomes, averaged over
        labels and batch. For p and q with the logits x and y their sum is (p - q)(x - y).
        """
        del batch
        x, y = first.float(), second.float()
        return ((x.sigmoid() - y.sigmoid()) * (x - y)).mean() / 2

    def decode(
        self, outputs: "torch.Tensor", batch: Batch, tokenizer: "PreTrainedTokenizerBase"
    ) -> pd.DataFrame:
        """The labels from their thresholds on, in the order of `labels`, as a list in JSON.

        The confidence is that of the whole set, as if each label were right or wrong by itself.
        """
        del batch, tokenizer
        return self.answers(outputs.float().sigmoid().cpu().numpy())

    def answers(self, probabilities: npt.NDArray[np.floating]) -> pd.DataFrame:
        """As of `decode`, of the probability of each label before calibration.

        Args:
            probabilities: shape (rows, labels).
        """
        probabilities = rescale(probabilities, self.calibration.get(PROBABILITIES, {}))
        is_given = probabilities >= self.thresholds
        by_label = np.where(is_given, probabilities, 1 - probabilities)
        return pd.DataFrame(
            {
                "prediction": self._write_sets(is_given),
                "confidence": by_label.prod(axis=1),
                "probabilities": list(probabilities.astype(np.float32)),
            }
        )

    def calibrate(self, predictions: pd.DataFrame) -> Mapping[str, Mapping[str, float]]:
        """The scale of the probabilities, and on it each label's threshold with the best F1."""
        probabilities = np.stack(predictions["probabilities"].tolist())
        applies = self.flags(predictions["reference"].map(read_answer))
        has_enough = len(applies) >= MIN_ROWS
        scale = choose_scale(probabilities.ravel(), applies.ravel()) if has_enough else {}
        chosen = choose_thresholds(rescale(probabilities, scale), applies)
        thresholds = dict(zip(self.labels, chosen.tolist(), strict=True))
        return {**({PROBABILITIES: scale} if scale else {}), THRESHOLDS: thresholds}

    def tell(self, predicted: pd.DataFrame, request: pd.DataFrame) -> pd.DataFrame:
        """The labels, how sure the set is, and the probability of each label."""
        del request
        return pd.DataFrame(
            {
                "labels": predicted["prediction"].map(read_answer),
                "confidence": predicted["confidence"].astype("float64"),
                "probabilities": shares_by_label(self.labels, predicted["probabilities"]),
            }
        )

    def reference(self, rows: pd.DataFrame) -> pd.Series:
        """The labels in their order, as a list in JSON; `[]` where none applies."""
        answers = self._write_sets(self.flags(rows["labels"]))
        return pd.Series(answers, index=rows.index, dtype="string")

    def in_order(self, predictions: "pd.Series[str]") -> "pd.Series[str]":
        """Predictions of the same labels in any order, in this task's, as references have them."""
        answers = self._write_sets(self.flags(predictions.map(read_answer)))
        return pd.Series(answers, index=predictions.index, dtype="object")

    def tallies(self, predictions: pd.DataFrame) -> Sums:
        """For each label whether it was right, there, and predicted; then exact sets, and rows."""
        predicted = self.flags(predictions["prediction"].map(read_answer))
        references = self.flags(predictions["reference"].map(read_answer))
        hits = predicted & references
        is_exact = (predicted == references).all(axis=1)
        columns = [hits, references, predicted, is_exact[:, None], np.ones((len(predicted), 1))]
        return np.concatenate(columns, axis=1, dtype=np.float64)

    def absent(self, sums: Sums) -> Absent:
        """The labels that nothing has."""
        return absent_labels(sums, len(self.labels))

    def metrics(self, sums: Sums) -> dict[str, Sums]:
        """Macro-F1, micro-F1 and the share of sets that are right as a whole.

        A label that is neither there nor predicted has no part in macro-F1. Where there is none at
        all, and none was predicted, there is no F1.
        """
        size = len(self.labels)
        counts = [sums[..., i * size : (i + 1) * size] for i in range(3)]
        f1_by_label = f1(*counts)
        has_f1 = ~np.isnan(f1_by_label)
        totals = [by_label.sum(axis=-1) for by_label in counts]
        return {
            "macro_f1": _quotient(np.nansum(f1_by_label, axis=-1), has_f1.sum(axis=-1)),
            "micro_f1": f1(*totals),
            "exact_match": _quotient(sums[..., -2], sums[..., -1]),
        }

    def flags(self, sets: "pd.Series[Any]") -> Flags:
        """Whether each label is in each set; shape (rows, labels)."""
        sizes = [len(labels) for labels in sets]
        flags = np.zeros((len(sizes), len(self.labels)), dtype=np.bool_)
        all_labels = [label for labels in sets for label in labels]
        codes = pd.Index(self.labels).get_indexer(pd.Index(all_labels, dtype="object"))
        flags[np.repeat(np.arange(len(sizes)), sizes), codes] = True
        return flags

    def _write_sets(self, flags: Flags) -> list[str]:
        distinct, codes = np.unique(flags, axis=0, return_inverse=True)
        labels = np.asarray(self.labels, dtype=object)
        answers = [write_answer(labels[row].tolist()) for row in distinct]
        return [answers[code] for code in codes.reshape(-1)]


def _quotient(numerator: Sums, denominator: Sums) -> Sums:
    with np.errstate(invalid="ignore", divide="ignore"):
        quotient: Sums = np.where(denominator > 0, numerator / denominator, np.nan)
    return quotient
