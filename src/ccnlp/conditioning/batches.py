"""The condition of a batch: collated beside what the task collates, and left out at random."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ccnlp.tasks.base import Batch, Features, Task

CONDITION = "condition"
"""The feature, and the tensor (batch, fields), with the numbers of what is known of each row."""


def collate(task: Task, features: Sequence[Features], *, pad_token_id: int) -> Batch:
    """The task's batch, with `condition` where the features have one."""
    import torch

    batch = task.collate(features, pad_token_id=pad_token_id)
    if CONDITION in features[0]:
        conditions = np.stack([np.asarray(feature[CONDITION], np.int64) for feature in features])
        batch[CONDITION] = torch.from_numpy(conditions)
    return batch


@dataclass(frozen=True)
class CultureDropout:
    """Tells nothing of some rows of a training batch, as is told of a text of unknown culture.

    Which ones follows from the seed and the batch's index in the plan alone, so that a resumed
    training leaves out the same.
    """

    share: float
    seed: int

    def drop(self, batch: Batch, *, batch_index: int) -> None:
        """Sets the condition of each row to unknown with the probability `share`, in place."""
        if self.share and CONDITION in batch:
            generator = np.random.default_rng([self.seed, batch_index])
            is_dropped = generator.random(len(batch[CONDITION])) < self.share
            batch[CONDITION][is_dropped] = 0
