"""The task contract: from rows to tensors, to a loss, and back to predictions.

A task owns everything that depends on what is predicted; models and training know only this
contract. One module a kind of task: see `kinds/sequence_classification.py`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, RootModel

from ccnlp.registry import Registry

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PreTrainedTokenizerBase

Batch = dict[str, "torch.Tensor"]
"""Tensors of one batch, all of one task; `input_ids` and `attention_mask` (batch, sequence)."""

Features = Mapping[str, Any]
"""One encoded example: `input_ids` and what the task's `collate` needs to make its targets."""


Pooling = Literal["first", "mean"]
"""How a text's vector is read off its token states: the first token's, or their mean."""


class TaskParameters(BaseModel):
    """One entry of `parameters/tasks.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str = Field(description="the task's class, such as sequence_classification")
    loss_weight: float = Field(gt=0, description="weight of this task's loss in the sum")
    labels: tuple[str, ...] = Field(
        default=(), description="the label set, in the order of the model's outputs"
    )


class TasksParameters(RootModel[dict[str, TaskParameters]]):
    """`parameters/tasks.yml`: the tasks by name."""


class Task(ABC):
    """What a model learns and predicts, under the name that examples carry in `task`.

    Args:
        name: the name in `parameters/tasks.yml`, such as `sentiment`.
        parameters: that entry.

    Raises:
        ConfigurationError: the entry does not fit the kind of task.
    """

    backbone: ClassVar[Literal["encoder", "seq2seq"]] = "encoder"
    input_columns: ClassVar[tuple[str, ...]]
    target_columns: ClassVar[tuple[str, ...]]
    list_columns: ClassVar[tuple[str, ...]] = ()
    """Those that hold lists, such as tokens and their tags; the others hold text."""
    primary_metric: ClassVar[str]
    """Key of `score` that early stopping and the gate look at; up is better."""

    def __init__(self, name: str, parameters: TaskParameters) -> None:
        self.name = name
        self.parameters = parameters
        self.check_parameters()

    @property
    def labels(self) -> tuple[str, ...]:
        """The label set, in the order of the model's outputs."""
        return self.parameters.labels

    def check_parameters(self) -> None:  # noqa: B027 (a kind without own limits needs no check)
        """Raises ConfigurationError where the entry does not fit the kind of task."""

    @abstractmethod
    def validate(self, rows: pd.DataFrame) -> pd.Series:
        """Why each row can't be used: a sentence, or missing where it can; index of `rows`."""

    @abstractmethod
    def encode(
        self,
        rows: pd.DataFrame,
        tokenizer: "PreTrainedTokenizerBase",
        *,
        max_length_tokens: int,
    ) -> dict[str, Sequence[Any]]:
        """Columns of features, an entry a row, for `collate` and for the report on lengths.

        `input_ids`, `num_tokens_before_truncation`, and the targets, which are left out where
        `rows` has no target columns, as in serving.
        """

    @abstractmethod
    def collate(self, features: Sequence[Features], *, pad_token_id: int) -> Batch:
        """One padded batch; on the CPU."""

    @abstractmethod
    def head(self, hidden_size: int, *, pooling: Pooling, dropout: float) -> "nn.Module":
        """A module from token states (batch, sequence, hidden) and their mask to outputs."""

    @abstractmethod
    def loss(
        self, outputs: "torch.Tensor", batch: Batch, *, label_smoothing: float
    ) -> "torch.Tensor":
        """The mean loss of a batch, a scalar."""

    @abstractmethod
    def decode(self, outputs: "torch.Tensor") -> pd.DataFrame:
        """A row an example: `prediction`, `confidence` 0..1, `probabilities` (list or missing)."""

    @abstractmethod
    def decode_targets(self, batch: Batch) -> Sequence[str]:
        """The targets of a batch in the form of `decode`'s `prediction`."""

    @abstractmethod
    def reference(self, rows: pd.DataFrame) -> pd.Series:
        """The target of each row in the form of `decode`'s `prediction`."""

    @abstractmethod
    def score(self, predictions: pd.DataFrame) -> dict[str, float]:
        """Metrics of a table with `reference`, `prediction` and `probabilities`; 0..1."""


TASKS: Registry[type[Task]] = Registry(
    "kind of task", package="ccnlp.tasks.kinds", parameter="parameters/tasks.yml"
)


def build_tasks(parameters: TasksParameters) -> dict[str, Task]:
    """The configured tasks by name.

    Raises:
        ConfigurationError: an unknown kind, or an entry that does not fit its kind.
    """
    return {name: TASKS.get(entry.kind)(name, entry) for name, entry in parameters.root.items()}
