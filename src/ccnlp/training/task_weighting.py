"""The contract of a weighting: how the losses of several tasks become one sum."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from ccnlp.errors import ConfigurationError
from ccnlp.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor, nn

    from ccnlp.models.network import MultiTaskNetwork
    from ccnlp.training.multitask_parameters import MultitaskParameters


class TaskWeighting(ABC):
    """The weights w of the sum Σ w_t · L_t over tasks, a part of which each batch gives.

    What is learnt is multiplied with the fixed weights, and belongs in `state`, so that a killed
    run goes on to the same weights.

    Args:
        fixed: by task, `loss_weight`; of the tasks that are drawn.
        parameters: `training.multitask`.
        network: that is trained.
    """

    learns: ClassVar[bool] = True

    def __init__(
        self,
        fixed: Mapping[str, float],
        parameters: "MultitaskParameters",
        network: "MultiTaskNetwork",
    ) -> None:
        del network
        self.fixed = dict(fixed)
        self.parameters = parameters

    @abstractmethod
    def weigh(self, task: str, loss: "Tensor") -> "Tensor":
        """What a batch adds to the sum, a scalar.

        Args:
            task: of the batch.
            loss: its loss, with the gradient.
        """

    @abstractmethod
    def weight(self, task: str) -> float:
        """The present weight of a task's loss."""

    def trained(self) -> "Sequence[tuple[nn.Parameter, float]]":
        """What the optimiser trains beside the network, each with its peak learning rate."""
        return ()

    def step(self) -> None:  # noqa: B027 (what the optimiser trains needs no step of its own)
        """Follows each step of the optimiser."""

    def state(self) -> dict[str, "Tensor"]:
        """What a checkpoint must hold to go on."""
        return {}

    def load(self, state: Mapping[str, "Tensor"]) -> None:  # noqa: B027 (as `step`)
        """Goes on from `state`."""

    def metrics(self) -> dict[str, float]:
        """Numbers that are told while training, under `task/name`."""
        return {}


TASK_WEIGHTINGS: Registry[type[TaskWeighting]] = Registry(
    "weighting of tasks",
    package="ccnlp.training.task_weightings",
    parameter="parameters/training.yml",
)


def build_weighting(
    network: "MultiTaskNetwork", drawn_tasks: Collection[str], parameters: "MultitaskParameters"
) -> TaskWeighting:
    """The configured weighting of the tasks that are drawn.

    Args:
        network: that is trained.
        drawn_tasks: names of those of its tasks that the plan has batches of.
        parameters: `training.multitask`.

    Raises:
        ConfigurationError: an unknown one, or one that learns weights of a single task.
    """
    weighting_class = TASK_WEIGHTINGS.get(parameters.weighting)
    fixed = {
        name: task.parameters.loss_weight
        for name, task in network.tasks.items()
        if name in drawn_tasks
    }
    if weighting_class.learns and len(fixed) < 2:
        raise ConfigurationError(
            f"training.multitask.weighting is {parameters.weighting}, but {', '.join(fixed)} is "
            "the only task that is trained; take fixed (parameters/training.yml)"
        )
    return weighting_class(fixed, parameters, network)
