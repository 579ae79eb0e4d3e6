"""The loop: Hugging Face's Trainer over planned batches, with one head a task and its loss."""

import logging
from collections.abc import Callable, Mapping
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from transformers import Trainer, TrainingArguments

from ccnlp.models.network import MultiTaskNetwork
from ccnlp.tasks.base import Batch, Task
from ccnlp.training.averaging import AveragedWeights
from ccnlp.training.objective import Objective, load_state, state_of
from ccnlp.training.optimiser import build_optimiser
from ccnlp.training.parameters import TrainingParameters
from ccnlp.training.planned import BatchOfTask, PlannedDataset
from ccnlp.training.run_folder import OF_VALIDATION
from ccnlp.training.selection import Selection
from ccnlp.training.task_losses import LatestLosses
from ccnlp.training.task_weighting import TaskWeighting

if TYPE_CHECKING:
    from transformers import TrainerControl

logger = logging.getLogger(__name__)

AVERAGE_FILE = "averaged_weights.safetensors"
OBJECTIVES_FILE = "objectives.safetensors"
TASK_WEIGHTS_FILE = "task_weights.safetensors"


class MultiTaskTrainer(Trainer):
    """Trainer whose batches name their task and whose validation is the tasks' own score.

    Args:
        network: what is trained.
        arguments: Trainer's settings; `max_steps` covers the plan.
        planned: the batches.
        tasks: by name.
        objectives: by task.
        weighting: of the tasks in the sum of their losses.
        parameters: `parameters/training.yml`.
        validate: scores the network on the validation rows.
        selection: what of these scores training is steered by.
    """

    def __init__(
        self,
        network: MultiTaskNetwork,
        arguments: TrainingArguments,
        *,
        planned: PlannedDataset,
        tasks: Mapping[str, Task],
        objectives: Mapping[str, Objective],
        weighting: TaskWeighting,
        parameters: TrainingParameters,
        validate: Callable[[], dict[str, float]],
        selection: Selection,
    ) -> None:
        super().__init__(model=network, args=arguments)
        self.optimizer: torch.optim.Optimizer | None
        self.control: TrainerControl
        self.loss_is_scaled_for_ga = False
        self.network = network
        self.planned = planned
        self.tasks = tasks
        self.objectives = objectives
        self.weighting = weighting
        self.selection = selection
        self.tasks_of_step: list[str] = []
        self.losses = LatestLosses(num_tasks=len(tasks))
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
        """AdamW with a learning rate a layer, and one for the weights of tasks that it trains."""
        if self.optimizer is None:
            self.optimizer = build_optimiser(self.network, self.parameters.optimiser)
            for weight, learning_rate in self.weighting.trained():
                self.optimizer.add_param_group(
                    {"params": [weight], "lr": learning_rate, "weight_decay": 0}
                )
        return self.optimizer

    def compute_loss(
        self,
        model: Any,
        inputs: BatchOfTask,
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Tensor:
        """What the batch adds to the sum of the tasks' losses, times its relative size.

        So each example counts alike, though a batch of long texts holds fewer of them.
        """
        del return_outputs, num_items_in_batch
        batch = dict(inputs)
        task = self.tasks[batch.pop("task")]
        relative_size: float = batch.pop("relative_size")
        groups, pairs = batch.pop("groups"), batch.pop("pairs", None)
        loss = self._loss(model, task, batch, groups=groups, pairs=pairs)
        self.tasks_of_step.append(task.name)
        self.losses.add(task.name, loss, relative_size)
        return self.weighting.weigh(task.name, loss) * relative_size

    def _clip_grad_norm(self, model: Any) -> Tensor:
        """Clips the gradient of a step to the configured norm times the mean weight of its tasks.

        To one norm for all, a step of a task with a large weight would be cut to what it is without
        the weight, as a step may hold one task only; and so a weight would do less than it says.
        """
        weights = [self.weighting.weight(task) for task in self.tasks_of_step]
        self.tasks_of_step = []
        max_norm = self.args.max_grad_norm * sum(weights) / len(weights)
        norm: Tensor = self.accelerator.clip_grad_norm_(model.parameters(), max_norm)
        return norm

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
        outputs = model(task=task.name, batch=batch)
        losses = task.losses(outputs, batch, label_smoothing=smoothing)
        penalty = torch.zeros((), device=losses.device)
        if pairs:
            # A text and its round trip should be answered alike (Xie et al. 2020, equation 1, with
            # the symmetric divergence): label and noise of the round trip are not learnt.
            round_trip_outputs = model(task=task.name, batch=pairs["batch"])
            divergence = task.divergence(outputs[pairs["rows"]], round_trip_outputs, pairs["batch"])
            share = len(pairs["rows"]) / len(losses)
            penalty = regularisation.pair_consistency_weight * share * divergence
        if not regularisation.consistency_weight:
            return objective.loss(losses, groups) + penalty
        # A second pass with its own dropout (R-Drop: Liang et al. 2021, equations 2–4). The paper
        # adds both cross-entropies; their mean keeps the loss of one pass, so that a weight here
        # is half the paper's α. The divergence keeps rows alike: it is no error of a group.
        second_outputs = model(task=task.name, batch=batch)
        losses = (losses + task.losses(second_outputs, batch, label_smoothing=smoothing)) / 2
        divergence = task.divergence(outputs, second_outputs, batch)
        penalty = penalty + regularisation.consistency_weight * divergence
        return objective.loss(losses, groups) + penalty

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Tells with the loss each task's own, where there are several, and what was learnt."""
        if "loss" in logs:
            logs = logs | self.losses.take() | self.weighting.metrics()
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
            scores = self.validate()
        finally:
            if self.averaged:
                self.averaged.swap()
        scores = scores | self.selection.score(scores, self.state.log_history)
        metrics = {f"{OF_VALIDATION}{name}": score for name, score in scores.items()}
        self.log(dict(metrics))
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """Weights that modules share, as a decoder does its embeddings, are written once."""
        del state_dict
        weights_by_memory = {
            (weight.data_ptr(), weight.shape): (name, weight)
            for name, weight in reversed(self.network.state_dict().items())
        }
        super()._save(output_dir, state_dict=dict(weights_by_memory.values()))

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        super()._save_optimizer_and_scheduler(output_dir)
        from safetensors.torch import save_file

        if self.averaged:
            save_file(self.averaged.state(), Path(output_dir) / AVERAGE_FILE)
        if state := state_of(self.objectives):
            save_file(state, Path(output_dir) / OBJECTIVES_FILE)
        if state := self.weighting.state():
            save_file(state, Path(output_dir) / TASK_WEIGHTS_FILE)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        super()._load_optimizer_and_scheduler(checkpoint)
        if not checkpoint:
            return
        from safetensors.torch import load_file

        if self.averaged:
            self.averaged.load(load_file(Path(checkpoint) / AVERAGE_FILE))
        if state_of(self.objectives):
            load_state(self.objectives, load_file(Path(checkpoint) / OBJECTIVES_FILE))
        if self.weighting.state():
            self.weighting.load(load_file(Path(checkpoint) / TASK_WEIGHTS_FILE))
