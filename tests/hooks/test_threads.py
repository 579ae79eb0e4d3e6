"""The hooks under a runner that has several nodes at once, and calls from as many threads."""

import logging
import re
import threading

import mlflow
import pytest
from kedro.io import DataCatalog
from kedro.pipeline import Node, Pipeline
from kedro.runner import ThreadRunner
from kedro_datasets.json import JSONDataset

from ccnlp.hooks import TerminalHook, TrackingHook
from ccnlp.progress import Fact, Metrics, report

NUM_BRANCHES = 4
NUM_STEPS = 50


class Saved(JSONDataset):
    """Notes the run that is mlflow's active one where it is saved."""

    active: list[str]

    def save(self, data):
        super().save(data)
        active = mlflow.active_run()
        self.active.append(active.info.run_id if active else "none")


@pytest.fixture
def branches(project):
    """A stage of nodes that are all there at once, and one that joins them."""
    together = threading.Barrier(NUM_BRANCHES, timeout=60)

    def branch(i):
        def work(run):
            together.wait()
            for step in range(NUM_STEPS):
                report(Metrics({f"loss_{i}": float(step)}, step))
            report(Fact(f"fact_{i}", str(i)))
            if mlflow.active_run():
                mlflow.log_metric(f"own_{i}", float(i))
            return i

        return Node(work, "params:run", f"part_{i}", name=f"work_{i}", namespace="branches")

    parts = [f"part_{i}" for i in range(NUM_BRANCHES)]
    join = Node(lambda *given: sum(given), parts, "sum", name="join", namespace="trunk")
    Saved.active = []
    catalog = DataCatalog(
        {
            name: Saved(
                filepath=str(project.folder / f"{name}.json"),
                metadata={"mlflow": {"artifact": "parts"}},
            )
            for name in [*parts, "sum"]
        }
    )
    return Pipeline([*map(branch, range(NUM_BRANCHES)), join]), catalog


def run(project, branches, *hooks):
    pipeline, catalog = branches
    project.run(pipeline, *hooks, catalog=catalog, runner=ThreadRunner(max_workers=NUM_BRANCHES))


def test_all_that_nodes_at_once_tell_is_in_the_one_run(project, branches):
    run(project, branches, TrackingHook())
    (found,) = project.runs()
    assert found.info.status == "FINISHED"
    metrics, tags = found.data.metrics, found.data.tags
    for i in range(NUM_BRANCHES):
        assert metrics[f"own_{i}"] == i
        assert metrics[f"loss_{i}"] == NUM_STEPS - 1
        assert metrics[f"seconds/work_{i}"] >= 0
        assert tags[f"fact_{i}"] == str(i)
    assert metrics["seconds/join"] >= 0
    client = mlflow.MlflowClient(project.uri)
    history = client.get_metric_history(found.info.run_id, "loss_0")
    assert [metric.step for metric in history] == list(range(NUM_STEPS))
    assert len(client.list_artifacts(found.info.run_id, "parts")) == NUM_BRANCHES + 1


def test_what_nodes_at_once_save_finds_the_active_run(project, branches):
    run(project, branches, TrackingHook())
    (found,) = project.runs()
    assert Saved.active == [found.info.run_id] * (NUM_BRANCHES + 1)
    assert mlflow.active_run() is None


def test_failed_node_among_others_fails_the_run(project):
    together = threading.Barrier(2, timeout=60)

    def fail(run):
        together.wait()
        raise ValueError("no")

    def go_on(run):
        together.wait()
        mlflow.log_metric("own", 1.0)
        return 1

    pipeline = Pipeline(
        [Node(fail, "params:run", "x", name="fail"), Node(go_on, "params:run", "y", name="go_on")]
    )
    with pytest.raises(ValueError, match="no"):
        project.run(pipeline, TrackingHook(), TerminalHook(), runner=ThreadRunner(max_workers=2))
    (found,) = project.runs()
    assert found.info.status == "FAILED"
    assert found.data.metrics["own"] == 1.0


def test_nodes_at_once_are_counted_in_order_and_their_stages_end_once(project, branches, caplog):
    with caplog.at_level(logging.INFO, logger="ccnlp"):
        run(project, branches, TerminalHook())
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("ccnlp")]
    begun = [line.split(":")[0] for line in lines if re.match(r"branches, ", line)]
    assert begun == [f"branches, {i + 1} of {NUM_BRANCHES}" for i in range(NUM_BRANCHES)]
    ends = [line.split(" done")[0] for line in lines if " done in " in line]
    assert ends == ["branches", "trunk"]


def test_stage_takes_the_time_in_which_its_nodes_ran_at_once(caplog, monkeypatch):
    now = 0.0
    monkeypatch.setattr("ccnlp.hooks.clock.time.monotonic", lambda: now)
    first, second = [
        Node(lambda: 1, None, name, name=name, namespace="stage") for name in ("first", "second")
    ]
    hook = TerminalHook()
    with caplog.at_level(logging.INFO, logger="ccnlp"):
        hook.before_pipeline_run(pipeline=Pipeline([first, second]))
        hook.before_node_run(node=first)
        now = 1.0
        hook.before_node_run(node=second)
        now = 3.0
        hook.after_dataset_saved(dataset_name="first", node=first)
        now = 4.0
        hook.after_dataset_saved(dataset_name="second", node=second)
    hook.on_pipeline_error()
    assert caplog.messages[-1] == "stage done in 4.0 s"
