"""Which tasks' scores choose the weights that are kept."""

import math

import pytest
from pydantic import ValidationError

from ccnlp import progress
from ccnlp.errors import ConfigurationError
from ccnlp.training.multitask_parameters import TaskChoiceParameters
from ccnlp.training.selection import Selection, tell_tasks

METRICS = {"a": "a/macro_f1", "b": "b/f1"}


def selection(choose_by="mean", *, weights=(), task=None) -> Selection:
    parameters = TaskChoiceParameters(choose_by=choose_by, weights=dict(weights), task=task)
    return Selection(METRICS, parameters)


def scores(a: float, b: float) -> dict[str, float]:
    return {"a/macro_f1": a, "a/accuracy": 0.0, "b/f1": b}


def test_mean_is_of_the_primary_metrics_by_the_weights():
    assert selection().score(scores(0.5, 0.9), []) == {"selection_score": pytest.approx(0.7)}
    weighted = selection(weights={"a": 3})
    assert weighted.score(scores(0.5, 0.9), [])["selection_score"] == pytest.approx(0.6)


def test_task_of_weight_0_does_not_choose_even_without_a_score():
    chooser = selection(weights={"b": 0})
    assert chooser.score(scores(0.5, float("nan")), [])["selection_score"] == 0.5


def test_task_that_has_no_score_yet_has_no_part():
    none = float("nan")
    assert selection().score(scores(0.5, none), [])["selection_score"] == 0.5
    assert math.isnan(selection().score(scores(none, none), [])["selection_score"])


def test_one_task_chooses():
    assert selection("task", task="b").score(scores(0.5, 0.9), []) == {"selection_score": 0.9}


def test_relative_is_the_share_of_what_the_first_evaluation_left_to_gain():
    log = [{"loss": 1.0}, {"eval_a/macro_f1": 0.5, "eval_b/f1": 0.9}, {"eval_a/macro_f1": 0.9}]

    first = selection("relative").score(scores(0.5, 0.9), [])
    later = selection("relative").score(scores(0.6, 0.95), log)

    assert first == {"a/relative": 0, "b/relative": 0, "selection_score": 0}
    assert later["a/relative"] == pytest.approx(0.2)
    assert later["b/relative"] == pytest.approx(0.5)
    assert later["selection_score"] == pytest.approx(0.35)


def test_relative_begins_at_the_first_score_that_a_task_has():
    log = [
        {"eval_a/macro_f1": 0.5, "eval_b/f1": float("nan")},
        {"eval_a/macro_f1": 0.6, "eval_b/f1": 0.2},
    ]

    first = selection("relative").score(scores(0.6, 0.2), log[:1])
    later = selection("relative").score(scores(0.6, 0.6), log)

    assert first["b/relative"] == 0
    assert later["b/relative"] == pytest.approx(0.5)
    assert later["selection_score"] == pytest.approx(0.35)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"choose_by": "task", "task": "aa"},
            r"names 'aa', which is not trained; did you mean 'a'",
        ),
        ({"weights": {"c": 1}}, r"names 'c', which is not trained; known are 'a', 'b'"),
        ({"weights": {"a": 0, "b": 0}}, "weights are 0 for all tasks"),
    ],
    ids=str,
)
def test_tasks_that_are_not_there_are_refused(options, message):
    with pytest.raises(ConfigurationError, match=message):
        selection(**options)


@pytest.mark.parametrize(("choose_by", "task"), [("mean", "a"), ("task", None)])
def test_a_task_is_named_where_one_chooses_and_only_there(choose_by, task):
    with pytest.raises(ValidationError, match="name the task that chooses where choose_by is task"):
        TaskChoiceParameters(choose_by=choose_by, weights={}, task=task)


def test_each_task_is_told_when_it_was_best_and_what_was_kept(caplog):
    caplog.set_level("INFO")
    log = [
        {"step": 4, "eval_a/macro_f1": 0.5, "eval_b/f1": 0.75},
        {"step": 8, "eval_a/macro_f1": 0.625, "eval_b/f1": 0.5},
    ]
    heard = []
    with progress.listening(heard.append):
        tell_tasks(log, METRICS, kept_step=8)

    assert "b is kept at 0.500 in f1; it was best at step 4, with 0.750" in caplog.text
    assert heard == [
        progress.Metrics(
            {
                "training/best_of_task/a": 0.625,
                "training/kept_of_task/a": 0.625,
                "training/best_of_task/b": 0.75,
                "training/kept_of_task/b": 0.5,
            },
            8,
        )
    ]


def test_of_a_single_task_nothing_more_is_told():
    heard = []
    with progress.listening(heard.append):
        tell_tasks([{"step": 4, "eval_a/f1": 0.5}], {"a": "a/f1"}, kept_step=4)
    assert not heard
