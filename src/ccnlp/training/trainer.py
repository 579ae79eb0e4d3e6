"""The loop: Hugging Face's Trainer over planned batches, with one head a task and its loss."""

import logging
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from transformers import Trainer, TrainingArguments

from ccnlp.conditioning.batches import CultureDropout, collate
from ccnlp.models.network import MultiTaskNetwork
from ccnlp.tasks.base import Batch, Features, Task
from ccnlp.training.averaging import AveragedWeights
from ccnlp.training.batches import PlannedBatch
from ccnlp.training.groups import Rows, TrainedGroups
from ccnlp.training.objective import Objective, load_state, state_of
from ccnlp.training.optimiser import build_optimiser
from ccnlp.training.pairs import NO_PARTNER
from ccnlp.training.parameters import TrainingParameters
from ccnlp.training.run_folder import OF_VALIDATION

if TYPE_CHECKING:
    from transformers import TrainerControl

logger = logging.getLogger(__name__)

AVERAGE_FILE = "averaged_weights.safetensors"
OBJECTIVES_FILE = "objectives.safetensors"

BatchOfTask = dict[str, Any]
"""A `Batch` with what else there is to know of it.

`task`, its name; `groups`, the position of each row's group (batch,); `relative_size`, its rows
by the plan's mean; and where some have a round trip to agree with, `pairs`.
"""


