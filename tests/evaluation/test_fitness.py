"""Whether a model fits what is configured now."""

from types import SimpleNamespace

import pytest

from ccnlp.errors import CcnlpError
from ccnlp.evaluation.fitness import check_model, differences, why_not_comparable
from ccnlp.evaluation.judged_tasks import JudgedTask, judged_tasks
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.kinds.sequence_classification import SequenceClassification
from ccnlp.tasks.parameters import TaskParameters, TasksParameters


def tasks_of(view=None, *labels, context="none"):
    kind = "sequence_classification" if view is None else "label_distribution"
    entry = {"kind": kind, "loss_weight": 1.0, "labels": labels or ["no", "yes"]}
    entry |= {"options": {"view": view}} if view else {}
    return build_tasks(TasksParameters.model_validate({"t": entry | {"context": context}}))


def model_of(view=None, *labels, conditioning=None, context="none"):
    tasks = tasks_of(view, *labels, context=context)
    return SimpleNamespace(tasks=tasks, conditioning=conditioning)


class OfReplies(SequenceClassification):
    """A task whose rows hold a reply beside the text."""

    input_columns = ("text", "reply")


class OfTags(SequenceClassification):
    """A task that answers something else than a label."""

    target_columns = ("tags",)


def model_of_kind(kind):
    parameters = TaskParameters(kind="toy", loss_weight=1.0, labels=("no", "yes"))
    return SimpleNamespace(tasks={"t": kind("t", parameters)}, conditioning=None)


@pytest.mark.parametrize(
    ("trained_view", "asked_view", "sentences"),
    [
        ("majority", "majority", []),
        (None, None, []),
        (
            "majority",
            "distribution",
            [
                "X was trained on the annotators' majority, and this model was trained on the "
                "annotators' distribution"
            ],
        ),
        (
            None,
            "pooled_majority",
            [
                "X was trained on one label a row, and this model was trained on the annotators' "
                "pooled majority"
            ],
        ),
    ],
)
def test_difference_of_views_is_told(trained_view, asked_view, sentences):
    found = differences(model_of(trained_view), tasks_of(asked_view)["t"], culture=None)
    assert [difference.describe("X") for difference in found] == sentences


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            model_of("majority"),
            "the fine-tuned model was trained on the annotators' majority, and one is asked for "
            "now that was trained on the annotators' distribution .parameters/tasks.yml.",
        ),
        (
            model_of(context="prefix"),
            "model was trained on one label a row, .*tasks.yml.; the fine-tuned model reads the "
            "context as prefix, and one is asked for now that reads no context",
        ),
        (
            model_of("distribution", "a", "b"),
            "the fine-tuned model answers with the labels 'a', 'b', and the task asks for 'no', ",
        ),
    ],
)
def test_model_of_other_tasks_is_refused(model, message):
    with pytest.raises(CcnlpError, match=f"^task 't': .*{message}.*; train again: kedro run"):
        check_model(model, tasks_of("distribution"), culture=None)


def test_task_that_is_no_longer_configured_is_not_asked_about():
    tasks = {**tasks_of(), "other": tasks_of()["t"]}
    del tasks["t"]
    model = model_of()
    model.tasks["other"] = model.tasks["t"]
    check_model(model, tasks, culture=None)


def test_model_of_none_of_the_tasks_is_refused():
    with pytest.raises(CcnlpError, match=r"was trained on 't', and the tasks are 'u' .* \(--env\)"):
        check_model(model_of(), {"u": tasks_of()["t"]}, culture=None)


def test_model_that_is_told_of_culture_in_another_way_is_refused(
    conditioned_model, tiny_model, culture_parameters
):
    tasks = tiny_model.tasks
    check_model(conditioned_model, tasks, culture=culture_parameters("add"))
    check_model(tiny_model, tasks, culture=culture_parameters("none"))
    check_model(tiny_model, tasks, culture=None)
    message = (
        "the fine-tuned model is told of culture, subregion, language by embedding, and one is"
    )
    with pytest.raises(CcnlpError, match=f"{message} .* is told nothing of culture .*culture.yml"):
        check_model(conditioned_model, tasks, culture=culture_parameters("none"))
    fields = {"fields": ["culture"], "combination": "add"}
    with pytest.raises(CcnlpError, match=f"{message} .* that is told of culture by embedding"):
        check_model(conditioned_model, tasks, culture=culture_parameters("add", embedding=fields))
    with pytest.raises(
        CcnlpError, match=r"nothing of culture, .* told of culture, language by pre"
    ):
        check_model(tiny_model, tasks, culture=culture_parameters("prefix"))


