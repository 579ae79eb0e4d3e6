"""The task contract: from rows to tensors, to a loss, and back to predictions.

A task owns everything that depends on what is predicted; models and training know only this
contract. One module a kind of task: see `kinds/sequence_classification.py`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from pydantic import ValidationError

from ccnlp.corpora.values import problems_of
from ccnlp.errors import ConfigurationError, listed
from ccnlp.examples import CONTEXT
from ccnlp.registry import Registry
from ccnlp.tasks.confidence import CONFIDENCE, rescale
from ccnlp.tasks.parameters import KindOptions, TaskParameters, TasksParameters
from ccnlp.tasks.served import Served

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Batch = dict[str, "torch.Tensor"]
"""Tensors of one batch, all of one task; `input_ids` and `attention_mask` (batch, sequence)."""

Features = Mapping[str, Any]
"""One encoded text: `input_ids` and what the task's `collate` makes its tensors of."""

Backbone = Literal["encoder", "seq2seq"]
"""What stands below the heads: an encoder, or an encoder with a decoder that writes text."""

WINDOW_OF = "window_of"
"""The column of features that says which row each belongs to, where a row has several windows."""

IS_CUT = "is_cut"
"""The column of features that says of windows, where they can, whether none holds all that stands
beside what they are windows of, such as a long question."""

Pooling = Literal["first", "mean"]
"""How a text's vector is read off its token states: the first token's, or their mean."""


Calibration = Mapping[str, Mapping[str, float]]
"""What was chosen on validation: by what it is, such as thresholds, numbers by label."""


