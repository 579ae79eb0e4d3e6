"""Whether a model fits what is configured now."""

from types import SimpleNamespace

import pytest

from ccnlp.errors import CcnlpError
from ccnlp.evaluation.fitness import check_model, other_view
from ccnlp.evaluation.judged_tasks import JudgedTask, judged_tasks
from ccnlp.tasks.base import TasksParameters, build_tasks


def tasks_of(view=None, *labels):
    kind = "sequence_classification" if view is None else "label_distribution"
    entry = {"kind": kind, "loss_weight": 1.0, "labels": labels or ["no", "yes"], "view": view}
    return build_tasks(TasksParameters.model_validate({"t": entry}))


def model_of(view=None, *labels, conditioning=None):
    return SimpleNamespace(tasks=tasks_of(view, *labels), conditioning=conditioning)


@pytest.mark.parametrize(
    ("trained", "asked", "view"),
    [
        ("majority", "majority", None),
        (None, None, None),
        ("majority", "distribution", "majority"),
        (None, "majority", "one label a row"),
    ],
)
def test_other_view_is_that_of_the_model(trained, asked, view):
    assert other_view(model_of(trained), tasks_of(asked)["t"]) == view


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (model_of("majority"), "was trained on majority, and the task's view is distribution now"),
        (model_of(), "was trained on one label a row, and the task's view is distribution now"),
        (
            model_of("distribution", "a", "b"),
            r"the labels of the fine-tuned model are \['a', 'b'\]",
        ),
    ],
)
def test_model_of_other_tasks_is_refused(model, message):
    with pytest.raises(CcnlpError, match=f"^task 't': .*{message}.*; train again: kedro run"):
        check_model(model, tasks_of("distribution"), culture=None)


def test_task_that_is_no_longer_configured_is_not_asked_about(culture_parameters):
    check_model(model_of(), {}, culture=culture_parameters("prefix"))


def test_model_that_is_told_of_culture_in_another_way_is_refused(
    conditioned_model, tiny_model, culture_parameters
):
    tasks = tiny_model.tasks
    check_model(conditioned_model, tasks, culture=culture_parameters("add"))
    check_model(tiny_model, tasks, culture=culture_parameters("none"))
    check_model(tiny_model, tasks, culture=None)
    told = "trained with the conditioning embedding by culture, subregion, language, and it is"
    with pytest.raises(CcnlpError, match=f"{told} none now .*culture.yml.*; train again"):
        check_model(conditioned_model, tasks, culture=culture_parameters("none"))
    fields = {"fields": ["culture"], "combination": "add"}
    with pytest.raises(CcnlpError, match=f"{told} embedding by culture now"):
        check_model(conditioned_model, tasks, culture=culture_parameters("add", embedding=fields))
    with pytest.raises(CcnlpError, match="conditioning none, and it is prefix by culture, lang"):
        check_model(tiny_model, tasks, culture=culture_parameters("prefix"))


def test_tasks_are_judged_by_their_primary_metric_and_beside_a_champion_of_any_view():
    model = model_of("distribution")
    judged = judged_tasks(model, model_of("majority"))
    assert judged == {"t": JudgedTask("distribution_similarity", champion_view="majority")}
    alone = judged_tasks(model, None)["t"].why_not_compared
    assert not alone.is_obstacle
    other = judged_tasks(model, model_of("distribution", "a", "b"))["t"].why_not_compared
    assert other.is_obstacle
    assert other.reason.startswith("the labels of the champion are")
