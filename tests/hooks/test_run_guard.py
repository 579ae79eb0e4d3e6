import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from kedro.io import DataCatalog
from kedro.pipeline import Node, Pipeline
from kedro.validation.exceptions import ParameterValidationError
from kedro_datasets.json import JSONDataset
from pydantic import BaseModel, ConfigDict, Field

from ccnlp.errors import ConfigurationError
from ccnlp.hooks import RunGuardHook
from ccnlp.hooks.parameter_errors import readable
from ccnlp.hooks.run_guard import check_inputs, check_parameter_groups, check_runner
from ccnlp.hooks.run_lock import LOCK_FILE, RunLock

HOLD_LOCK = """
import sys, time
from pathlib import Path
from ccnlp.hooks.run_lock import RunLock
lock = RunLock.acquire(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def note(run):
    return run["min_free_disk_gib"]


PIPELINE = Pipeline([Node(note, "params:run", "noted")])


@pytest.fixture(autouse=True)
def _pipelines(monkeypatch):
    monkeypatch.setattr("kedro.framework.project.pipelines", {"__default__": PIPELINE})


@pytest.fixture
def other_run(tmp_path: Path):
    """Another process that works on the project's data folder."""
    data = tmp_path / "data"
    data.mkdir()
    command = [sys.executable, "-c", HOLD_LOCK, str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_run_is_let_through_and_folder_unlocked_afterwards(project):
    project.run(PIPELINE, RunGuardHook())
    RunLock.acquire(project.folder / "data").release()


def test_second_run_on_a_folder_is_refused_with_the_other_process(project, other_run):
    with pytest.raises(
        ConfigurationError, match=rf"another run works on .*process {other_run.pid}"
    ):
        project.run(PIPELINE, RunGuardHook())


def test_lock_of_a_killed_run_does_not_hinder(project, other_run):
    other_run.kill()
    other_run.wait()
    project.run(PIPELINE, RunGuardHook())


def test_lock_note_of_the_holder_survives_a_refused_attempt(project, other_run):
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=f"process {other_run.pid}"):
            RunLock.acquire(project.folder / "data")


def test_lock_file_that_cannot_be_opened_is_refused(tmp_path):
    (tmp_path / LOCK_FILE).mkdir()
    with pytest.raises(
        ConfigurationError, match=r"\.run\.lock can't be written to \(Is a directory\); make the"
    ):
        RunLock.acquire(tmp_path)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_file_system_without_locks_is_refused(tmp_path, monkeypatch, number):
    def flock(file, operation):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(ConfigurationError, match=r"the file system of .* gives no locks \(.+\), w"):
        RunLock.acquire(tmp_path)


def test_lock_whose_note_finds_no_room_is_let_go(tmp_path, monkeypatch):
    def dumps(note):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("ccnlp.hooks.run_lock.json.dumps", dumps)
        with pytest.raises(OSError, match="No space left") as kept:
            RunLock.acquire(tmp_path)
    RunLock.acquire(tmp_path).release()
    assert kept.value.errno == errno.ENOSPC


def test_failed_run_unlocks_the_folder(project):
    def fail(run):
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        project.run(Pipeline([Node(fail, "params:run", "noted")]), RunGuardHook())
    RunLock.acquire(project.folder / "data").release()


def test_run_refused_by_another_hook_unlocks_the_folder(project):
    from kedro.framework.hooks import hook_impl

    class Refusing:
        @hook_impl
        def before_pipeline_run(self):
            raise ConfigurationError("no")

    with pytest.raises(ConfigurationError, match="no"):
        project.run(PIPELINE, RunGuardHook(), Refusing())
    RunLock.acquire(project.folder / "data").release()


def test_interrupted_run_of_the_same_process_does_not_hinder_the_next(project):
    def interrupt(run):
        raise KeyboardInterrupt

    guard = RunGuardHook()
    with pytest.raises(KeyboardInterrupt):
        project.run(Pipeline([Node(interrupt, "params:run", "noted")]), guard)
    project.run(PIPELINE, guard)


def test_misspelt_parameter_group_names_the_near_one(project):
    project.parameters["rum"] = {"min_free_disk_gib": 1}
    with pytest.raises(
        ConfigurationError, match="nothing reads the parameter 'rum'; did you mean 'run'"
    ):
        project.run(PIPELINE, RunGuardHook())


class Learning(BaseModel):
    model_config = ConfigDict(extra="forbid")

    steps: int = Field(ge=1)


def learn(learning: Learning) -> int:
    return learning.steps


@pytest.fixture
def _another_pipeline(monkeypatch):
    """One that the run leaves out, whose node reads a group of its own."""
    other = Pipeline([Node(learn, "params:learning", "learnt")])
    every = {"__default__": PIPELINE, "learning": other}
    monkeypatch.setattr("kedro.framework.project.pipelines", every)


@pytest.mark.usefixtures("_another_pipeline")
@pytest.mark.parametrize(
    ("learning", "line"),
    [
        ({"steps": 1, "step": 5}, "learning.step: there is no such parameter"),
        ({"steps": -5}, "learning.steps: input should be greater than or equal to 1, and it is -5"),
    ],
)
def test_wrong_parameter_on_the_command_line_is_refused_by_runs_that_do_not_read_it(
    project, learning, line
):
    project.parameters["learning"] = learning

    with pytest.raises(ParameterValidationError) as caught:
        project.run(PIPELINE, RunGuardHook(), runtime_params={"learning": learning})

    assert readable(str(caught.value)) == f"{line} (parameters/learning.yml, or --params)"


