"""The parameters of training several tasks in one model."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from ccnlp.errors import did_you_mean
from ccnlp.training.task_weighting import TASK_WEIGHTINGS


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _check_weighting(name: str) -> str:
    if name not in TASK_WEIGHTINGS:
        hint = did_you_mean(name, TASK_WEIGHTINGS)
        raise ValueError(f"unknown weighting {name!r}; {hint} ({TASK_WEIGHTINGS.parameter})")
    return name


class UncertaintyParameters(_Group):
    """Of the weighting `uncertainty`."""

    learning_rate: float = Field(
        gt=0, lt=1, description="peak learning rate of uncertainty's log-variances"
    )


class GradientNormParameters(_Group):
    """Of the weighting `gradient_norm`."""

    step_size: float = Field(
        gt=0, lt=1, description="how far a weight of gradient_norm moves, a step"
    )
    asymmetry: float = Field(
        ge=0,
        allow_inf_nan=False,
        description="α of gradient_norm: how much a task that learns slowly is to pull harder; 0 "
        "has all pull alike",
    )
    averaged_batches: int = Field(
        ge=1, description="latest batches of a task whose mean loss and gradient are looked at"
    )


class MultitaskParameters(_Group):
    """How the losses of several tasks become one, and which batches they are of."""

    batches: Literal["interleaved", "mixed"] = Field(
        description="interleaved: a batch after the other, each of one task, drawn by temperature; "
        "mixed: each step of the optimiser takes accumulation_steps batches of every task"
    )
    temperature: float = Field(
        ge=1,
        description="of interleaved: 1 draws tasks by their rows; higher evens them out "
        "(p ∝ (n·weight)^(1/T)); .inf draws all alike",
    )
    weighting: Annotated[str, AfterValidator(_check_weighting)] = Field(
        description="fixed, uncertainty or gradient_norm; what the last two learn is multiplied "
        "with tasks.<name>.loss_weight"
    )
    uncertainty: UncertaintyParameters
    gradient_norm: GradientNormParameters

    @model_validator(mode="after")
    def _check_temperature(self) -> Self:
        if self.batches == "mixed" and self.temperature != 1:
            raise ValueError(
                f"temperature is {self.temperature}, but mixed takes as many batches of every "
                "task: set it to 1, or take batches: interleaved"
            )
        return self


class TaskChoiceParameters(_Group):
    """Which of several tasks' validation scores chooses the weights that are kept."""

    choose_by: Literal["mean", "relative", "task"] = Field(
        description="of several tasks: mean of their primary metrics; relative: mean of the shares "
        "of what the first evaluation left to gain; task: one task alone"
    )
    weights: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(
        description="by task, its weight in the mean; 1 where none is named"
    )
    task: str | None = Field(description="the one that chooses, where choose_by is task")

    @model_validator(mode="after")
    def _check_task(self) -> Self:
        if (self.choose_by == "task") != (self.task is not None):
            raise ValueError(
                f"choose_by is {self.choose_by} and task is {self.task!r}: name the task that "
                "chooses where choose_by is task, and null else"
            )
        return self
