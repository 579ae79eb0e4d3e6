"""The batches of a plan, collated one at a time."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from ccnlp.conditioning.batches import CultureDropout, collate
from ccnlp.tasks.base import Features, Task
from ccnlp.training.batches import PlannedBatch
from ccnlp.training.groups import Rows, TrainedGroups
from ccnlp.training.pairs import NO_PARTNER

BatchOfTask = dict[str, Any]
"""A `Batch` with what else there is to know of it.

`task`, its name; `groups`, the position of each row's group (batch,); `relative_size`, its rows
by the mean of the batches that it is compared with; and where some have a round trip to agree with,
`pairs`.
"""


class PlannedDataset(Dataset[BatchOfTask]):
    """The collated batches of a plan; an item is a whole batch.

    Because the plan covers the whole run, the position in it is all that a killed run needs to go
    on with the batches that it would have seen.

    Args:
        plan: the batches.
        features: by task, row by row.
        tasks: by name.
        groups: by task, of its rows.
        pad_token_id: of the encoder.
        culture_dropout: tells nothing of some rows.
        weighs_tasks_alike: whether a batch is as large as its rows are many beside those of its
            task's batches, or beside all, so that each row counts alike whatever its task.
        partners: by task, the round trip that each row is to agree with.
    """

    def __init__(
        self,
        plan: Sequence[PlannedBatch],
        features: Mapping[str, Sequence[Features]],
        tasks: Mapping[str, Task],
        *,
        groups: Mapping[str, TrainedGroups],
        pad_token_id: int,
        culture_dropout: CultureDropout,
        weighs_tasks_alike: bool,
        partners: Mapping[str, Rows] | None = None,
    ) -> None:
        self.partners = partners or {}
        self.plan = plan
        self.culture_dropout = culture_dropout
        self.features = features
        self.tasks = tasks
        self.groups = groups
        self.pad_token_id = pad_token_id
        self.mean_batch_sizes = _mean_batch_sizes(plan, by_task=weighs_tasks_alike)

    def __len__(self) -> int:
        return len(self.plan)

    def __getitem__(self, index: int) -> BatchOfTask:
        batch = self.plan[index]
        features = [self.features[batch.task][int(row)] for row in batch.rows]
        collated = collate(self.tasks[batch.task], features, pad_token_id=self.pad_token_id)
        self.culture_dropout.drop(collated, batch_index=index)
        extras: BatchOfTask = {
            "task": batch.task,
            "groups": torch.from_numpy(self.groups[batch.task].codes[batch.rows]),
            "relative_size": len(batch.rows) / self.mean_batch_sizes[batch.task],
        }
        if batch.task in self.partners:
            extras |= self._collate_pairs(batch)
        return extras | collated

    def _collate_pairs(self, batch: PlannedBatch) -> BatchOfTask:
        """The round trips of the rows that have one, and which rows these are."""
        partners = self.partners[batch.task][batch.rows]
        rows = np.flatnonzero(partners != NO_PARTNER)
        if not len(rows):
            return {}
        features = [self.features[batch.task][int(row)] for row in partners[rows]]
        collated = collate(self.tasks[batch.task], features, pad_token_id=self.pad_token_id)
        return {"pairs": {"rows": torch.from_numpy(rows), "batch": collated}}


def _mean_batch_sizes(plan: Sequence[PlannedBatch], *, by_task: bool) -> dict[str, float]:
    """By task, the rows of a batch of the plan, of the task or of all."""
    tasks = {batch.task for batch in plan}
    sizes = {
        task: [len(batch.rows) for batch in plan if not by_task or batch.task == task]
        for task in tasks
    }
    return {task: sum(task_sizes) / len(task_sizes) for task, task_sizes in sizes.items()}
