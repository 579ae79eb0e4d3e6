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
        self._are_several = num_tasks > 1
        self._sums: dict[str, Tensor | float] = {}
        self._sizes: dict[str, float] = {}

    def add(self, task: str, loss: "Tensor", size: float) -> None:
        """Takes in a batch.

        Args:
            task: of the batch.
            loss: mean of its rows.
            size: by which it counts.
        """
        if not self._are_several:
            return
        self._sums[task] = self._sums.get(task, 0.0) + loss.detach() * size
        self._sizes[task] = self._sizes.get(task, 0.0) + size

    def take(self) -> dict[str, float]:
        """The mean of each task as `task/loss`."""
        told = {f"{task}/loss": float(own) / self._sizes[task] for task, own in self._sums.items()}
        self._sums, self._sizes = {}, {}
        return told
