"""Runs of a small project in processes of their own, ended in every way."""

import os
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.slow

SETTINGS = """
from ccnlp.settings import CONFIG_LOADER_ARGS, HOOKS
"""
REGISTRY = """
import os, time
from pathlib import Path
from kedro.pipeline import Node, Pipeline
from ccnlp.progress import Metrics, report

def work(run):
    report(Metrics({"loss": 0.5}, 7))
    time.sleep(0.3)  # a few writes of the tracking thread
    Path("working").touch()
    if os.environ.get("WORK_LONG"):
        time.sleep(60)
    return 1

def register_pipelines():
    pipeline = Pipeline([Node(work, "params:run", "done", name="work", namespace="training")])
    return {"__default__": pipeline}
"""
FILES = {
    "pyproject.toml": '[tool.kedro]\npackage_name = "small"\nproject_name = "small"\n'
    'kedro_init_version = "1.7.0"\n',
    "src/small/__init__.py": "",
    "src/small/settings.py": SETTINGS,
    "src/small/pipeline_registry.py": REGISTRY,
    "conf/base/parameters.yml": "run: {min_free_disk_gib: 0}\n",
    "conf/base/catalog.yml": "done: {type: json.JSONDataset, filepath: data/done.json}\n",
    "conf/base/mlflow.yml": "tracking_uri: sqlite:///mlflow.db\nartifact_folder: mlruns\n"
    "experiment: ccnlp\nseconds_between_writes: 0.05\n",
    "conf/local/.gitkeep": "",
}


@pytest.fixture
def small(project):
    for name, text in FILES.items():
        path = project.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return project


def start(small, *arguments, **variables):
    return subprocess.Popen(
        [sys.executable, "-m", "kedro", "run", *arguments],
        cwd=small.folder,
        env=os.environ | {"KEDRO_DISABLE_TELEMETRY": "1"} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=_heed_interrupts,  # noqa: PLW1509 (no thread of this process forks)
    )


def _heed_interrupts():
    """A shell has its background jobs ignore them, and these their children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start_working(small):
    process = start(small, WORK_LONG="1")
    deadline = time.monotonic() + 60
    while not (small.folder / "working").exists():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (small.folder / "working").unlink()
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_that_is_asked_to_end_is_killed(small, number):
    process = start_working(small)
    process.send_signal(number)
    process.communicate(timeout=60)
    (run,) = small.runs()
    assert run.info.status == "KILLED"
    assert run.info.end_time >= run.info.start_time
    assert run.data.metrics["loss"] == 0.5


def test_run_that_got_sigkill_is_killed_for_the_next_run_and_hinders_it_not(small):
    process = start_working(small)
    process.kill()
    process.communicate()
    (run,) = small.runs()
    assert run.info.status == "RUNNING"
    after = start(small)
    out, _ = after.communicate(timeout=60)
    assert after.returncode == 0, out
    finished, killed = small.runs()
    assert (finished.info.status, killed.info.status) == ("FINISHED", "KILLED")
    assert "was gone" in killed.data.tags["ccnlp.ended_by"]
    assert killed.info.end_time < finished.info.start_time


def test_second_run_is_refused_with_one_line_and_leaves_no_trace(small):
    process = start_working(small)
    second = start(small)
    out, _ = second.communicate(timeout=60)
    assert second.returncode == 1
    assert f"process {process.pid}" in out
    assert "Traceback" not in out
    assert len(small.runs()) == 1
    process.kill()
    process.communicate()


def test_misspelt_parameter_stops_the_run_with_one_line(small):
    process = start(small, "--params", "rum.min_free_disk_gib=1")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "nothing reads the parameter 'rum'" in out
    assert "Traceback" not in out
