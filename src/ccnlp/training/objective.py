"""The contract of an objective: how the losses of a batch's rows become the loss of a step."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from ccnlp.errors import ConfigurationError
from ccnlp.registry import Registry
from ccnlp.training.groups import TrainedGroups

if TYPE_CHECKING:
    from torch import Tensor

    from ccnlp.training.parameters import ObjectiveParameters

logger = logging.getLogger(__name__)


class Objective(ABC):
    """What a training makes small: a function of the losses of one task's rows and their groups.

    An objective may learn from the losses as training goes. What it has learnt belongs in `state`,
    so that a killed run goes on to the same weights.

    Args:
        groups: of the task's rows, as the plan draws them.
        parameters: `training.objective`.
    """

    looks_at_groups: ClassVar[bool] = True

    def __init__(self, groups: TrainedGroups, parameters: "ObjectiveParameters") -> None:
        self.groups = groups
        self.parameters = parameters

    @abstractmethod
    def loss(self, losses: "Tensor", groups: "Tensor") -> "Tensor":
        """The loss of a batch, a scalar.

        Args:
            losses: of its rows (batch,), with their gradient.
            groups: position of each row's group in `self.groups.names` (batch,).
        """

    def step(self) -> None:  # noqa: B027 (an objective that learns nothing has nothing to do)
        """Follows each step of the optimiser, which may be one of several batches."""

    def state(self) -> dict[str, "Tensor"]:
        """What a checkpoint must hold to go on."""
        return {}

    def load(self, state: Mapping[str, "Tensor"]) -> None:  # noqa: B027 (as `step`)
        """Goes on from `state`."""

    def metrics(self) -> dict[str, float]:
        """Numbers that are told while training, by name."""
        return {}


OBJECTIVES: Registry[type[Objective]] = Registry(
    "objective", package="ccnlp.training.objectives", parameter="parameters/training.yml"
)


def build_objectives(
    groups: Mapping[str, TrainedGroups], parameters: "ObjectiveParameters"
) -> dict[str, Objective]:
    """An objective for each task that is drawn: losses of different tasks can't be compared.

    Raises:
        ConfigurationError: an unknown objective, or no task has groups that it could weigh.
    """
    objective_class = OBJECTIVES.get(parameters.name)
    drawn_groups = {task: task_groups for task, task_groups in groups.items() if task_groups.names}
    if objective_class.looks_at_groups:
        check_several(
            {task: task_groups.names for task, task_groups in drawn_groups.items()}, parameters
        )
        _warn_of_single_groups(drawn_groups, parameters)
    return {
        task: objective_class(task_groups, parameters) for task, task_groups in drawn_groups.items()
    }


def state_of(objectives: Mapping[str, Objective]) -> dict[str, "Tensor"]:
    """The state of all objectives in one, by task and name; empty where they learn nothing."""
    return {
        f"{task}/{name}": tensor
        for task, objective in objectives.items()
        for name, tensor in objective.state().items()
    }


def load_state(objectives: Mapping[str, Objective], state: Mapping[str, "Tensor"]) -> None:
    """Has each objective go on from its part of a state."""
    for task, objective in objectives.items():
        task_state = {
            name.removeprefix(f"{task}/"): tensor
            for name, tensor in state.items()
            if name.startswith(f"{task}/")
        }
        objective.load(task_state)


def check_several(groups: Mapping[str, Sequence[str]], parameters: "ObjectiveParameters") -> None:
    """Checks that an objective which weighs groups has several of them in a task.

    Args:
        groups: by task, the names of those of its train rows.
        parameters: `training.objective`.

    Raises:
        ConfigurationError: no task has several, or none has train rows at all.
    """
    if not any(groups.values()):
        raise ConfigurationError(
            f"training.objective is {parameters.name}, but no task has train rows, whose groups it "
            "could weigh; name a corpus with some, of a configured task (parameters/corpora.yml)"
        )
    if all(len(names) < 2 for names in groups.values()):
        raise ConfigurationError(
            f"training.objective is {parameters.name}, but by {', '.join(parameters.groups)} the "
            "training rows are one group; name other columns in training.objective.groups, or take "
            "average (parameters/training.yml)"
        )


def _warn_of_single_groups(
    groups: Mapping[str, TrainedGroups], parameters: "ObjectiveParameters"
) -> None:
    for task, task_groups in groups.items():
        if len(task_groups.names) == 1:
            logger.warning(
                f"training: {parameters.name} has nothing to weigh in {task!r}: its rows are one "
                f"group by {', '.join(parameters.groups)}, {task_groups.names[0]!r}"
            )
