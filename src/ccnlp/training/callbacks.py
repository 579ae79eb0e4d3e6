"""What happens beside the steps: progress, averaged weights, the best weights, early stopping."""

import logging
import math
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import load_model, save_model
from torch import nn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ccnlp import progress
from ccnlp.training.averaging import AveragedWeights
from ccnlp.training.objective import Objective
from ccnlp.training.parameters import ValidationParameters
from ccnlp.training.run_folder import OF_VALIDATION, best_weights, reported_metrics
from ccnlp.training.selection import SELECTION_METRIC
from ccnlp.training.task_weighting import TaskWeighting

logger = logging.getLogger(__name__)


class ProgressCallback(TrainerCallback):
    """A line every few seconds with the time left, and the metrics for whoever listens."""

    def __init__(self, *, count_examples: Callable[[int, int], int]) -> None:
        self._count_examples = count_examples
        self._first_step = 0
        self._start_time = self._last_line_time = 0.0
        self._loss: float | None = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Starts the clock."""
        self._first_step = state.global_step
        self._start_time = self._last_line_time = time.monotonic()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Logs a line when the last one is some seconds old."""
        now = time.monotonic()
        if now - self._last_line_time < progress.SECONDS_BETWEEN_LINES:
            return
        self._last_line_time = now
        seconds_spent = now - self._start_time
        num_done = state.global_step - self._first_step
        num_left = state.max_steps - state.global_step
        minutes, seconds = divmod(round(seconds_spent / num_done * num_left), 60)
        num_examples = self._count_examples(self._first_step, state.global_step)
        loss = "" if self._loss is None else f", loss {self._loss:.3f}"
        logger.info(
            f"training: step {state.global_step:,} of {state.max_steps:,}{loss}, "
            f"{num_examples / seconds_spent:.0f} examples/s, {minutes}:{seconds:02d} left"
        )

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Reports the training and validation metrics of this step."""
        logs = logs or {}
        self._loss = logs.get("loss", self._loss)
        values = {f"training/{name}": value for name, value in reported_metrics(logs).items()}
        progress.report(progress.Metrics(values, state.global_step))


class AveragingCallback(TrainerCallback):
    """Takes each step's weights into the average."""

    def __init__(self, averaged: AveragedWeights) -> None:
        self._averaged = averaged

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Updates the average."""
        self._averaged.update()


class LearningCallback(TrainerCallback):
    """Has the objectives and the weighting of tasks learn from each step."""

    def __init__(self, learners: Iterable[Objective | TaskWeighting]) -> None:
        self._learners = tuple(learners)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Moves their weights."""
        for learner in self._learners:
            learner.step()


class CheckpointCallback(TrainerCallback):
    """Asks for a checkpoint when the last one is some seconds old.

    By the clock and not by steps, so that what a killed run loses depends neither on how much there
    is to train on nor on the machine.
    """

    def __init__(self, seconds_between_checkpoints: float) -> None:
        self._seconds_between_checkpoints = seconds_between_checkpoints
        self._last_save_time = 0.0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Starts the clock."""
        self._last_save_time = time.monotonic()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Asks for one when it is due."""
        seconds = time.monotonic() - self._last_save_time
        control.should_save = seconds >= self._seconds_between_checkpoints

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Starts the clock again."""
        self._last_save_time = time.monotonic()


class BestWeightsCallback(TrainerCallback):
    """Keeps the weights with the best validation score, and stops when they stay the best.

    The weights lie on disk, so that a run that was killed and went on still ends with them. Those
    that were the best at the last checkpoint stay until the next one: a run that goes on from there
    may not reach the later ones again, where arithmetic is not the same each time.
    """

    def __init__(
        self,
        network: nn.Module,
        folder: Path,
        parameters: ValidationParameters,
        *,
        averaged: AveragedWeights | None,
        steps_per_evaluation: int,
    ) -> None:
        self._network = network
        self._folder = folder
        self._parameters = parameters
        self._averaged = averaged
        self._steps_per_evaluation = steps_per_evaluation

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Goes on from a checkpoint: forgets later weights, and stops if it was to stop there."""
        for step, path in best_weights(self._folder):
            if step > state.global_step:
                path.unlink()
        control.should_training_stop = self._evaluations_without_gain(state) >= (
            self._parameters.patience
        )

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Asks for an evaluation when one is due, and after the last step."""
        is_due = state.global_step % self._steps_per_evaluation == 0
        control.should_evaluate = is_due or state.global_step == state.max_steps

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Saves the best weights yet; stops after `patience` evaluations without a gain."""
        *earlier_scores, score = _scores(state)
        logger.info(f"validation: score {score:.3f} at step {state.global_step:,}")
        if not earlier_scores or _is_gain(score, max(earlier_scores, key=_nan_as_lowest)):
            self._save(score, state.global_step)
        if self._evaluations_without_gain(state) >= self._parameters.patience:
            logger.info(f"training stops: no gain in {self._parameters.patience} evaluations")
            control.should_training_stop = True

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Removes the weights that no run which goes on from this checkpoint ends with."""
        for _, path in best_weights(self._folder)[:-1]:
            path.unlink()

    def _evaluations_without_gain(self, state: TrainerState) -> int:
        scores = _scores(state)
        gain_positions = _find_gains(scores, minimum_gain=self._parameters.minimum_gain)
        return max(0, len(scores) - 1 - gain_positions[-1])

    def _save(self, score: float, step: int) -> None:
        if self._averaged:
            self._averaged.swap()
        try:
            partial = self._folder / ".best.safetensors"
            save_model(self._network, str(partial), metadata={"score": repr(score)})
            os.replace(partial, self._folder / f"best-{step}.safetensors")
        finally:
            if self._averaged:
                self._averaged.swap()


def load_best(network: nn.Module, folder: Path) -> tuple[float, int]:
    """Puts the best weights of a training into the network; their score and step."""
    step, path = best_weights(folder)[-1]
    load_model(network, path)
    with safe_open(path, framework="pt") as weights:
        return float(weights.metadata()["score"]), step


def _scores(state: TrainerState) -> list[float]:
    key = f"{OF_VALIDATION}{SELECTION_METRIC}"
    return [entry[key] for entry in state.log_history if key in entry]


def _find_gains(scores: list[float], *, minimum_gain: float) -> list[int]:
    """Positions at which a score is above that of the gain before by the minimum; 0 is one.

    >>> _find_gains([0.5, 0.6, 0.55, 0.6], minimum_gain=0.0)
    [0, 1]
    """
    gain_positions = [0]
    for position, score in enumerate(scores):
        if _is_gain(score, scores[gain_positions[-1]] + minimum_gain):
            gain_positions.append(position)
    return gain_positions


def _is_gain(score: float, best: float) -> bool:
    """Whether the score is above; any is above none, NaN, and none is above nothing.

    >>> _is_gain(0.1, math.nan), _is_gain(math.nan, 0.1), _is_gain(math.nan, math.nan)
    (True, False, False)
    """
    return _nan_as_lowest(score) > _nan_as_lowest(best)


def _nan_as_lowest(score: float) -> float:
    return -math.inf if math.isnan(score) else score
