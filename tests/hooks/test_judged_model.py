from types import SimpleNamespace

import pytest

from ccnlp.hooks import judged_model as module
from ccnlp.hooks.judged_model import JudgedModelHook, judged_model
from ccnlp.pipeline_registry import register_pipelines


@pytest.fixture(autouse=True)
def _restore(monkeypatch):
    monkeypatch.setattr(module, "_noted", {"model": "finetuned"})


def note(parameters):
    context = SimpleNamespace(config_loader={"parameters": parameters})
    JudgedModelHook().after_context_created(context)


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
def test_parameter_decides_which_model_the_graph_reads(parameters, model, monkeypatch):
    configured = []
    monkeypatch.setattr(
        "kedro.framework.project.pipelines", SimpleNamespace(configure=configured.append)
    )
    monkeypatch.setattr("kedro.framework.project.PACKAGE_NAME", "ccnlp")

    note(parameters)

    assert judged_model() == model
    assert configured == ["ccnlp.pipeline_registry"] * (model == "champion")
    inputs = register_pipelines()["behaviour"].inputs()
    assert {"finetuned_model", "champion_model"} & inputs == {f"{model}_model"}
