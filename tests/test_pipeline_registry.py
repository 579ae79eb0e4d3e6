import pytest

from ccnlp import pipeline_registry
from ccnlp.hooks.graph_choices import GraphChoices
from ccnlp.pipeline_registry import NAMES, ON_DEMAND, register_pipelines


def test_default_is_all_six_in_order():
    pipelines = register_pipelines()
    assert list(pipelines) == [*NAMES, *ON_DEMAND, "__default__"]
    every = {node.name for name in NAMES for node in pipelines[name].nodes}
    assert {node.name for node in pipelines["__default__"].nodes} == every


@pytest.mark.parametrize("name", [*NAMES, *ON_DEMAND])
def test_nodes_are_in_the_namespace_and_named_after_their_function(name):
    for node in register_pipelines()[name].nodes:
        assert node.name == f"{name}.{node.func.__name__}"


@pytest.mark.parametrize("name", [*NAMES, *ON_DEMAND])
def test_datasets_keep_their_plain_names(name):
    names = register_pipelines()[name].datasets()
    assert not [n for n in names if n.startswith(f"{name}.")]


def test_augmentation_switched_off_leaves_one_node(monkeypatch):
    choices = GraphChoices(is_augmentation_enabled=False)
    monkeypatch.setattr(pipeline_registry, "graph_choices", lambda: choices)
    pipelines = register_pipelines()
    assert [node.name for node in pipelines["augmentation"].nodes] == [
        "augmentation.skip_augmentation"
    ]
    assert "translations" not in pipelines["__default__"].datasets()


def test_agreement_is_measured_and_reported_where_a_corpus_has_annotations(monkeypatch):
    without = register_pipelines()
    choices = GraphChoices(has_annotations=True)
    monkeypatch.setattr(pipeline_registry, "graph_choices", lambda: choices)
    pipelines = register_pipelines()
    added = {
        name: {node.func.__name__ for node in pipelines[name].nodes}
        - {node.func.__name__ for node in without[name].nodes}
        for name in NAMES
    }
    assert added.pop("ingestion") == {"select_annotations", "measure_agreement", "draw_agreement"}
    assert not any(added.values())
    agreement_inputs = {"agreement_report", "disagreement_plot", "alphas_plot"}
    assert pipelines["evaluation"].inputs() - without["evaluation"].inputs() == agreement_inputs
    assert not agreement_inputs & without["__default__"].datasets()


def test_cultures_are_set_apart_where_the_model_is_told_of_culture(monkeypatch):
    without = register_pipelines()
    choices = GraphChoices(is_conditioned=True)
    monkeypatch.setattr(pipeline_registry, "graph_choices", lambda: choices)
    pipelines = register_pipelines()
    added = {
        name: {node.func.__name__ for node in pipelines[name].nodes}
        - {node.func.__name__ for node in without[name].nodes}
        for name in NAMES
    }
    assert added.pop("evaluation") == {"predict_by_culture", "summarise_disagreement"}
    assert not any(added.values())


def test_every_stage_but_the_first_reads_what_an_earlier_one_makes():
    pipelines = register_pipelines()
    made = set(pipelines["ingestion"].all_outputs())
    for name in NAMES[1:]:
        assert {n.split("@")[0] for n in pipelines[name].inputs()} & {n.split("@")[0] for n in made}
        made |= pipelines[name].all_outputs()
