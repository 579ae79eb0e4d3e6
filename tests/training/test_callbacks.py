import pytest
from torch import nn
from transformers import TrainerControl, TrainerState, TrainingArguments

from ccnlp.training.callbacks import (
    BestWeightsCallback,
    CheckpointCallback,
    load_best,
)
from ccnlp.training.multitask_parameters import TaskChoiceParameters
from ccnlp.training.parameters import ValidationParameters
from ccnlp.training.selection import SELECTION_METRIC


@pytest.fixture
def clock(monkeypatch):
    """Seconds that the callbacks read; set them by `clock["now"]`."""
    seconds = {"now": 100.0}
    monkeypatch.setattr("ccnlp.training.callbacks.time.monotonic", lambda: seconds["now"])
    return seconds


def test_checkpoint_is_due_when_the_last_one_is_old_enough(clock, tmp_path):
    callback = CheckpointCallback(60.0)
    arguments = TrainingArguments(str(tmp_path), report_to="none"), TrainerState(), TrainerControl()
    control = arguments[-1]

    def is_due(now):
        clock["now"] = now
        callback.on_step_end(*arguments)
        return control.should_save

    callback.on_train_begin(*arguments)
    assert [is_due(now) for now in (101, 159, 160, 165)] == [False, False, True, True]
    callback.on_save(*arguments)
    assert [is_due(now) for now in (224, 225)] == [False, True]


class Course:
    """A training of one weight, which is the number of the step, told to the callback."""

    def __init__(self, folder, *, minimum_gain=0.0, patience=50):
        self.network = nn.Linear(1, 1, bias=False)
        self.state, self.control = TrainerState(max_steps=100), TrainerControl()
        self.arguments = TrainingArguments(str(folder), report_to="none")
        self.folder = folder
        self.callback = BestWeightsCallback(
            self.network,
            folder,
            ValidationParameters(
                select_by="average",
                min_group_size=1,
                tasks=TaskChoiceParameters(choose_by="mean", weights={}, task=None),
                evaluations_per_epoch=1,
                patience=patience,
                minimum_gain=minimum_gain,
                seconds_between_checkpoints=0,
            ),
            averaged=None,
            steps_per_evaluation=1,
        )

    def tell(self, event):
        getattr(self.callback, event)(self.arguments, self.state, self.control)

    def evaluate(self, *scores):
        for score in scores:
            self.state.global_step += 1
            self.state.log_history.append({f"eval_{SELECTION_METRIC}": score})
            nn.init.constant_(self.network.weight, self.state.global_step)
            self.tell("on_evaluate")
        return self

    def best(self):
        score, step = load_best(self.network, self.folder)
        assert self.network.weight.item() == step
        return score, step


@pytest.mark.parametrize("scores", [[0.6, 0.5, 0.7, 0.69], [0.6, 0.6, 0.7, 0.7]])
def test_best_weights_are_saved_on_a_gain_alone(tmp_path, scores):
    assert Course(tmp_path).evaluate(*scores).best() == (0.7, 3)


def test_best_weights_need_no_minimum_gain(tmp_path):
    course = Course(tmp_path, minimum_gain=0.01).evaluate(0.6, 0.609)

    assert course.best() == (0.609, 2)


def test_patience_counts_evaluations_without_the_minimum_gain(tmp_path):
    course = Course(tmp_path, minimum_gain=0.01, patience=2)

    stops = [course.evaluate(score).control.should_training_stop for score in (0.6, 0.609, 0.618)]
    assert stops == [False, False, False]  # 0.618 is a gain over 0.6, though not over 0.609
    assert not course.evaluate(0.62).control.should_training_stop
    assert course.evaluate(0.625).control.should_training_stop
    assert course.best() == (0.625, 5)


def test_any_score_is_a_gain_over_none(tmp_path):
    none = float("nan")  # as where no entity was found yet
    course = Course(tmp_path, patience=2).evaluate(none, 0.1, none)

    assert course.best() == (0.1, 2)
    assert not course.control.should_training_stop
    assert course.evaluate(none).control.should_training_stop


def test_best_weights_later_than_the_checkpoint_are_forgotten(tmp_path):
    killed = Course(tmp_path).evaluate(0.5)
    killed.tell("on_save")
    killed.evaluate(0.6, 0.7)

    resumed = Course(tmp_path)
    resumed.state.global_step, resumed.state.log_history = 1, killed.state.log_history[:1]
    resumed.tell("on_train_begin")

    assert resumed.best() == (0.5, 1)
    assert resumed.evaluate(0.4, 0.3).best() == (0.5, 1)


def test_best_weights_before_a_checkpoint_are_removed_with_it(tmp_path):
    course = Course(tmp_path).evaluate(0.5, 0.6, 0.55)
    course.tell("on_save")

    assert [path.name for path in tmp_path.iterdir()] == ["best-2.safetensors"]
