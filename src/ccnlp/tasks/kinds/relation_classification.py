"""The relation between two entities that are marked in a text, with its direction."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import Field

from ccnlp.errors import ConfigurationError, did_you_mean
from ccnlp.tasks.base import TASKS, Batch, Features, Pooling
from ccnlp.tasks.entities import (
    ENTITIES,
    encode_entities,
    mark_entities,
    read_span,
    why_no_span,
)
from ccnlp.tasks.kinds.sequence_classification import SequenceClassification
from ccnlp.tasks.parameters import KindOptions
from ccnlp.tasks.tallied import Flags, Sums, TalliedTask, absent_labels, f1

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

MARKS = "mark_positions"
DIRECTION = re.compile(r"\((?:e1,e2|e2,e1)\)$")
"""The end of a label by which the two directions of one relation differ."""


class RelationOptions(KindOptions):
    """`options` of kind relation_classification."""

    none_label: str | None = Field(
        default=None,
        description="the label that says no relation holds; it is left out of F1",
    )


@TASKS.register("relation_classification")
class RelationClassification(SequenceClassification, TalliedTask):
    """Predicts one of `labels` for the entities that two columns mark in `text`.

    A direction is the end of a label, such as `founded(e1,e2)`. The model reads marks around the
    entities and decides by the states at the two in front of them (Baldini Soares et al. 2019,
    "Matching the Blanks", entity markers with entity start).
    """

    input_columns: ClassVar[tuple[str, ...]] = ("text", *ENTITIES)
    list_columns: ClassVar[tuple[str, ...]] = ENTITIES
    span_columns: ClassVar[tuple[str, ...]] = ENTITIES
    options_type: ClassVar[type[KindOptions]] = RelationOptions
    options: RelationOptions
    can_read_context: ClassVar[bool] = False
    primary_metric: str = "micro_f1"

    def check_parameters(self) -> None:
        """As of any label set; that of no relation is one of them."""
        super().check_parameters()
        none_label = self.options.none_label
        if none_label is not None and none_label not in self.labels:
            raise ConfigurationError(
                f"task {self.name!r}: none_label {none_label!r} is not one of its labels; "
                f"{did_you_mean(none_label, self.labels)} (parameters/tasks.yml)"
            )

    @property
    def relations(self) -> tuple[str, ...]:
        """The labels without the one that says no relation holds."""
        return tuple(label for label in self.labels if label != self.options.none_label)

    @property
    def answer_space(self) -> dict[str, Any]:
        """The labels, and which of them is none."""
        return {**super().answer_space, "none_label": self.options.none_label}

    def texts(self, rows: pd.DataFrame) -> list[str]:
        """The texts with markers around the entities."""
        spans = [rows[column].map(read_span) for column in ENTITIES]
        return list(map(mark_entities, rows["text"], *spans))

    def validate(self, rows: pd.DataFrame) -> pd.Series:
        """A label outside the set, and what can't be read."""
        return super().validate(rows).fillna(self.why_unreadable(rows))

    def why_unreadable(self, rows: pd.DataFrame) -> pd.Series:
        """Entities that are no spans apart from each other."""
        columns = [rows[column] for column in ("text", *ENTITIES)]
        reasons = [_why_not_marked(*cells) for cells in zip(*columns, strict=True)]
        return pd.Series(reasons, index=rows.index, dtype="string")

    def encode(
        self,
        rows: pd.DataFrame,
        tokenizer: "PreTrainedTokenizerBase",
        *,
        max_length_tokens: int,
    ) -> dict[str, Sequence[Any]]:
        """Token ids around the entities, where their marks stand, and the label's index."""
        encoded = encode_entities(rows, tokenizer, max_length_tokens=max_length_tokens)
        features: dict[str, Sequence[Any]] = {
            "input_ids": encoded.input_ids,
            "num_tokens_before_truncation": encoded.lengths,
            MARKS: encoded.marks,
        }
        return features | self.encode_targets(rows)

    def collate(self, features: Sequence[Features], *, pad_token_id: int) -> Batch:
        """As of one label a text, and `mark_positions` (batch, 2)."""
        import torch

        batch = super().collate(features, pad_token_id=pad_token_id)
        marks = np.array([feature[MARKS] for feature in features], dtype=np.int64)
        return {**batch, MARKS: torch.from_numpy(marks)}

    def head(self, hidden_size: int, *, pooling: Pooling, dropout: float) -> "nn.Module":
        """Maps the states at the marks of both entities to one logit a label."""
        from ccnlp.tasks.heads import MarkClassifier

        return MarkClassifier(hidden_size, len(self.labels), pooling=pooling, dropout=dropout)

    def outputs(
        self, backbone: "PreTrainedModel", head: "nn.Module", batch: Batch
    ) -> "torch.Tensor":
        """The logits (batch, labels)."""
        mask = batch["attention_mask"]
        states = backbone(input_ids=batch["input_ids"], attention_mask=mask).last_hidden_state
        outputs: torch.Tensor = head(states, mask, batch[MARKS])
        return outputs

    def tallies(self, predictions: pd.DataFrame) -> Sums:
        """Right, true and predicted ones of each relation, shape (rows, 3 × relations).

        A relation that is found the wrong way round is there and predicted, and not right.
        """
        names = {label: _without_direction(label) for label in self.relations}
        relations = np.array(list(dict.fromkeys(names.values())), dtype=object)
        columns = [predictions[name].astype("object") for name in ("reference", "prediction")]
        is_right = (columns[0] == columns[1]).to_numpy()[:, None]
        references, predicted = (
            column.map(names).to_numpy(dtype=object)[:, None] == relations for column in columns
        )
        return np.hstack([references & is_right, references, predicted]).astype(np.float64)

    def absent(self, sums: Sums) -> Flags:
        """The relations that nothing has."""
        return absent_labels(sums, sums.shape[-1] // 3)

    def metrics(self, sums: Sums) -> dict[str, Sums]:
        """F1 of all relations together, and its mean over those that there are or that are found.

        The mean takes both directions of a relation together, as the scorer of SemEval-2010 Task 8
        does (Hendrickx et al. 2010), which KBP-37 and RELX are scored by. What has no relation
        counts where one is predicted. `macro_f1`, which `score` gives beside them, is over all
        labels.
        """
        hits, references, predicted = np.moveaxis(sums.reshape(*sums.shape[:-1], 3, -1), -2, 0)
        by_relation = f1(hits, references, predicted)
        num_relations = np.isfinite(by_relation).sum(axis=-1)
        total = np.nansum(by_relation, axis=-1)
        return {
            "micro_f1": f1(hits.sum(axis=-1), references.sum(axis=-1), predicted.sum(axis=-1)),
            "relation_macro_f1": np.where(
                num_relations > 0, total / np.maximum(num_relations, 1), np.nan
            ),
        }

    def score(self, predictions: pd.DataFrame) -> dict[str, float]:
        """The metrics of one label a row, and those of relations."""
        label_scores = SequenceClassification.score(self, predictions)
        return {**label_scores, **TalliedTask.score(self, predictions)}


def _without_direction(label: str) -> str:
    """The name of a relation.

    >>> _without_direction("org:founded(e2,e1)")
    'org:founded'
    """
    return DIRECTION.sub("", label)


def _why_not_marked(text: str, first: Sequence[str], second: Sequence[str]) -> str | None:
    """Why a row does not mark two entities, or `None`."""
    for column, cell in zip(ENTITIES, (first, second), strict=True):
        if (reason := why_no_span(cell, text, column)) is not None:
            return reason
    (start, end), (other_start, other_end) = sorted((read_span(first), read_span(second)))
    if other_start < end:
        return f"the entities at {start} to {end} and at {other_start} to {other_end} overlap"
    return None
