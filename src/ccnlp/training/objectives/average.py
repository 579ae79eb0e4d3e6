"""The average loss: empirical risk minimisation (Vapnik 1992), in which each row counts alike.

Groups count by their rows: a large one is learnt, a small one may not be.
"""

from typing import TYPE_CHECKING, ClassVar

from ccnlp.training.objective import OBJECTIVES, Objective

if TYPE_CHECKING:
    from torch import Tensor


@OBJECTIVES.register("average")
class Average(Objective):
    """The mean loss of the rows."""

    looks_at_groups: ClassVar[bool] = False

    def loss(self, losses: "Tensor", groups: "Tensor") -> "Tensor":
        """The mean."""
        return losses.mean()
