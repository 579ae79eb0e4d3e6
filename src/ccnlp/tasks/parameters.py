"""The parameters of tasks: `parameters/tasks.yml`."""

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, RootModel, field_validator

from ccnlp.tasks.frames import ContextReading

TASK_NAME = re.compile(r"\w(?:[\w -]*\w)?")


class KindOptions(BaseModel):
    """The options of a kind of task; each has its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TaskParameters(BaseModel):
    """One entry of `parameters/tasks.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str = Field(description="the task's class, such as sequence_classification")
    loss_weight: float = Field(gt=0, description="weight of this task's loss in the sum")
    labels: tuple[str, ...] = Field(
        default=(), description="the label set, in the order of the model's outputs"
    )
    context: ContextReading = Field(
        default="none",
        description="how the model reads the context of texts, for corpora that name one: `none`, "
        "`text_pair` (behind the text, as the second of a pair) or `prefix` (in front of it)",
    )
    options: dict[str, Any] = Field(default={}, description="the kind's own options")


class TasksParameters(RootModel[dict[str, TaskParameters]]):
    """`parameters/tasks.yml`: the tasks by name."""

    @field_validator("root")
    @classmethod
    def _check_names(cls, root: dict[str, TaskParameters]) -> dict[str, TaskParameters]:
        """Names stand in those of weights, metrics and files."""
        for name in root:
            if not TASK_NAME.fullmatch(name):
                raise ValueError(
                    f"task {name!r}: a name holds letters, digits, spaces, _ and - only "
                    "(parameters/tasks.yml)"
                )
            if name == "training":
                raise ValueError(
                    "task 'training': a module of torch holds its mode by this name, so that no "
                    "head can have it; call the task otherwise (parameters/tasks.yml)"
                )
        return root