class PlannedDataset(Dataset[BatchOfTask]):
    """The collated batches of a plan; an item is a whole batch.

    Because the plan covers the whole run, the position in it is all that a killed run needs to go
    on with the batches that it would have seen.
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
        partners: Mapping[str, Rows] | None = None,
    ) -> None:
        self.partners = partners or {}
        self.plan = plan
        self.culture_dropout = culture_dropout
        self.features = features
        self.tasks = tasks
        self.groups = groups
        self.pad_token_id = pad_token_id
        self.mean_rows = sum(len(batch.rows) for batch in plan) / max(1, len(plan))

    def __len__(self) -> int:
        return len(self.plan)

    def __getitem__(self, index: int) -> BatchOfTask:
        batch = self.plan[index]
        rows = [self.features[batch.task][int(row)] for row in batch.rows]
        collated = collate(self.tasks[batch.task], rows, pad_token_id=self.pad_token_id)
        self.culture_dropout.drop(collated, place=index)
        own: BatchOfTask = {
            "task": batch.task,
            "groups": torch.from_numpy(self.groups[batch.task].codes[batch.rows]),
            "relative_size": len(batch.rows) / self.mean_rows,
        }
        if batch.task in self.partners:
            own |= self._pairs(batch)
        return own | collated

    def _pairs(self, batch: PlannedBatch) -> BatchOfTask:
        """The round trips of the rows that have one, and which rows these are."""
        partners = self.partners[batch.task][batch.rows]
        rows = np.flatnonzero(partners != NO_PARTNER)
        if not len(rows):
            return {}
        features = [self.features[batch.task][int(row)] for row in partners[rows]]
        collated = collate(self.tasks[batch.task], features, pad_token_id=self.pad_token_id)
        return {"pairs": {"rows": torch.from_numpy(rows), "batch": collated}}


class MultiTaskTrainer(Trainer):
    """Trainer whose batches name their task and whose validation is the tasks' own score.

    Args:
        network: what is trained.
        arguments: Trainer's settings; `max_steps` covers the plan.
        planned: the batches.
        tasks: by name.
        objectives: by task.
        parameters: `parameters/training.yml`.
        validate: scores the network on the validation rows.
    """

    def __init__(
        self,
        network: MultiTaskNetwork,
        arguments: TrainingArguments,
        *,
        planned: PlannedDataset,
        tasks: Mapping[str, Task],
        objectives: Mapping[str, Objective],
        parameters: TrainingParameters,
        validate: Callable[[], dict[str, float]],
    ) -> None:
        super().__init__(model=network, args=arguments)
        self.optimizer: torch.optim.Optimizer | None
        self.control: TrainerControl
        self.loss_is_scaled_for_ga = False
        self.network = network
        self.planned = planned
        self.tasks = tasks
        self.objectives = objectives
        self.parameters = parameters
        self.validate = validate
        decay = parameters.regularisation.weight_average_decay
        self.averaged = AveragedWeights(network, decay=decay) if decay else None

    def get_train_dataloader(self) -> DataLoader[Any]:
        """The planned batches in their order."""
        loader = DataLoader(
            self.planned,
            batch_size=1,
            shuffle=False,
            collate_fn=itemgetter(0),
            pin_memory=torch.cuda.is_available(),
        )
        return self.accelerator.prepare(loader)  # type: ignore[no-any-return]

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """AdamW with a learning rate a layer."""
        if self.optimizer is None:
            self.optimizer = build_optimiser(self.network, self.parameters.optimiser)
        return self.optimizer

    def compute_loss(
        self,
        model: Any,
        inputs: BatchOfTask,
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Tensor:
        """The objective of the batch's losses, times its task's weight and its relative size.

        So each example counts alike, though a batch of long texts holds fewer of them.
        """
        del return_outputs, num_items_in_batch
        batch = dict(inputs)
        task = self.tasks[batch.pop("task")]
        weight: float = task.parameters.loss_weight * batch.pop("relative_size")
        groups, pairs = batch.pop("groups"), batch.pop("pairs", None)
        return self._loss(model, task, batch, groups=groups, pairs=pairs) * weight

    def _loss(
        self,
        model: Any,
        task: Task,
        batch: Batch,
        *,
        groups: Tensor,
        pairs: dict[str, Any] | None,
    ) -> Tensor:
        objective = self.objectives[task.name]
        regularisation = self.parameters.regularisation
        smoothing = regularisation.label_smoothing
        first = model(task=task.name, batch=batch)
        losses = task.losses(first, batch, label_smoothing=smoothing)
        added = torch.zeros((), device=losses.device)
        if pairs:
            # A text and its round trip should be answered alike (Xie et al. 2020, equation 1, with
            # the symmetric divergence): label and noise of the round trip are not learnt.
            translated = model(task=task.name, batch=pairs["batch"])
            divergence = task.divergence(first[pairs["rows"]], translated, pairs["batch"])
            share = len(pairs["rows"]) / len(losses)
            added = regularisation.pair_consistency_weight * share * divergence
        if not regularisation.consistency_weight:
            return objective.loss(losses, groups) + added
        # A second pass with its own dropout (R-Drop: Liang et al. 2021, equations 2–4). The paper
        # adds both cross-entropies; their mean keeps the loss of one pass, so that a weight here
        # is half the paper's α. The divergence keeps rows alike: it is no error of a group.
        second = model(task=task.name, batch=batch)
        losses = (losses + task.losses(second, batch, label_smoothing=smoothing)) / 2
        divergence = task.divergence(first, second, batch)
        added = added + regularisation.consistency_weight * divergence
        return objective.loss(losses, groups) + added

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Tells what the objectives have learnt with the loss."""
        if "loss" in logs:
            logs = logs | {
                f"{task}/{name}": value
                for task, objective in self.objectives.items()
                for name, value in objective.metrics().items()
            }
        super().log(logs, start_time)

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        """The tasks' scores on validation, with the averaged weights where there are any."""
        del args, kwargs
        if self.averaged:
            self.averaged.swap()
        try:
            metrics = {f"{OF_VALIDATION}{name}": score for name, score in self.validate().items()}
        finally:
            if self.averaged:
                self.averaged.swap()
        self.log(dict(metrics))
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """Weights that modules share, as a decoder does its embeddings, are written once."""
        del state_dict
        by_place = {
            (weight.data_ptr(), weight.shape): (name, weight)
            for name, weight in reversed(self.network.state_dict().items())
        }
        super()._save(output_dir, state_dict=dict(by_place.values()))

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        super()._save_optimizer_and_scheduler(output_dir)
        from safetensors.torch import save_file

        if self.averaged:
            save_file(self.averaged.state(), Path(output_dir) / AVERAGE_FILE)
        if state := state_of(self.objectives):
            save_file(state, Path(output_dir) / OBJECTIVES_FILE)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        super()._load_optimizer_and_scheduler(checkpoint)
        if not checkpoint:
            return
        from safetensors.torch import load_file

        if self.averaged:
            self.averaged.load(load_file(Path(checkpoint) / AVERAGE_FILE))
        if state_of(self.objectives):
            load_state(self.objectives, load_file(Path(checkpoint) / OBJECTIVES_FILE))
