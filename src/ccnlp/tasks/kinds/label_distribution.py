"""One label for a whole text, of which annotators give a distribution, each culture its own."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from ccnlp.agreement.votes import are_most_frequent, majority_codes
from ccnlp.errors import ConfigurationError
from ccnlp.metrics import DISTRIBUTION_SIMILARITY, jensen_shannon_distance
from ccnlp.tasks.base import TASKS, Batch, Calibration
from ccnlp.tasks.confidence import calibrate_shares
from ccnlp.tasks.kinds.sequence_classification import SequenceClassification
from ccnlp.tasks.parameters import KindOptions

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

Floats = npt.NDArray[np.float64]


TargetView = Literal["majority", "distribution", "pooled_majority", "pooled_distribution"]
"""What of the annotators' labels is the target: of each culture by itself, or of all together."""


class LabelDistributionOptions(KindOptions):
    """`options` of kind label_distribution."""

    view: TargetView = Field(description="what of the annotators' labels is the target")


@TASKS.register("label_distribution")
class LabelDistribution(SequenceClassification):
    """Predicts how the annotators of a text's culture, or of all cultures, label `text`.

    A row is a text and a culture that judged it. The option `view` says what of the judgements
    is the target:

    - `majority`: the most frequent label of the culture. On a tie there is none: the row has no
      reference, and is trained on with equal shares of the tied labels.
    - `distribution`: the share of each label in the culture (soft labels: Peterson et al. 2019).
    - `pooled_majority`, `pooled_distribution`: the same of all cultures together.
    """

    annotation_columns: ClassVar[tuple[str, ...]] = (
        "label_counts",
        "pooled_label_counts",
        "num_annotations",
    )

    def check_parameters(self) -> None:
        """As of any label set; a distribution is judged by its similarity."""
        super().check_parameters()
        if self._is_soft:
            self.primary_metric = DISTRIBUTION_SIMILARITY

    options_type: ClassVar[type[KindOptions]] = LabelDistributionOptions
    options: LabelDistributionOptions

    @property
    def target_description(self) -> str:
        """The view of the annotators' labels."""
        return f"the annotators' {self.options.view.replace('_', ' ')}"

    @property
    def reading_options(self) -> dict[str, Any]:
        """None: the view is the target's."""
        return {}

    @property
    def headline_metric(self) -> str:
        """Macro-F1, whatever the view: the similarity stands beside it."""
        return "macro_f1"

    @property
    def _is_soft(self) -> bool:
        return self.options.view.endswith("distribution")

    @property
    def _counts_column(self) -> str:
        is_pooled = self.options.view.startswith("pooled")
        return "pooled_label_counts" if is_pooled else "label_counts"

    def encode(
        self,
        rows: pd.DataFrame,
        tokenizer: "PreTrainedTokenizerBase",
        *,
        max_length_tokens: int,
    ) -> dict[str, Sequence[Any]]:
        """As of one label a text; the target is the share of each label."""
        inputs = rows[self.columns_read(rows)]
        features = super().encode(inputs, tokenizer, max_length_tokens=max_length_tokens)
        if self._counts_column in rows:
            features["target"] = list(self._targets(rows))
        return features

    def losses(
        self, outputs: "torch.Tensor", batch: Batch, *, label_smoothing: float
    ) -> "torch.Tensor":
        """The divergence from the target to the prediction, in nats and fp32; shape (batch,).

        The cross-entropy less the entropy of the target, whose gradient is the same: what no model
        can remove would make texts that people are divided over look badly learnt.
        """
        import torch

        losses = super().losses(outputs, batch, label_smoothing=label_smoothing)
        target = (1 - label_smoothing) * batch["target"] + label_smoothing / len(self.labels)
        return losses + torch.xlogy(target, target).sum(dim=-1)

    def reference(self, rows: pd.DataFrame) -> pd.Series:
        """The label with the most annotations; missing on a tie."""
        labels = pd.Series(list(self.labels), dtype="string")
        return labels.reindex(majority_codes(self._counts(rows))).set_axis(rows.index)

    def counts_in_score(self, references: pd.DataFrame) -> pd.Series:
        """All rows where distributions are compared, else those without a tie."""
        return super().counts_in_score(references) | self._is_soft

    def reference_probabilities(self, rows: pd.DataFrame) -> pd.Series:
        """The share of each label among the annotations, 0..1, whichever of the two views."""
        counts = self._counts(rows)
        shares = counts / counts.sum(axis=1, keepdims=True)
        return pd.Series(list(shares.astype(np.float32)), index=rows.index, dtype="object")

    def calibrate(self, predictions: pd.DataFrame) -> Calibration:
        """As of one label; where distributions are compared, by them."""
        if not self._is_soft:
            return super().calibrate(predictions)
        columns = predictions["reference_probabilities"], predictions["probabilities"]
        return calibrate_shares(*columns)

    def score(self, predictions: pd.DataFrame) -> dict[str, float]:
        """The metrics of one label on the rows that have one; and the distributions' similarity.

        `distribution_similarity` is 1 minus the mean Jensen–Shannon distance, 0..1.
        """
        has_label = predictions["reference"].notna()
        scores = super().score(predictions[has_label])
        if "reference_probabilities" not in predictions:
            return scores
        distances = jensen_shannon_distance(
            np.stack(predictions["reference_probabilities"].tolist()),
            np.stack(predictions["probabilities"].tolist()),
        )
        return {**scores, DISTRIBUTION_SIMILARITY: 1 - float(distances.mean())}

    def _targets(self, rows: pd.DataFrame) -> Floats:
        """What training aims at, shape (rows, labels); each row sums to 1."""
        counts = self._counts(rows)
        if not self._is_soft:
            counts = are_most_frequent(counts).astype(np.float64)
        targets: Floats = counts / counts.sum(axis=1, keepdims=True)
        return targets

    def _counts(self, rows: pd.DataFrame) -> Floats:
        if not len(rows):
            return np.empty((0, len(self.labels)))
        if "label" in rows:
            self._check_order(rows)
        return _stack(rows[self._counts_column])

    def _check_order(self, rows: pd.DataFrame) -> None:
        """Counts are in the order of the labels, which may have changed since they were read."""
        counts = _stack(rows["label_counts"])
        codes = pd.Index(self.labels).get_indexer(pd.Index(rows["label"].astype("object")))
        has_label = rows["label"].notna().to_numpy()
        has_all_counts = counts.shape[1] == len(self.labels)
        if not has_all_counts or (majority_codes(counts)[has_label] != codes[has_label]).any():
            raise ConfigurationError(
                f"task {self.name!r}: its annotations were counted for other labels than "
                f"{list(self.labels)}, or in another order (parameters/tasks.yml); read the "
                "corpora again: kedro run --pipelines ingestion,augmentation,tokenisation"
            )


def _stack(counts: pd.Series) -> Floats:
    return np.stack([np.asarray(row, dtype=np.float64) for row in counts])