class Task(Served, ABC):
    """What a model learns and predicts, under the name that examples carry in `task`.

    Args:
        name: the name in `parameters/tasks.yml`, such as `sentiment`.
        parameters: that entry.
        calibration: what `calibrate` chose; nothing before a model is trained.

    Raises:
        ConfigurationError: the entry does not fit the kind of task.
    """

    backbone: ClassVar[Backbone] = "encoder"
    has_one_answer: ClassVar[bool] = True
    """Whether rows of the same text with other targets contradict each other."""
    is_settled_together: ClassVar[bool] = False
    """Whether the prediction of a row depends on the other rows."""
    can_be_conditioned: ClassVar[bool] = True
    """Whether the model can be told of the culture of each row."""
    can_be_consistent: ClassVar[bool] = True
    """Whether two answers to a row can be compared, for consistency training: `divergence`."""
    can_read_context: ClassVar[bool] = False
    """Whether the model can be told the context of a text, which is none of these columns."""
    is_right_if_equal: ClassVar[bool] = True
    """Whether an answer is right exactly where it equals the reference, as text."""
    is_calibrated: ClassVar[bool] = False
    """Whether predictions, or how sure they are, depend on numbers chosen on validation."""
    options_type: ClassVar[type[KindOptions]] = KindOptions
    """The kind's own options; it has none unless it says otherwise."""
    options: KindOptions
    """Those of the entry."""
    primary_metric: str
    """Key of `score` that early stopping looks at; up is better."""

    def __init__(
        self, name: str, parameters: TaskParameters, calibration: Calibration | None = None
    ) -> None:
        self.name = name
        self.parameters = parameters
        self.calibration: Calibration = calibration or {}
        self.options = self._parse_options()
        if self.reads_context and not self.can_read_context:
            raise ConfigurationError(
                f"task {name!r}: kind {parameters.kind!r} reads no context; leave context out, or "
                "set it to none (parameters/tasks.yml)"
            )
        self.check_parameters()

    def _parse_options(self) -> KindOptions:
        try:
            return self.options_type.model_validate(self.parameters.options)
        except ValidationError as error:
            raise ConfigurationError(
                f"task {self.name!r}: options of kind {self.parameters.kind!r}: "
                f"{problems_of(error)} (parameters/tasks.yml)"
            ) from None

    @property
    def labels(self) -> tuple[str, ...]:
        """The label set, in the order of the model's outputs."""
        return self.parameters.labels

    @property
    def headline_metric(self) -> str:
        """The metric that tables and pictures show first: the primary one, unless said otherwise.

        A metric of an answer is more telling to people than one of probabilities.
        """
        return self.primary_metric

    @property
    def target_values(self) -> tuple[str, ...]:
        """What targets, or items of those that are lists, may be; empty where it is anything."""
        return self.labels

    @property
    def answer_space(self) -> dict[str, Any]:
        """What answers may be, by parameter: models of another one can't be compared."""
        return {"labels": set(self.labels)}

    @property
    def reading_options(self) -> dict[str, Any]:
        """The options that say how rows are read and answered, to tell models apart."""
        return {name: value for name, value in self.options if name not in self.answer_space}

    @property
    def target_description(self) -> str:
        """What a row teaches, such as `one label a row`, to tell apart how models were trained."""
        return f"{listed(self.target_columns)} of each row"

    @property
    def reads_context(self) -> bool:
        """Whether the model reads the context of texts."""
        return self.parameters.context != "none"

    def columns_read(self, rows: pd.DataFrame) -> list[str]:
        """What the model reads of `rows`: the inputs, and the context if there and asked for."""
        context_columns = [CONTEXT] if self.reads_context and CONTEXT in rows else []
        return [*self.input_columns, *context_columns]

    def check_parameters(self) -> None:
        """Raises ConfigurationError where the entry does not fit the kind of task."""

    def encoding_parameters(self) -> dict[str, Any]:
        """The parameters that features depend on, as JSON holds them; the others may change."""
        parameters = self.parameters.model_dump(
            mode="json", exclude={"loss_weight"}, exclude_none=True
        )
        return {name: value for name, value in parameters.items() if name != "options" or value}

    @abstractmethod
    def validate(self, rows: pd.DataFrame) -> pd.Series:
        """Why each row can't be used: a sentence, or missing where it can; index of `rows`."""

    def prepare(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows with what only all of them together tell; as they are unless said otherwise.

        Args:
            rows: all those of the task, of which `encode` sees some at a time.
        """
        return rows

    @abstractmethod
    def encode(
        self,
        rows: pd.DataFrame,
        tokenizer: "PreTrainedTokenizerBase",
        *,
        max_length_tokens: int,
    ) -> dict[str, Sequence[Any]]:
        """Columns of features, for `collate` and for the report on lengths.

        `input_ids`, `num_tokens_before_truncation`, and the targets, which are left out where
        `rows` has no target columns, as in serving. Token ids that are not in `input_ids`, such as
        those of a passage or a target text, stand in columns that end with `_input_ids`. An entry
        is a row, or a window of a long one: then `window_of` holds the position of its row. Texts
        are read with `ccnlp.tasks.plain_text.text_ids`, so that none can pass for a special token.
        """

    @abstractmethod
    def collate(self, features: Sequence[Features], *, pad_token_id: int) -> Batch:
        """One padded batch; on the CPU."""

    @abstractmethod
    def head(self, hidden_size: int, *, pooling: Pooling, dropout: float) -> "nn.Module":
        """A module from token states (batch, sequence, hidden) and their mask to outputs."""

    def outputs(
        self, backbone: "PreTrainedModel", head: "nn.Module", batch: Batch
    ) -> "torch.Tensor":
        """What `losses` looks at: the head's view of the states (batch, sequence, hidden).

        A task that encodes two texts, or that trains a decoder, has its own way.
        """
        mask = batch["attention_mask"]
        states = backbone(input_ids=batch["input_ids"], attention_mask=mask).last_hidden_state
        outputs: torch.Tensor = head(states, mask)
        return outputs

    def infer(self, backbone: "PreTrainedModel", head: "nn.Module", batch: Batch) -> "torch.Tensor":
        """What `decode` looks at: the same; token ids where the task writes text."""
        return self.outputs(backbone, head, batch)

    @abstractmethod
    def losses(
        self, outputs: "torch.Tensor", batch: Batch, *, label_smoothing: float
    ) -> "torch.Tensor":
        """The loss of each entry of a batch (batch,), in the order of `collate`'s features.

        Where an entry has several targets, such as the tags of its words, their mean: long texts
        then count as much as short ones.
        """

    def loss(
        self, outputs: "torch.Tensor", batch: Batch, *, label_smoothing: float
    ) -> "torch.Tensor":
        """The mean loss of a batch, a scalar."""
        return self.losses(outputs, batch, label_smoothing=label_smoothing).mean()

    def divergence(
        self, first: "torch.Tensor", second: "torch.Tensor", batch: Batch
    ) -> "torch.Tensor":
        """How far two passes over one batch differ, for consistency training; a scalar.

        The mean of both Kullback–Leibler divergences of logits (batch, labels), averaged over the
        batch. A task with other outputs, such as logits of each token, has its own way, which
        leaves padding out.

        Raises:
            ConfigurationError: the outputs are of another shape.
        """
        from torch.nn.functional import kl_div

        del batch
        if first.ndim != 2:
            raise ConfigurationError(
                f"training.regularisation.consistency_weight is above 0, but task {self.name!r} of "
                f"kind {self.parameters.kind!r} has outputs of shape {tuple(first.shape)} and no "
                "divergence of its own; set it to 0 (parameters/training.yml)"
            )
        p, q = first.float().log_softmax(-1), second.float().log_softmax(-1)
        forward = kl_div(p, q, log_target=True, reduction="batchmean")
        backward = kl_div(q, p, log_target=True, reduction="batchmean")
        return (forward + backward) / 2

    @abstractmethod
    def decode(
        self, outputs: "torch.Tensor", batch: Batch, tokenizer: "PreTrainedTokenizerBase"
    ) -> pd.DataFrame:
        """A row a feature: `prediction`, `confidence` 0..1, `probabilities` (list or missing).

        A task with a `merge` or a `write` of its own may give what these make predictions of.
        """

    def merge(self, decoded: pd.DataFrame, window_of: "np.ndarray[Any, Any]") -> pd.DataFrame:
        """A row an example, in order, of the decoded windows: the most confident one of each.

        Args:
            decoded: of `decode`.
            window_of: position of the example that each window belongs to; shape (windows,).
        """
        order = np.lexsort((-decoded["confidence"].to_numpy(), window_of))
        _, best = np.unique(window_of[order], return_index=True)
        return decoded.iloc[order[best]]

    def calibrate(self, predictions: pd.DataFrame) -> Calibration:
        """What is chosen on validation and kept with the model, where the kind `is_calibrated`.

        Args:
            predictions: of the best weights for rows that the primary metric looks at, beside their
                `reference`, and where the task has them `reference_probabilities`.
        """
        del predictions
        return {}

    def calibrated(self, calibration: Calibration) -> Self:
        """The same task, which decodes by what was chosen."""
        return type(self)(self.name, self.parameters, calibration)

    def as_sure(self, predictions: pd.DataFrame) -> pd.DataFrame:
        """The predictions, each as sure as validation rows say that such answers are right."""
        scale = self.calibration.get(CONFIDENCE)
        if not scale:
            return predictions
        return predictions.assign(confidence=rescale(predictions["confidence"], scale))

    def write(self, predicted: pd.DataFrame, quoted: pd.Series | None) -> pd.DataFrame:
        """The merged predictions as text: as they are, unless they are cut out of an input.

        Args:
            predicted: of `merge`, with a fresh index.
            quoted: the rows' `quoted_column`, in the same order; `None` where the task has none.
        """
        del quoted
        return predicted

    def pieces(self, features: Sequence[Features]) -> Sequence[Features]:
        """What goes through the model for a prediction: the features, or what they are made of.

        Args:
            features: of all rows that are predicted, or of some where each stands for itself.
        """
        return features

    def settle(
        self,
        decoded: pd.DataFrame,
        features: Sequence[Features],
        window_of: "np.ndarray[Any, Any]",
    ) -> pd.DataFrame:
        """A row an example, in order, of the decoded pieces: `prediction` and the others.

        Args:
            decoded: of `decode`, a row a piece.
            features: that gave the pieces.
            window_of: position of the example that each of the features belongs to.
        """
        del features
        return self.merge(decoded, window_of)

    @abstractmethod
    def reference(self, rows: pd.DataFrame) -> pd.Series:
        """The target of each row, in the form of `prediction`; missing where it has none."""

    def counts_in_score(self, references: pd.DataFrame) -> pd.Series:
        """Which rows the primary metric looks at: those that have a reference.

        Args:
            references: `reference`, and where the task has them `reference_probabilities`.
        """
        return references["reference"].notna()

    def reference_probabilities(self, rows: pd.DataFrame) -> pd.Series | None:
        """The distribution of each row's labels, where annotators give one; lists (labels,)."""
        del rows
        return None

    @abstractmethod
    def score(self, predictions: pd.DataFrame) -> dict[str, float]:
        """Metrics of a table with `reference`, `prediction` and `probabilities`.

        It has the `language` of each row, too. Up is better: 0..1 for shares, −1..1 for
        correlations.
        """


def shared_backbone(tasks: Iterable[Task]) -> Backbone:
    """The backbone that the tasks of one model share.

    Raises:
        ConfigurationError: they need different ones.
    """
    tasks_by_backbone: dict[Backbone, list[str]] = {}
    for task in tasks:
        tasks_by_backbone.setdefault(task.backbone, []).append(task.name)
    if len(tasks_by_backbone) > 1:
        backbones = "; ".join(
            f"{backbone}: {', '.join(names)}" for backbone, names in tasks_by_backbone.items()
        )
        raise ConfigurationError(
            f"one model can't have the backbones of all tasks ({backbones}); train them in runs of "
            "their own: leave the others' corpora out (parameters/corpora.yml)"
        )
    return next(iter(tasks_by_backbone))


TASKS: Registry[type[Task]] = Registry(
    "kind of task", package="ccnlp.tasks.kinds", parameter="parameters/tasks.yml"
)


def build_tasks(parameters: TasksParameters) -> dict[str, Task]:
    """The configured tasks by name.

    Raises:
        ConfigurationError: an unknown kind, or an entry that does not fit its kind.
    """
    return {name: TASKS.get(entry.kind)(name, entry) for name, entry in parameters.root.items()}
