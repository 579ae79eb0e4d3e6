"""The average loss plus a penalty on the variance of the groups' losses.

V-REx (Krueger et al. 2021, section 3.2), with the mean of all rows' losses where the paper has the
sum of the groups': R + λ · Var(L_1 … L_m). Its gradient is that of the average loss plus
Σ 2λ/m · (L_g − mean L) · ∇L_g. Here L_g − mean L comes from moving averages: the variance within a
batch of texts of like length is nearly all that of its few rows.

A group whose loss lies below the mean has a lower weight than its share; below 0, with a large λ,
its loss is raised. So the penalty may also level down, which group DRO does not.
"""

from typing import TYPE_CHECKING

from ccnlp.training.group_weighting import GroupWeighting
from ccnlp.training.objective import OBJECTIVES

if TYPE_CHECKING:
    from torch import Tensor


@OBJECTIVES.register("fairness_penalty")
class FairnessPenalty(GroupWeighting):
    """Weights that are the groups' shares, plus what the variance adds."""

    def first_weights(self) -> "Tensor":
        """The groups' shares: the average loss."""
        return self.shares.clone()

    def next_weights(self) -> "Tensor":
        """The gradient of the objective by the groups' losses; sums to 1."""
        means = self.losses.means
        penalty = self.parameters.fairness_penalty.weight
        return self.shares + 2 * penalty * (means - means.mean()) / len(means)
