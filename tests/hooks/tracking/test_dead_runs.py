import subprocess

import pytest

from ccnlp.hooks.tracking.dead_runs import HEARTBEAT, end_dead_runs, process_tags
from ccnlp.hooks.tracking.surroundings import ProcessIdentity


@pytest.fixture
def store(project):
    from mlflow import MlflowClient

    client = MlflowClient(project.uri)
    return client, client.create_experiment("ccnlp")


def dead_process():
    with subprocess.Popen(["true"]) as ended:
        pass
    process = ProcessIdentity.of_this()
    return ProcessIdentity(process.host, ended.pid, process.started)


def start(store, process, *, start_time, **tags):
    client, experiment = store
    run = client.create_run(experiment, start_time, tags=process_tags(process) | tags)
    return run.info.run_id


def test_run_of_a_dead_process_ends_as_killed_at_its_last_heartbeat(store):
    client, experiment = store
    run_id = start(store, dead_process(), start_time=1_000, **{HEARTBEAT: "61000"})
    client.log_metric(run_id, "loss", 1.0, timestamp=31_000)
    host = ProcessIdentity.of_this().host
    assert end_dead_runs(client, experiment, host=host) == [run_id]
    run = client.get_run(run_id)
    assert (run.info.status, run.info.end_time) == ("KILLED", 61_000)
    assert "was gone" in run.data.tags["ccnlp.ended_by"]


def test_without_heartbeat_the_last_metric_is_the_end(store):
    client, experiment = store
    run_id = start(store, dead_process(), start_time=1_000)
    client.log_metric(run_id, "loss", 1.0, timestamp=31_000)
    end_dead_runs(client, experiment, host=ProcessIdentity.of_this().host)
    assert client.get_run(run_id).info.end_time == 31_000


def test_run_of_a_living_process_goes_on(store):
    client, experiment = store
    process = ProcessIdentity.of_this()
    start(store, process, start_time=1_000)
    assert end_dead_runs(client, experiment, host=process.host) == []


def test_run_of_another_host_is_left_alone(store):
    client, experiment = store
    process = dead_process()
    start(store, ProcessIdentity("elsewhere", process.pid, process.started), start_time=1_000)
    assert end_dead_runs(client, experiment, host=process.host) == []


def test_run_that_another_tool_opened_is_left_alone(store):
    client, experiment = store
    client.create_run(experiment)
    assert end_dead_runs(client, experiment, host=ProcessIdentity.of_this().host) == []
