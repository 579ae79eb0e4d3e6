"""The weights that are configured."""

from typing import TYPE_CHECKING, ClassVar

from ccnlp.training.task_weighting import TASK_WEIGHTINGS, TaskWeighting

if TYPE_CHECKING:
    from torch import Tensor


@TASK_WEIGHTINGS.register("fixed")
class Fixed(TaskWeighting):
    """`loss_weight` of each task, from the first step to the last."""

    learns: ClassVar[bool] = False

    def weigh(self, task: str, loss: "Tensor") -> "Tensor":
        """The loss times its task's weight."""
        return loss * self.fixed[task]

    def weight(self, task: str) -> float:
        """As configured."""
        return self.fixed[task]
