from types import SimpleNamespace

import pytest

from ccnlp.hooks import augmentation_switch
from ccnlp.hooks.augmentation_switch import AugmentationSwitchHook, is_augmentation_enabled


@pytest.fixture(autouse=True)
def _restore(monkeypatch):
    monkeypatch.setattr(augmentation_switch, "_noted", {"is_enabled": True})


def note(parameters):
    context = SimpleNamespace(config_loader={"parameters": parameters})
    AugmentationSwitchHook().after_context_created(context)


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
def test_parameter_decides(parameters, is_enabled):
    note(parameters)
    assert is_augmentation_enabled() is is_enabled


def test_pipelines_are_built_again_when_the_parameter_changes(monkeypatch):
    configured = []
    monkeypatch.setattr(
        "kedro.framework.project.pipelines", SimpleNamespace(configure=configured.append)
    )
    monkeypatch.setattr("kedro.framework.project.PACKAGE_NAME", "ccnlp")
    for is_enabled in (True, False, False, True):
        note({"augmentation": {"is_enabled": is_enabled}})
    assert configured == ["ccnlp.pipeline_registry"] * 2
