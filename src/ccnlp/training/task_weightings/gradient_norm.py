"""GradNorm: weights that even out how hard the tasks pull (Chen et al. 2018, Algorithm 1).

G_t is the norm of the gradient of w_t · L_t in the last weights that all tasks share. It is to be
the mean of all G_t, times r_t^α, where r_t says how slowly the task learns: its loss over its first
loss, by the mean of these over the tasks. The weights go down the gradient of Σ |G_t - target_t|
with the targets held fixed, and keep their sum, the number of tasks.

Different from the paper: losses and gradients are moving averages over a task's latest batches, for
a step need not hold all tasks, and the first loss is that of the first such batches, in which the
weights stay 1. The gradient is taken in units of the mean norm, so that the step size does not
depend on how large the losses of a network are. What is evened out are the losses without the fixed
weights, which are multiplied with what is learnt.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ccnlp.errors import ConfigurationError
from ccnlp.models.precision import choose_device
from ccnlp.training.optimiser import layer_of
from ccnlp.training.task_weighting import TASK_WEIGHTINGS, TaskWeighting

if TYPE_CHECKING:
    from torch import Tensor, nn

    from ccnlp.models.network import MultiTaskNetwork
    from ccnlp.training.multitask_parameters import MultitaskParameters

SMALLEST = 1e-3
"""Of the weights: a task whose weight is 0 would not be learnt again."""


def last_shared(network: "MultiTaskNetwork") -> "nn.Parameter":
    """The last matrix of the backbone's top layer, which the gradient is measured in.

    Raises:
        ConfigurationError: no layer of the backbone is trained.
    """
    matrices = {
        name: weight
        for name, weight in network.backbone.named_parameters()
        if weight.requires_grad and weight.ndim >= 2 and layer_of(name) is not None
    }
    if not matrices:
        raise ConfigurationError(
            "training.multitask.weighting is gradient_norm, but no layer that the tasks share is "
            "trained (training.freeze); take fixed or uncertainty, or train layers "
            "(parameters/training.yml)"
        )
    top = max(layer_of(name) or 0 for name in matrices)
    *_, matrix = (weight for name, weight in matrices.items() if layer_of(name) == top)
    return matrix  # type: ignore[no-any-return]


@TASK_WEIGHTINGS.register("gradient_norm")
class GradientNorm(TaskWeighting):
    """Weights that follow the norms of the tasks' gradients."""

    def __init__(
        self,
        fixed: Mapping[str, float],
        parameters: "MultitaskParameters",
        network: "MultiTaskNetwork",
    ) -> None:
        import torch

        super().__init__(fixed, parameters, network)
        self.shared = last_shared(network)
        self.positions = {task: position for position, task in enumerate(fixed)}
        zeros = torch.zeros(len(fixed), dtype=torch.float64, device=choose_device())
        self.learnt = torch.ones_like(zeros)
        self.first_losses, self.losses, self.norms = (zeros.clone() for _ in range(3))
        self.num_batches = zeros.clone()

    def weigh(self, task: str, loss: "Tensor") -> "Tensor":
        """The loss times its weight; takes in how large it and its gradient are."""
        import torch

        (gradient,) = torch.autograd.grad(
            loss, self.shared, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        position = self.positions[task]
        self._take_in(position, loss.detach().double(), gradient.double().norm())
        return loss * (self.fixed[task] * self.learnt[position]).to(loss.dtype)

    def _take_in(self, position: int, loss: "Tensor", norm: "Tensor") -> None:
        num_averaged = self.parameters.gradient_norm.averaged_batches
        self.num_batches[position] += 1
        share = 1 / self.num_batches[position].clamp(max=num_averaged)
        self.losses[position].lerp_(loss, share)
        self.norms[position].lerp_(norm, share)
        if self.num_batches[position] == num_averaged:
            self.first_losses[position] = self.losses[position]

    def weight(self, task: str) -> float:
        """The fixed weight times the one that is learnt."""
        return self.fixed[task] * float(self.learnt[self.positions[task]])

    def step(self) -> None:
        """Moves the weights, once enough batches of every task were seen."""
        parameters = self.parameters.gradient_norm
        if (self.num_batches < parameters.averaged_batches).any():
            return
        norms = self.learnt * self.norms
        rates = self.losses / self.first_losses.clamp(min=1e-12)
        targets = norms.mean() * (rates / rates.mean().clamp(min=1e-12)) ** parameters.asymmetry
        slopes = (norms - targets).sign() * self.norms / self.norms.mean().clamp(min=1e-12)
        weights = (self.learnt - parameters.step_size * slopes).clamp(min=SMALLEST)
        self.learnt.copy_(weights * len(weights) / weights.sum())

    def state(self) -> dict[str, "Tensor"]:
        """The weights, and what they follow."""
        return {
            "learnt": self.learnt,
            "first_losses": self.first_losses,
            "losses": self.losses,
            "norms": self.norms,
            "num_batches": self.num_batches,
        }

    def load(self, state: Mapping[str, "Tensor"]) -> None:
        """Goes on from `state`."""
        for name, tensor in self.state().items():
            tensor.copy_(state[name])

    def metrics(self) -> dict[str, float]:
        """Each task's weight, and the norm of the gradient of its loss without it."""
        norms = {
            f"{task}/gradient_norm": float(self.norms[position])
            for task, position in self.positions.items()
        }
        return norms | {f"{task}/task_weight": self.weight(task) for task in self.fixed}
