"""The main job from the command line: from a corpus to a registered model, and after a kill."""

import hashlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
TOY_KIND = ROOT / "tests" / "tasks" / "toy_kind.py"
WORDS = {
    "negative": ["bad", "boring", "hated", "mala", "schlecht"],
    "neutral": ["the", "film", "service", "película", "der"],
    "positive": ["good", "great", "loved", "buena", "gut"],
}
CORPORA = """
corpora:
  seed_corpus: null
  toy:
    reader: delimited
    path: toy.csv
    task: sentiment
    columns: {text: text, label: label}
    language: {column: language}
    culture: {column: culture}
    split: {column: split}
    licence: CC0-1.0
"""
APERTIUM = """#!/bin/sh
# Stands for Apertium: words in another order, row by row, once the test lets it.
[ "$1" = -V ] && { echo "Apertium 0.0"; exit; }
while [ -e "$APERTIUM_DATADIR/wait" ] && [ -e "$APERTIUM_DATADIR/called" ]; do sleep 0.05; done
touch "$APERTIUM_DATADIR/called"
exec "$PYTHON" -c '
import re, sys
for row in sys.stdin.read().split(chr(0))[:-1]:
    text, mark = re.fullmatch(r"(.*)[.](\\[\\]\\[\\d+\\])", row, re.DOTALL).groups()
    first, *others = text.split(" ")
    sys.stdout.write(" ".join([*others, first]) + "." + mark + chr(0))
'
"""
AUGMENTATION = """
augmentation:
  chunk_size_texts: 3
  routes: {en: [[es]], es: [[en]], fr: null, pt: null, it: null}
  filters: {meaning: null, label_agreement: null, novelty: null, language: null}
"""
PARAMETERS = {
    "encoder.source": "path",
    "augmentation.is_enabled": "false",
    "run.min_free_disk_gib": "0",
    "evaluation.num_draws": "50",
    "evaluation.probe.max_length_tokens": "32",
    "tokenisation.max_length_tokens": "32",
    "training.optimiser.learning_rate": "0.01",
    "training.attention": "eager",
}


def write_corpus(path: Path) -> None:
    generator = random.Random(0)
    rows = [
        (" ".join([*generator.choices(WORDS[label], k=4), str(i)]), label, language, culture, split)
        for i in range(12)
        for label in WORDS
        for language, culture in (("en", "GB"), ("en", "IN"), ("es", "MX"))
        for split in (("train", "validation", "train", "test")[i % 4],)
    ]
    columns = ["text", "label", "language", "culture", "split"]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)


@pytest.fixture
def make_project(tmp_path, tiny_encoder):
    """Makes folders with the project's code and configuration and a small corpus."""

    def make(name: str) -> Path:
        project = tmp_path / name
        project.mkdir()
        shutil.copy(ROOT / "pyproject.toml", project)
        shutil.copytree(ROOT / "src" / "ccnlp", project / "src" / "ccnlp")
        shutil.copytree(ROOT / "conf" / "base", project / "conf" / "base")
        shutil.copy(ROOT / "conf" / "logging.yml", project / "conf")
        local = project / "conf" / "local" / "parameters"
        local.mkdir(parents=True)
        (local / "corpora.yml").write_text(CORPORA)
        raw = project / "data" / "01_raw"
        raw.mkdir(parents=True)
        write_corpus(raw / "toy.csv")
        (project / "encoder").symlink_to(tiny_encoder.folder)
        return project

    return make


def install_apertium(project: Path) -> Path:
    """A stand-in for the engine, and a short augmentation; the folder that steers it."""
    data, bin_ = project / "apertium", project / "bin"
    (data / "modes").mkdir(parents=True)
    for mode in ("eng-spa", "spa-eng"):
        (data / "modes" / f"{mode}.mode").touch()
    bin_.mkdir()
    (bin_ / "apertium").write_text(APERTIUM)
    (bin_ / "apertium").chmod(0o755)
    (project / "conf" / "local" / "parameters" / "augmentation.yml").write_text(AUGMENTATION)
    return data


