import pandas as pd
import pytest

from ccnlp.errors import ConfigurationError
from ccnlp.pipeline_registry import register_pipelines
from ccnlp.training.group_checks import check_groups


@pytest.fixture
def check(examples, tasks, training_parameters):
    plain = training_parameters().model_dump()

    def check(rows=examples, **changes):
        values = {
            name: {**plain[name], **change} if isinstance(change, dict) else change
            for name, change in changes.items()
        }
        check_groups(rows, tasks, training_parameters(**values))

    return check


def test_objective_of_one_group_is_refused_before_anything_is_trained(check, examples):
    with pytest.raises(ConfigurationError, match="group_dro, but by language the training rows"):
        check(objective={"name": "group_dro"})
    check()
    check(examples.assign(language=["en", "es"] * 12), objective={"name": "group_dro"})


def test_rows_of_other_languages_make_no_groups_and_kept_tasks_need_none_of_them(
    check, examples, tasks
):
    tasks["kept"] = tasks["sentiment"]
    rows = pd.concat(
        [examples.assign(language=["en", "es"] * 12), examples.assign(task="kept", language="sw")],
        ignore_index=True,
    )
    check(rows, kept_tasks=["kept"], languages=["en"])
    with pytest.raises(ConfigurationError, match="task 'kept' has no train rows of them"):
        check(rows, languages=["en"])
    with pytest.raises(ConfigurationError, match="by language the training rows"):
        check(rows, kept_tasks=["kept"], languages=["en"], objective={"name": "group_dro"})


def test_groups_that_round_trips_may_make_are_left_to_the_training(check):
    check(objective={"name": "group_dro", "groups": ["origin"]})


def test_test_rows_make_no_groups_to_weigh(check, examples):
    is_test = examples["split"] == "test"
    with pytest.raises(ConfigurationError, match="the training rows are one group"):
        check(
            examples.assign(language=is_test.map({True: "es", False: "en"})),
            objective={"name": "group_dro"},
        )


def test_task_without_train_rows_does_not_hide_that_the_others_have_one_group(
    check, examples, tasks
):
    other = examples.assign(task="other", split="test")
    tasks["other"] = tasks["sentiment"]
    with pytest.raises(ConfigurationError, match="the training rows are one group"):
        check(pd.concat([examples, other], ignore_index=True), objective={"name": "group_dro"})


def test_worst_group_of_too_few_validation_rows_is_refused_before_anything_is_trained(
    check, examples
):
    worst = {"select_by": "worst_group"}
    with pytest.raises(
        ConfigurationError,
        match=r"no group of task 'sentiment' by language has 30 validation rows, the largest has 4",
    ):
        check(validation={**worst, "min_group_size": 30})
    check(validation={**worst, "min_group_size": 4})
    unlabelled = examples.assign(label=examples["label"].where(examples["split"] == "train"))
    with pytest.raises(ConfigurationError, match="the largest has 0"):
        check(unlabelled, validation={**worst, "min_group_size": 1})


def test_check_comes_before_translation_and_training():
    names = [node.name for node in register_pipelines()["__default__"].nodes]
    position = names.index("training.check_groups")
    for later in ("augmentation.translate_round_trips", "training.fine_tune"):
        assert position < names.index(later)


def test_tasks_that_are_kept_need_no_groups(check, examples, tasks):
    other = examples.assign(task="other", language="en", split="train")
    tasks["other"] = tasks["sentiment"]
    rows = pd.concat([examples.assign(language=["en", "es"] * 12), other], ignore_index=True)
    worst = {"select_by": "worst_group"}

    with pytest.raises(ConfigurationError, match="no group of task 'other'"):
        check(rows, validation=worst)
    check(rows, validation=worst, kept_tasks=["other"])