@pytest.mark.usefixtures("_another_pipeline")
@pytest.mark.parametrize("given", [None, {}, {"run": {"min_free_disk_gib": 0}}])
def test_wrong_parameter_of_a_file_is_left_to_the_runs_that_read_it(project, given):
    project.parameters["learning"] = {"steps": -5}

    project.run(PIPELINE, RunGuardHook(), runtime_params=given)


@pytest.mark.usefixtures("_another_pipeline")
def test_right_parameter_on_the_command_line_passes(project):
    project.parameters["learning"] = {"steps": 5}

    project.run(PIPELINE, RunGuardHook(), runtime_params=project.parameters)


def test_parameter_groups_that_nodes_read_pass():
    check_parameter_groups({"run": {}, "tasks": {}}, known=frozenset({"run", "tasks"}))


def test_parameter_that_others_are_made_of_needs_no_reader():
    check_parameter_groups({"run": {}, "_files": {}}, known=frozenset({"run"}))


@pytest.mark.parametrize(
    ("run", "message"),
    [
        ({}, "run.min_free_disk_gib: Field required"),
        (None, "run: Input should be a valid dictionary"),
        ({"min_free_disk_gib": -1}, "greater than or equal to 0"),
        ({"min_free_disk_gib": "much"}, "valid number"),
        ({"min_free_disk_gib": 1, "min_disk": 1}, "run.min_disk: Extra inputs are not permitted"),
    ],
)
def test_wrong_run_parameters_are_refused(project, run, message):
    project.parameters["run"] = run
    with pytest.raises(ConfigurationError, match=message) as caught:
        project.run(PIPELINE, RunGuardHook())
    assert "(parameters/run.yml)" in str(caught.value)


@pytest.fixture
def two_pipelines(tmp_path):
    """One writes what the other reads, under another transcoding."""
    first = Pipeline([Node(note, "params:run", "numbers@one", name="first")])
    second = Pipeline([Node(note, "numbers@other", "sums", name="second")])
    dataset = JSONDataset(filepath=str(tmp_path / "numbers.json"))
    catalog = DataCatalog({"numbers@one": dataset, "numbers@other": dataset})
    return {"first": first, "second": second, "__default__": first + second}, catalog


def test_pipeline_whose_inputs_are_not_there_says_what_to_run_before(two_pipelines):
    pipelines, catalog = two_pipelines

    with pytest.raises(ConfigurationError, match=r"reads 'numbers'.*kedro run --pipelines first$"):
        check_inputs(pipelines["second"], catalog, pipelines)


def test_pipelines_to_run_before_are_named_with_those_that_they_need_in_turn(
    two_pipelines, tmp_path
):
    pipelines, catalog = two_pipelines
    catalog["sums"] = JSONDataset(filepath=str(tmp_path / "sums.json"))
    third = Pipeline([Node(note, "sums", "means", name="third")])

    with pytest.raises(ConfigurationError, match=r"kedro run --pipelines first,second$"):
        check_inputs(third, catalog, {**pipelines, "third": third})


def test_pipeline_whose_inputs_are_there_or_made_on_the_way_is_let_through(two_pipelines):
    pipelines, catalog = two_pipelines
    check_inputs(pipelines["__default__"], catalog, pipelines)
    catalog.save("numbers@one", [1])
    check_inputs(pipelines["second"], catalog, pipelines)


RUNNER = "<kedro.runner.x.{} object at 0x7f>"


@pytest.mark.parametrize(
    ("runner", "namespaces"),
    [("SequentialRunner", {"training"}), ("ThreadRunner", {"ingestion"}), ("None", {"training"})],
)
def test_runner_that_can_be_tracked_and_repeated_is_taken(runner, namespaces):
    check_runner(RUNNER.format(runner), namespaces)


@pytest.mark.parametrize(
    ("runner", "namespaces", "message"),
    [
        ("ParallelRunner", {"ingestion"}, "out of reach of .* MLflow; run without --runner"),
        ("ThreadRunner", {"training", "evaluation"}, "same weights; run without --runner"),
        ("ThreadRunner", {"evaluation"}, "models in several threads"),
    ],
)
def test_runner_that_can_not_be_tracked_or_repeated_is_refused(runner, namespaces, message):
    with pytest.raises(ConfigurationError, match=message):
        check_runner(RUNNER.format(runner), namespaces)


def test_slice_of_the_gate_that_is_not_scored_is_refused_before_any_node(project):
    def judge(evaluation, registration):
        raise AssertionError("a node ran")

    gate = SimpleNamespace(gate=SimpleNamespace(slices=("language", "cultur")))
    project.parameters |= {
        "evaluation": SimpleNamespace(slices={"language": (), "culture": ()}),
        "registration": gate,
    }
    node = Node(judge, ["params:evaluation", "params:registration"], None, name="judge")
    with pytest.raises(ConfigurationError, match=r"gate.slices names 'cultur', .*mean 'culture'"):
        project.run(Pipeline([node]), RunGuardHook())
