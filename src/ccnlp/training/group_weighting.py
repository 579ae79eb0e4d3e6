"""Objectives that weigh groups of rows by how high their losses are."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ccnlp.models.precision import choose_device
from ccnlp.training.groups import TrainedGroups
from ccnlp.training.objective import Objective

if TYPE_CHECKING:
    from torch import Tensor

    from ccnlp.training.parameters import ObjectiveParameters


class GroupLosses:
    """The mean loss of each group's latest rows: an exponential moving average by rows.

    A batch of texts of like length holds few rows of few groups, by chance and because languages
    differ in length. What such a batch says of a group is noise, and of the others it says nothing.
    So each batch counts by its rows, and a group that a batch lacks keeps what it had. The start is
    corrected as in Adam (Kingma and Ba 2015, section 3): the first batch's mean is the average.

    Args:
        num_groups: number of groups.
        num_rows: rows of a group that the average looks back on, above 1.
    """

    def __init__(self, num_groups: int, *, num_rows: int) -> None:
        import torch

        self._decay = 1 - 1 / num_rows
        self._average = torch.zeros(num_groups, dtype=torch.float64, device=choose_device())
        self._weight = torch.zeros_like(self._average)
        self._sums = torch.zeros_like(self._average)
        self._counts = torch.zeros_like(self._average)
        self.has_new_rows = False

    def add(self, losses: "Tensor", groups: "Tensor") -> None:
        """Takes in the rows of a batch, which count from the next `step` on."""
        self.has_new_rows = True
        row_losses = losses.detach().to(self._sums)
        self._sums.index_add_(0, groups, row_losses)
        self._counts.index_add_(0, groups, row_losses.new_ones(len(row_losses)))

    def step(self) -> None:
        """Takes the rows since the last step into the averages."""
        decays = self._decay**self._counts
        means = self._sums / self._counts.clamp(min=1)
        self._average.mul_(decays).add_((1 - decays) * means)
        self._weight.mul_(decays).add_(1 - decays)
        self._sums.zero_()
        self._counts.zero_()
        self.has_new_rows = False

    @property
    def means(self) -> "Tensor":
        """The average of each group (groups,); of one not seen yet, the mean of the others."""
        is_seen = self._weight > 0
        means: Tensor = self._average / self._weight.clamp(min=1e-12)
        mean_of_seen = (means * is_seen).sum() / is_seen.sum().clamp(min=1)
        return means.where(is_seen, mean_of_seen)

    def state(self) -> dict[str, "Tensor"]:
        """What a checkpoint must hold; after a step no rows wait."""
        return {"average": self._average, "weight": self._weight}

    def load(self, state: Mapping[str, "Tensor"]) -> None:
        """Goes on from `state`."""
        self._average.copy_(state["average"])
        self._weight.copy_(state["weight"])


class GroupWeighting(Objective):
    """An objective that is a weighted sum of the groups' mean losses, with weights that move.

    Each row counts by its group's weight over the group's share of the rows that are drawn. The
    expectation of a batch's loss, and of its gradient, is then the weighted sum, however the rows
    fall into batches: no batch needs to hold all groups. Weights that are the groups' shares give
    the average loss. The weights of a step are those that the steps before it gave, so that a step
    of several batches is that of one large batch.
    """

    def __init__(self, groups: TrainedGroups, parameters: "ObjectiveParameters") -> None:
        import torch

        super().__init__(groups, parameters)
        self.shares = torch.tensor(groups.shares, device=choose_device())
        self.losses = GroupLosses(len(groups.names), num_rows=parameters.averaged_rows)
        self.weights = self.first_weights()

    @abstractmethod
    def first_weights(self) -> "Tensor":
        """The weights of the groups in the first step (groups,), float64."""

    @abstractmethod
    def next_weights(self) -> "Tensor":
        """The weights of the next step, from `self.losses.means` and the present weights."""

    def loss(self, losses: "Tensor", groups: "Tensor") -> "Tensor":
        """The mean of the rows' losses, each times its group's weight over its share."""
        self.losses.add(losses, groups)
        row_weights = (self.weights / self.shares)[groups]
        return (row_weights.to(losses.dtype) * losses).mean()

    def step(self) -> None:
        """Moves the weights, if the step held rows of the task."""
        if not self.losses.has_new_rows:
            return
        self.losses.step()
        self.weights = self.next_weights()

    def state(self) -> dict[str, "Tensor"]:
        """The weights and the averages of the losses."""
        return {"weights": self.weights, **self.losses.state()}

    def load(self, state: Mapping[str, "Tensor"]) -> None:
        """Goes on from `state`."""
        self.weights.copy_(state["weights"])
        self.losses.load(state)

    def metrics(self) -> dict[str, float]:
        """Each group's weight in the sum, and the mean loss of its latest rows."""
        values_by_metric = {
            "group_weight": self.weights.tolist(),
            "group_loss": self.losses.means.tolist(),
        }
        return {
            f"{metric}/{group}": value
            for metric, values in values_by_metric.items()
            for group, value in zip(self.groups.names, values, strict=True)
        }