def test_tasks_are_judged_by_their_primary_metric_and_beside_a_champion_of_any_view():
    model = model_of("distribution")
    judged_task = judged_tasks(model, model_of("majority"))["t"]
    assert judged_task.metric == "distribution_similarity"
    assert judged_task.why_not_compared is None
    alone = judged_tasks(model, None)["t"].why_not_compared
    assert not alone.is_obstacle
    other = judged_tasks(model, model_of("distribution", "a", "b"))["t"].why_not_compared
    assert other.is_obstacle
    assert other.reason.startswith("the champion answers with the labels 'a', 'b', and the")


def test_champion_that_reads_or_is_told_otherwise_is_compared_and_told(
    conditioned_model, tiny_model, caplog
):
    conditioned = SimpleNamespace(tasks=tasks_of(), conditioning=conditioned_model.conditioning)
    plain = model_of(context="text_pair")
    by_culture = "told of culture, subregion, language by embedding"

    for model, champion, sentences in (
        (conditioned, model_of(), (f"is told nothing of culture, and this model is {by_culture}",)),
        (
            plain,
            conditioned,
            (
                "reads no context, and this model reads the context as text_pair",
                f"is {by_culture}, and this model is told nothing of culture",
            ),
        ),
        (plain, plain, ()),
    ):
        caplog.clear()
        expected = tuple(f"the champion {sentence}" for sentence in sentences)
        assert judged_tasks(model, champion) == {
            "t": JudgedTask("macro_f1", champion_differs=expected)
        }
        assert caplog.messages == [
            f"t: {sentence}; both are judged on the present rows" for sentence in expected
        ]


def test_champion_of_fewer_columns_is_compared_and_told():
    judged_task = judged_tasks(model_of_kind(OfReplies), model_of())["t"]
    assert judged_task.why_not_compared is None
    assert judged_task.champion_differs == (
        "the champion reads 'text', and this model reads 'text', 'reply'",
    )


def test_champion_that_needs_columns_which_are_gone_is_not_compared():
    judged_task = judged_tasks(model_of(), model_of_kind(OfReplies))["t"]
    assert judged_task.why_not_compared.is_obstacle
    assert judged_task.why_not_compared.reason == (
        "the champion reads 'reply', which the rows of the task don't have"
    )
    with pytest.raises(CcnlpError, match="the fine-tuned model reads 'reply', which the rows"):
        check_model(model_of_kind(OfReplies), tasks_of(), culture=None)


def test_champion_that_answers_something_else_is_not_compared():
    judged_task = judged_tasks(model_of(), model_of_kind(OfTags))["t"]
    assert judged_task.why_not_compared.is_obstacle
    assert judged_task.why_not_compared.reason == (
        "the champion answers 'tags', and the task asks for 'label'"
    )


@pytest.mark.parametrize(
    ("entry", "parameter", "trained_value", "asked_value"),
    [
        (
            {"kind": "intent_slots", "labels": ["ask", "set"]},
            "slot_types",
            ["day"],
            ["day", "hour"],
        ),
        ({"kind": "pair_similarity"}, "score_range", [0, 5], [0, 1]),
    ],
)
def test_model_of_other_answers_beside_the_labels_is_not_compared(
    entry, parameter, trained_value, asked_value
):
    trained, task = (
        build_tasks(
            TasksParameters.model_validate(
                {"t": {"loss_weight": 1, **entry, "options": {parameter: value}}}
            )
        )
        for value in (trained_value, asked_value)
    )
    champion = SimpleNamespace(tasks=trained, conditioning=None)

    why_not = why_not_comparable(champion, task["t"])

    assert why_not.startswith(f"the champion answers with the {parameter} ")
    assert why_not_comparable(champion, trained["t"]) is None


def test_model_that_answers_under_other_limits_is_told():
    trained_options = {"max_tokens": 8, "stride_tokens": 4, "may_be_missing": False}
    trained, task = (
        build_tasks(
            TasksParameters.model_validate(
                {"t": {"kind": "question_answering", "loss_weight": 1, "options": options}}
            )
        )
        for options in (trained_options, {**trained_options, "may_be_missing": True})
    )
    model = SimpleNamespace(tasks=trained, conditioning=None)

    (difference,) = differences(model, task["t"], culture=None)

    assert difference.describe("X") == (
        "X has the options max_tokens 8, stride_tokens 4, may_be_missing False, and this model has "
        "the options max_tokens 8, stride_tokens 4, may_be_missing True"
    )
    with pytest.raises(CcnlpError, match=r"may_be_missing False, and one is asked for now .*True"):
        check_model(model, task, culture=None)
