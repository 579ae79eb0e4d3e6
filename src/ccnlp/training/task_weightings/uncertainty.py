"""Weights by the tasks' uncertainty (Kendall, Gal and Cipolla 2018, section 3.2).

Each task has a variance σ², which is learnt with the network: a batch adds L / σ² + log σ, as the
paper has it for classification (equation 10). With s = log σ² that is exp(-s) · L + s / 2. A task
whose loss stays high has a large variance and counts less. For given losses the sum is smallest at
σ² = 2 L: then all tasks add alike.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ccnlp.models.precision import choose_device
from ccnlp.training.task_weighting import TASK_WEIGHTINGS, TaskWeighting

if TYPE_CHECKING:
    from torch import Tensor, nn

    from ccnlp.models.network import MultiTaskNetwork
    from ccnlp.training.multitask_parameters import MultitaskParameters


@TASK_WEIGHTINGS.register("uncertainty")
class Uncertainty(TaskWeighting):
    """A log-variance for each task, 0 at first, which the optimiser trains."""

    def __init__(
        self,
        fixed: Mapping[str, float],
        parameters: "MultitaskParameters",
        network: "MultiTaskNetwork",
    ) -> None:
        import torch

        super().__init__(fixed, parameters, network)
        self.log_variances = {
            task: torch.nn.Parameter(torch.zeros((), device=choose_device())) for task in fixed
        }

    def weigh(self, task: str, loss: "Tensor") -> "Tensor":
        """The weighted loss, and what keeps the variance from growing for ever."""
        log_variance = self.log_variances[task]
        weighed: Tensor = self.fixed[task] * ((-log_variance).exp() * loss + log_variance / 2)
        return weighed

    def weight(self, task: str) -> float:
        """The fixed weight over the variance."""
        return self.fixed[task] * float((-self.log_variances[task].detach()).exp())

    def trained(self) -> "Sequence[tuple[nn.Parameter, float]]":
        """The log-variances."""
        learning_rate = self.parameters.uncertainty.learning_rate
        return [(log_variance, learning_rate) for log_variance in self.log_variances.values()]

    def step(self) -> None:
        """Forgets the gradients of the step: Trainer forgets those of the network alone."""
        for log_variance in self.log_variances.values():
            log_variance.grad = None

    def state(self) -> dict[str, "Tensor"]:
        """The log-variances by task; what the optimiser keeps of them is in its own state."""
        return {task: value.detach() for task, value in self.log_variances.items()}

    def load(self, state: Mapping[str, "Tensor"]) -> None:
        """Goes on from `state`."""
        for task, value in self.log_variances.items():
            value.data.copy_(state[task])

    def metrics(self) -> dict[str, float]:
        """Each task's log-variance and weight."""
        log_variances = {
            f"{task}/log_variance": float(value.detach())
            for task, value in self.log_variances.items()
        }
        return log_variances | {f"{task}/task_weight": self.weight(task) for task in self.fixed}
