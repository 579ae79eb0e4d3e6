"""Group DRO: the loss of the worst group (Sagawa et al. 2020, Algorithm 1).

Groups have weights q on the simplex, which rise exponentially with the groups' losses,
q_g ∝ q_g · exp(η · (L_g + C / √n_g)), and the training makes Σ q_g · L_g small. C / √n_g is the
adjustment of section 3.3: a small group's loss on new texts is higher than on its own.

Different from the paper: all weights move at each step, by the moving averages of the groups'
losses. There a step draws rows of one group, each group equally often, and moves its weight alone.
Drawn by size, large groups would move more often, and with losses above 0, only up. Losses and
their step are taken in this order: a step has the weights of the one before it.
"""

from typing import TYPE_CHECKING

from ccnlp.training.group_weighting import GroupWeighting
from ccnlp.training.objective import OBJECTIVES

if TYPE_CHECKING:
    from torch import Tensor

SMALLEST = 1e-300
"""Of the weights: from 0 none would rise again."""


@OBJECTIVES.register("group_dro")
class GroupDro(GroupWeighting):
    """Weights that follow the groups with the highest losses."""

    def first_weights(self) -> "Tensor":
        """All groups alike."""
        return self.shares.new_full(self.shares.shape, 1 / len(self.shares))

    def next_weights(self) -> "Tensor":
        """One step of exponentiated gradient ascent; sums to 1."""
        parameters = self.parameters.group_dro
        sizes = self.shares.new_tensor(self.groups.sizes)
        gains = parameters.step_size * (self.losses.means + parameters.adjustment / sizes.sqrt())
        log_weights = self.weights.clamp(min=SMALLEST).log()
        return (log_weights + gains).softmax(0)
