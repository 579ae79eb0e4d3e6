from types import SimpleNamespace

import pytest

from ccnlp.hooks import annotation_switch
from ccnlp.hooks.annotation_switch import AnnotationSwitchHook, has_annotations

TASKS = {"hate": {"kind": "label_distribution"}, "tone": {"kind": "sequence_classification"}}


@pytest.fixture(autouse=True)
def configured(monkeypatch):
    """The registries that were built again."""
    built = []
    monkeypatch.setattr(annotation_switch, "_noted", {"has_annotations": False})
    monkeypatch.setattr(
        "kedro.framework.project.pipelines", SimpleNamespace(configure=built.append)
    )
    monkeypatch.setattr("kedro.framework.project.PACKAGE_NAME", "ccnlp")
    return built


def note(parameters):
    context = SimpleNamespace(config_loader={"parameters": parameters})
    AnnotationSwitchHook().after_context_created(context)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"task": "hate", "annotations": {"annotator": "x"}}, True),
        ({"task": "hate"}, True),
        ({"task": "hate", "annotations": {"distribution": {"hate": "yes"}}}, False),
        ({"task": "tone"}, False),
        ({"task": "unknown"}, False),
        ({}, False),
        (None, False),
    ],
)
def test_corpora_and_their_tasks_decide(entry, expected):
    note({"corpora": {"one": {"task": "tone"}, "posts": entry}, "tasks": TASKS})
    assert has_annotations() is expected


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"corpora": None, "tasks": TASKS},
        {"corpora": {"posts": {"task": "hate"}}, "tasks": []},
        {"corpora": {"posts": {"task": "hate"}}, "tasks": {"hate": {"kind": "unheard_of"}}},
        {"corpora": {"posts": {"task": "hate"}}, "tasks": {"hate": 3}},
    ],
)
def test_malformed_parameters_are_left_to_their_validation(parameters):
    note(parameters)
    assert has_annotations() is False


def test_pipelines_are_built_again_when_the_answer_changes(configured):
    for task in ("hate", "hate", "tone"):
        note({"corpora": {"posts": {"task": task}}, "tasks": TASKS})
    assert configured == ["ccnlp.pipeline_registry"] * 2
