"""Each task's own loss, which the sum over several does not show."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


class LatestLosses:
    """The mean loss of each task's rows since it was last told, without the tasks' weights.

    Args:
        num_tasks: of a single one nothing is told, for its loss is all that there is.
    """

    def __init__(self, *, num_tasks: int) -> None:
        self._has_several_tasks = num_tasks > 1
        self._loss_sums: dict[str, Tensor | float] = {}
        self._sizes: dict[str, float] = {}

    def add(self, task: str, loss: "Tensor", size: float) -> None:
        """Takes in a batch.

        Args:
            task: of the batch.
            loss: mean of its rows.
            size: by which it counts.
        """
        if not self._has_several_tasks:
            return
        self._loss_sums[task] = self._loss_sums.get(task, 0.0) + loss.detach() * size
        self._sizes[task] = self._sizes.get(task, 0.0) + size

    def take(self) -> dict[str, float]:
        """The mean of each task as `task/loss`."""
        mean_losses = {
            f"{task}/loss": float(loss_sum) / self._sizes[task]
            for task, loss_sum in self._loss_sums.items()
        }
        self._loss_sums, self._sizes = {}, {}
        return mean_losses
