from types import SimpleNamespace

import pytest

from ccnlp.hooks import graph_choices as module
from ccnlp.hooks.graph_choices import GraphChoices, GraphChoicesHook, graph_choices
from ccnlp.pipeline_registry import register_pipelines

TASKS = {"hate": {"kind": "label_distribution"}, "tone": {"kind": "sequence_classification"}}


@pytest.fixture(autouse=True)
def built(monkeypatch):
    """The registries that were built again."""
    built = []
    monkeypatch.setattr(module, "_current_choices", [GraphChoices()])
    monkeypatch.setattr(
        "kedro.framework.project.pipelines", SimpleNamespace(configure=built.append)
    )
    monkeypatch.setattr("kedro.framework.project.PACKAGE_NAME", "ccnlp")
    return built


def note(parameters):
    context = SimpleNamespace(config_loader={"parameters": parameters})
    GraphChoicesHook().after_context_created(context)


@pytest.mark.parametrize(
    ("parameters", "is_enabled"),
    [
        ({"augmentation": {"is_enabled": True}}, True),
        ({"augmentation": {"is_enabled": False}}, False),
        ({"augmentation": {}}, True),
        ({}, True),
        ({"augmentation": None}, True),
        ({"augmentation": {"is_enabled": "nonsense"}}, True),
    ],
)
def test_parameter_decides_on_augmentation(parameters, is_enabled):
    note(parameters)
    assert graph_choices().is_augmentation_enabled is is_enabled


@pytest.mark.parametrize(
    ("parameters", "model", "read"),
    [
        ({"retrieval": {"model": "encoder"}}, "encoder", "encoder"),
        ({"retrieval": {"model": "finetuned"}}, "finetuned", "finetuned_model"),
        ({"retrieval": {"model": "winner"}}, "finetuned", "finetuned_model"),
        ({"retrieval": None}, "finetuned", "finetuned_model"),
    ],
)
def test_parameter_decides_which_model_makes_the_index(parameters, model, read):
    note(parameters)
    assert graph_choices().indexing_model == model
    inputs = register_pipelines()["retrieval"].inputs()
    assert {"finetuned_model", "encoder"} & inputs == {read}


FINDING = {"kind": "retrieval"}


@pytest.mark.parametrize(
    ("tasks", "model", "expected"),
    [
        ({"finding": FINDING}, "finetuned", True),
        ({"finding": FINDING}, None, True),
        ({"finding": FINDING}, "encoder", False),
        ({"finding": {"kind": "sequence_classification"}}, "finetuned", False),
        ({"another": FINDING}, "finetuned", False),
        ({"finding": None}, "finetuned", False),
        (None, "finetuned", False),
    ],
)
def test_passages_are_indexed_and_registered_where_a_corpus_task_finds_them(tasks, model, expected):
    note({"corpora": {"a": {"task": "finding"}}, "tasks": tasks, "retrieval": {"model": model}})
    assert graph_choices().serves_passages is expected
    pipelines = register_pipelines()
    assert ("passage_index" in pipelines["registration"].inputs()) is expected
    assert ("passage_index" in pipelines["__default__"].all_outputs()) is expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [({"negatives": "mined"}, True), ({"negatives": "given"}, False), ({}, False), (None, False)],
)
def test_negatives_are_mined_where_a_corpus_task_asks_for_it(options, expected):
    task = {"kind": "retrieval", "options": options}
    note({"corpora": {"a": {"task": "finding"}}, "tasks": {"finding": task}})
    assert graph_choices().mines_negatives is expected
    pipeline = register_pipelines()["tokenisation"]
    assert ("mined_negatives" in pipeline.all_outputs()) is expected
    assert ("mined_negatives" in pipeline.all_inputs()) is expected


@pytest.mark.parametrize(
    ("parameters", "model"),
    [
        ({"behaviour": {"model": "champion"}}, "champion"),
        ({"behaviour": {"model": "finetuned"}}, "finetuned"),
        ({"behaviour": {"model": "winner"}}, "finetuned"),
        ({"behaviour": None}, "finetuned"),
        ({}, "finetuned"),
    ],
)
def test_parameter_decides_which_model_is_judged(parameters, model):
    note(parameters)
    assert graph_choices().judged_model == model
    inputs = register_pipelines()["behaviour"].inputs()
    assert {"finetuned_model", "champion_model"} & inputs == {f"{model}_model"}


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"culture": {"conditioning": "prefix"}}, True),
        ({"culture": {"conditioning": "none"}}, False),
        ({"culture": {"conditioning": None}}, False),
        ({"culture": {}}, False),
        ({"culture": None}, False),
        ({}, False),
    ],
)
def test_parameter_decides_whether_cultures_are_set_apart(parameters, expected):
    note(parameters)
    assert graph_choices().is_conditioned is expected
    outputs = register_pipelines()["evaluation"].all_outputs()
    assert ("contested_report" in outputs) is expected


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
def test_corpora_and_their_tasks_decide_on_agreement(entry, expected):
    note({"corpora": {"one": {"task": "tone"}, "posts": entry}, "tasks": TASKS})
    assert graph_choices().has_annotations is expected


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
    assert graph_choices() == GraphChoices()


def test_pipelines_are_built_again_when_a_choice_changes(built):
    for is_enabled in (True, False, False, True):
        note({"augmentation": {"is_enabled": is_enabled}})
    for task in ("hate", "hate", "tone"):
        note({"corpora": {"posts": {"task": task}}, "tasks": TASKS})
    assert built == ["ccnlp.pipeline_registry"] * 4