def start(project: Path, **parameters: str) -> subprocess.Popen[str]:
    chosen = PARAMETERS | {"encoder.path": str(project / "encoder")} | parameters
    arguments = ",".join(f"{name}={value}" for name, value in chosen.items())
    variables = {
        "PYTHONPATH": str(project / "src"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{project}/mlflow.db",
        "COLUMNS": "200",
        "PATH": f"{project / 'bin'}:{os.environ['PATH']}",
        "APERTIUM_DATADIR": str(project / "apertium"),
        "PYTHON": sys.executable,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "kedro", "run", "--params", arguments],
        cwd=project,
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    return output


def runs_of(project: Path) -> list[mlflow.entities.Run]:
    client = mlflow.MlflowClient(f"sqlite:///{project}/mlflow.db")
    experiment = client.get_experiment_by_name("ccnlp")
    return client.search_runs([experiment.experiment_id])


def fingerprints(project: Path) -> dict[str, str]:
    """Of what a run gives: weights, and the table of scores."""
    model = project / "data" / "06_models" / "finetuned"
    files = [model / "model.safetensors", model / "heads.safetensors"]
    files.append(project / "data" / "08_reporting" / "scores.csv")
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_main_job_ends_with_scores_a_registered_model_and_a_finished_run(make_project):
    project = make_project("project")

    output = finish(start(project, **{"training.epochs": "4"}))

    assert "sentiment: macro-F1 on test, in percent, with its interval" in output
    assert "Report: data/08_reporting/report.html" in output
    assert "Registered: ccnlp version 1, as " in output
    assert "\nGate by macro-F1: " in output
    scores = pd.read_csv(project / "data" / "08_reporting" / "scores.csv")
    assert set(scores["system"]) == {"majority", "tfidf", "probe", "finetuned"}
    assert {"all", "language", "culture", "language_culture", "label"} <= set(scores["slice"])
    (run,) = runs_of(project)
    assert run.info.status == "FINISHED"
    assert run.data.params["training.epochs"] == "4"
    assert run.data.tags["encoder_source"] == "path"
    assert [i.dataset.name for i in run.inputs.dataset_inputs] == ["toy"]
    assert "finetuned/test/macro_f1" in run.data.metrics
    fairness = pd.read_csv(project / "data" / "08_reporting" / "fairness.csv")
    assert set(fairness["slice"]) >= {"language", "culture"}
    version = mlflow.MlflowClient(f"sqlite:///{project}/mlflow.db").get_model_version("ccnlp", "1")
    assert version.tags["gate.outcome"] in {"passed", "failed", "inconclusive"}


@pytest.mark.slow
def test_kind_of_task_of_ones_own_goes_from_a_corpus_to_the_gate(make_project):
    project = make_project("project")
    shutil.copy(TOY_KIND, project / "src" / "ccnlp" / "tasks" / "kinds")
    parameters = project / "conf" / "local" / "parameters"
    parameters.joinpath("tasks.yml").write_text(
        "tasks: {summary: {kind: toy_words, loss_weight: 1.0}}"
    )
    entry = CORPORA.replace("sentiment", "summary").replace("label: label", "word: label")
    parameters.joinpath("corpora.yml").write_text(entry)

    training = {"training.epochs": "40", "training.validation.patience": "1000"}
    output = finish(start(project, **training, **{"evaluation.min_group_size": "5"}))

    assert "summary: F1 on test, in percent, with its interval" in output
    scores = pd.read_csv(project / "data" / "08_reporting" / "scores.csv")
    overall = scores[(scores["slice"] == "all") & (scores["split"] == "test")].iloc[0]
    assert overall["score"] > 0.5
    assert overall["low"] <= overall["score"] <= overall["high"]
    assert {"language", "culture", "language_culture"} <= set(scores["slice"])
    assert "Registered: ccnlp version 1, as challenger" in output
    assert "Gate by F1: inconclusive" in output
    assert "the baseline knows no way to answer it" in output
    assert "WARNING" not in output
    (run,) = runs_of(project)
    assert run.info.status == "FINISHED"
    assert "finetuned/test/f1/culture/MX" in run.data.metrics
    assert "summary" in (project / "data" / "08_reporting" / "report.html").read_text()


@pytest.mark.slow
def test_main_job_killed_in_training_ends_with_what_an_undisturbed_one_gives(make_project):
    long = {
        "training.epochs": "300",
        "training.validation.patience": "1000",
        "training.validation.seconds_between_checkpoints": "0.5",
    }
    undisturbed, killed = make_project("undisturbed"), make_project("killed")
    finish(start(undisturbed, **long))
    process = start(killed, **long)
    checkpoints = killed / "data" / "06_models" / "checkpoints"
    deadline = time.monotonic() + 120
    while not list(checkpoints.glob("*/checkpoint-*/trainer_state.json")):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()

    output = finish(start(killed, **long))

    assert "training goes on from checkpoint-" in output
    assert fingerprints(killed) == fingerprints(undisturbed)
    assert [run.info.status for run in runs_of(killed)] == ["FINISHED", "KILLED"]


@pytest.mark.slow
def test_main_job_killed_in_translation_ends_with_what_an_undisturbed_one_gives(make_project):
    translating = {"training.epochs": "4", "augmentation.is_enabled": "true"}
    undisturbed, killed = make_project("undisturbed"), make_project("killed")
    install_apertium(undisturbed)
    apertium = install_apertium(killed)
    finish(start(undisturbed, **translating))
    (apertium / "wait").touch()  # the first chunk is answered, the second is not
    process = start(killed, **translating)
    store = killed / "data" / "02_intermediate" / "translations.sqlite"
    deadline = time.monotonic() + 120
    while not num_stored(store):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    (apertium / "wait").unlink()
    process.communicate()
    assert num_stored(store) == 3

    finish(start(killed, **translating))

    assert fingerprints(killed) == fingerprints(undisturbed)
    reports = [augmentation_report(project) for project in (undisturbed, killed)]
    assert reports[0]["kept"] == reports[1]["kept"] > 0
    num_asked = [report["texts_asked_of_translator"] for report in reports]
    assert num_asked[0] - num_asked[1] == 3
    assert [run.info.status for run in runs_of(killed)] == ["FINISHED", "KILLED"]


def num_stored(store: Path) -> int:
    """How many translations are there."""
    if not store.exists():
        return 0
    with closing(sqlite3.connect(store)) as connection:
        try:
            return int(connection.execute("select count(*) from translations").fetchone()[0])
        except sqlite3.OperationalError:  # the table is not made yet
            return 0


def augmentation_report(project: Path) -> dict[str, Any]:
    return json.loads((project / "data" / "08_reporting" / "augmentation.json").read_text())
