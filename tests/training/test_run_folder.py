import shutil
from importlib.metadata import version
from pathlib import Path

import pytest

import ccnlp
from ccnlp.training import fingerprint, run_folder
from ccnlp.training.fingerprint import fingerprint_code
from ccnlp.training.run_folder import RunFolder, reported_metrics


@pytest.fixture
def folder_of(features, tasks, tiny_encoder, tmp_path):
    def build(parameters) -> Path:
        return RunFolder.of(
            tmp_path, features, encoder=tiny_encoder, tasks=tasks, parameters=parameters
        ).path

    return build


@pytest.fixture
def package(monkeypatch, tmp_path) -> Path:
    """A copy of the code that is in force, to change."""
    copy = tmp_path / "ccnlp"
    shutil.copytree(Path(ccnlp.__file__).parent, copy)
    monkeypatch.setattr(ccnlp, "__file__", str(copy / "__init__.py"))
    fingerprint_code.cache_clear()
    yield copy
    fingerprint_code.cache_clear()


@pytest.mark.parametrize(
    "module",
    [
        "training/trainer.py",
        "tasks/kinds/sequence_classification.py",
        "metrics.py",
        "conditioning/layers.py",
        "atlas/subregions.py",
        "cultures.py",
    ],
)
def test_fingerprint_code_changes_with_what_trains(package, module):
    before = fingerprint_code()
    fingerprint_code.cache_clear()
    path = package / module
    path.write_text(path.read_text() + "\n")

    assert fingerprint_code() != before


def test_fingerprint_code_stays_when_other_code_changes(package):
    before = fingerprint_code()
    fingerprint_code.cache_clear()
    path = package / "evaluation" / "report.py"
    path.write_text(path.read_text() + "\n")

    assert fingerprint_code() == before


def test_fingerprint_code_changes_with_the_version_of_torch(monkeypatch):
    before = fingerprint_code()
    fingerprint_code.cache_clear()
    monkeypatch.setattr(
        fingerprint, "version", lambda name: "99" if name == "torch" else version(name)
    )

    assert fingerprint_code() != before
    fingerprint_code.cache_clear()


def test_run_folder_of_other_code_is_another(folder_of, parameters, monkeypatch):
    before = folder_of(parameters)
    monkeypatch.setattr(run_folder, "fingerprint_code", lambda: "other")

    assert folder_of(parameters) != before
    assert not before.exists()


def test_run_folder_of_another_precision_of_the_machine_is_another(
    folder_of, training_parameters, monkeypatch
):
    parameters = training_parameters(precision="auto")
    paths = []
    for found in ("fp32", "bf16"):
        monkeypatch.setattr(fingerprint, "choose_precision", lambda *_, found=found: found)
        paths.append(folder_of(parameters))

    assert len(set(paths)) == 2


def test_reported_metrics_rename_the_prefix_alone():
    entry = {"step": 1, "eval_retrieval_qa/accuracy": 0.5, "retrieval_loss": 1, "epoch": 2}

    assert reported_metrics(entry) == {
        "validation_retrieval_qa/accuracy": 0.5,
        "retrieval_loss": 1.0,
    }
