import pytest
from transformers import TrainerControl, TrainerState, TrainingArguments

from ccnlp.training.callbacks import CheckpointCallback


@pytest.fixture
def clock(monkeypatch):
    """Seconds that the callbacks read; set them by `clock["now"]`."""
    seconds = {"now": 100.0}
    monkeypatch.setattr("ccnlp.training.callbacks.time.monotonic", lambda: seconds["now"])
    return seconds


def test_checkpoint_is_due_when_the_last_one_is_old_enough(clock, tmp_path):
    callback = CheckpointCallback(60.0)
    told = TrainingArguments(str(tmp_path), report_to="none"), TrainerState(), TrainerControl()
    control = told[-1]

    def is_due(now):
        clock["now"] = now
        callback.on_step_end(*told)
        return control.should_save

    callback.on_train_begin(*told)
    assert [is_due(now) for now in (101, 159, 160, 165)] == [False, False, True, True]
    callback.on_save(*told)
    assert [is_due(now) for now in (224, 225)] == [False, True]
