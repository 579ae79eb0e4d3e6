import json
import math
import os
import sys

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, DatasetError
from kedro.pipeline import Node, Pipeline
from kedro_datasets.json import JSONDataset
from kedro_datasets.pandas import CSVDataset

from ccnlp import progress
from ccnlp.errors import ConfigurationError
from ccnlp.hooks import TrackingHook
from ccnlp.hooks.tracking.corpora import abstention_metrics, fairness_metrics, score_metrics
from ccnlp.hooks.tracking.hook import _runner_name
from ccnlp.hooks.tracking.server import check_local_store

FINGERPRINTS = {
    "seed": {"fingerprint": "0123abcd", "num_rows": 3, "licence": "CC0-1.0", "sources": ["a.csv"]}
}


def train(run):
    for step in range(3):
        progress.report(progress.Metrics({"loss": 1.0 / (step + 1), "empty": np.nan}, step))
    progress.report(progress.Fact("encoder_source", "bundled"))
    return run["min_free_disk_gib"]


TRAINING = Pipeline([Node(train, "params:run", "trained", name="train", namespace="training")])


def artifacts(project, run, folder=None):
    from mlflow import MlflowClient

    return {item.path for item in MlflowClient(project.uri).list_artifacts(run.info.run_id, folder)}


def artifact_text(project, run, path):
    from mlflow.artifacts import load_text

    return load_text(f"{run.info.artifact_uri}/{path}")


def test_finished_run_has_parameters_code_machine_timings_metrics_and_facts(project):
    project.run(TRAINING, TrackingHook(), pipeline_names=["training"])
    (run,) = project.runs()
    assert run.info.status == "FINISHED"
    assert run.info.run_name.startswith("training ")
    assert run.data.params == {"run.min_free_disk_gib": "0.0"}
    assert run.data.metrics["loss"] == pytest.approx(1 / 3)
    assert "empty" not in run.data.metrics
    assert 0 <= run.data.metrics["seconds/train"] < 10
    tags = run.data.tags
    assert tags["encoder_source"] == "bundled"
    assert tags["kedro.pipelines"] == "training"
    assert tags["kedro.env"] == "local"
    assert tags["kedro.nodes"] == "training.train"
    assert tags["code.revision"] == tags["code.is_dirty"] == "unknown"
    assert tags["version.kedro"].startswith("1.")
    assert {"host.name", "host.cores", "device", "kedro.command"} <= set(tags)
    assert artifacts(project, run) == {"parameters.txt", "packages.txt"}
    assert "kedro==" in artifact_text(project, run, "packages.txt")


def test_metric_keeps_its_steps(project):
    from mlflow import MlflowClient

    project.run(TRAINING, TrackingHook())
    (run,) = project.runs()
    history = MlflowClient(project.uri).get_metric_history(run.info.run_id, "loss")
    assert [(m.step, m.value) for m in history] == [(0, 1.0), (1, 0.5), (2, pytest.approx(1 / 3))]


def test_failed_run_has_the_error_and_its_traceback(project):
    def fail(run):
        raise ValueError("no rows at https://me:sesame@host")

    with pytest.raises(ValueError, match="no rows"):
        project.run(Pipeline([Node(fail, "params:run", "x")]), TrackingHook())
    (run,) = project.runs()
    assert run.info.status == "FAILED"
    assert run.data.tags["error"] == "ValueError: no rows at https://***@host"
    trace = artifact_text(project, run, "error.txt")
    assert "in fail" in trace
    assert "sesame" not in trace


def test_run_asked_to_end_while_a_library_hides_the_request_is_killed(project):
    def save(run):
        try:
            raise SystemExit(143)
        except SystemExit:
            raise RuntimeError("unexpected pos 118933952") from None

    with pytest.raises(RuntimeError, match="unexpected pos"):
        project.run(Pipeline([Node(save, "params:run", "x")]), TrackingHook())
    (run,) = project.runs()
    assert run.info.status == "KILLED"
    assert run.data.tags["ccnlp.ended_by"] == "an interrupt or a request to terminate"
    assert "error" not in run.data.tags


def test_interrupted_run_of_a_notebook_is_killed_by_the_next_one(project):
    def interrupt(run):
        raise KeyboardInterrupt

    hook = TrackingHook()
    with pytest.raises(KeyboardInterrupt):
        project.run(Pipeline([Node(interrupt, "params:run", "x")]), hook)
    project.run(TRAINING, hook)
    assert [run.info.status for run in project.runs()] == ["FINISHED", "KILLED"]


def test_long_parameter_is_cut_and_whole_in_the_artifact(project):
    long = "x" * 7000
    project.parameters["run"] |= {"note": long, "token": "sesame"}
    project.run(TRAINING, TrackingHook())
    (run,) = project.runs()
    assert run.data.params["run.note"] == "x" * 5999 + "…"
    assert run.data.params["run.token"] == "***"
    text = artifact_text(project, run, "parameters.txt")
    assert long in text
    assert "sesame" not in text


def test_credentials_file_is_never_logged(project):
    project.credentials = {"hub": {"key": "open-sesame"}}
    project.parameters["run"]["note"] = "open-sesame is written here"
    project.run(TRAINING, TrackingHook())
    (run,) = project.runs()
    assert run.data.params["run.note"] == "*** is written here"


def test_command_line_with_a_credential_is_masked(project, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["kedro", "run", "--params", "hub.token=sesame"])
    project.run(TRAINING, TrackingHook())
    (run,) = project.runs()
    assert run.data.tags["kedro.command"] == "kedro run --params hub.token=***"


def test_more_parameters_than_a_batch_takes_are_all_logged(project):
    project.parameters["run"] |= {f"p{i}": i for i in range(250)}
    project.run(TRAINING, TrackingHook())
    (run,) = project.runs()
    assert len(run.data.params) == 251


def make_fingerprints():
    return FINGERPRINTS


def fingerprint_catalog(project):
    path = project.folder / "fingerprints.json"
    metadata = {"mlflow": {"artifact": "ingestion"}}
    return DataCatalog({"corpus_fingerprints": JSONDataset(filepath=str(path), metadata=metadata)})


def check_inputs(run):
    (given,) = run.inputs.dataset_inputs
    assert (given.dataset.name, given.dataset.digest) == ("seed", "0123abcd")
    assert json.loads(given.dataset.profile) == {"num_rows": 3}
    assert json.loads(given.dataset.source) == ["a.csv"]
    assert {tag.key: tag.value for tag in given.tags} == {"licence": "CC0-1.0"}


def test_fingerprints_that_a_run_makes_are_its_inputs_and_an_artifact(project):
    pipeline = Pipeline([Node(make_fingerprints, None, "corpus_fingerprints")])
    project.run(pipeline, TrackingHook(), catalog=fingerprint_catalog(project))
    (run,) = project.runs()
    check_inputs(run)
    assert artifacts(project, run, "ingestion") == {"ingestion/fingerprints.json"}


def test_fingerprints_of_an_earlier_run_are_inputs_too(project):
    catalog = fingerprint_catalog(project)
    catalog.save("corpus_fingerprints", FINGERPRINTS)
    project.run(TRAINING, TrackingHook(), catalog=catalog)
    check_inputs(project.runs()[0])


def score(system="finetuned", slice_="all", group="all", metric="macro_f1", value=0.5, **more):
    keys = {"task": "sentiment", "corpus": "seed", "split": "test"}
    row = {"system": system, "slice": slice_, "group": group, "metric": metric, "score": value}
    return keys | row | {"is_headline": metric == "macro_f1"} | more


def test_scores_become_metrics_with_legal_names():
    scores = pd.DataFrame(
        [
            score(value=0.6),
            score(metric="accuracy", value=0.7),
            score(system="tfidf", value=0.4),
            score(group="language_average", value=0.55),
            score(slice_="culture", group="MX", value=0.3),
            score(system="tfidf", slice_="culture", group="MX", value=0.2),
            score(slice_="length", group="1-40", value=0.1),
        ]
    )
    assert score_metrics(scores) == {
        "finetuned/test/macro_f1": 0.6,
        "finetuned/test/accuracy": 0.7,
        "tfidf/test/macro_f1": 0.4,
        "finetuned/test/macro_f1/language_average": 0.55,
        "finetuned/test/macro_f1/culture/MX": 0.3,
    }


def test_scores_of_several_corpora_and_tasks_are_told_apart():
    scores = pd.DataFrame([score(), score(corpus="all"), score(task="topic", corpus="news")])
    assert set(score_metrics(scores)) == {
        "sentiment/seed/finetuned/test/macro_f1",
        "sentiment/finetuned/test/macro_f1",
        "topic/news/finetuned/test/macro_f1",
    }


def fairness(slice_="culture", **more):
    row = {"task": "sentiment", "corpus": "seed", "split": "test", "system": "finetuned"}
    numbers = {"gap": 0.2, "ratio": 0.7, "equalised_odds_difference": 0.3}
    parity = {"demographic_parity_difference": float("nan")}
    return row | numbers | parity | {"slice": slice_} | more


def test_gaps_between_groups_become_metrics():
    table = pd.DataFrame([fairness(), fairness("length"), fairness(system="tfidf")])
    metrics = fairness_metrics(table)
    assert {name: value for name, value in metrics.items() if not math.isnan(value)} == {
        "finetuned/test/gap/culture": 0.2,
        "finetuned/test/ratio/culture": 0.7,
        "finetuned/test/equalised_odds_difference/culture": 0.3,
    }
    two = pd.DataFrame([fairness(corpus="all"), fairness(), fairness(task="topic")])
    assert {name for name in fairness_metrics(two) if "/gap/" in name} == {
        "sentiment/finetuned/test/gap/culture",
        "sentiment/seed/finetuned/test/gap/culture",
        "topic/seed/finetuned/test/gap/culture",
    }


def abstention(slice_="all", **more):
    row = {"task": "sentiment", "split": "test", "system": "finetuned", "slice": slice_}
    return row | {"threshold": 0.7, "coverage": 0.6, "error_rate": 0.1, "area": 0.2} | more


def test_abstention_becomes_metrics():
    table = pd.DataFrame([abstention(), abstention("culture", coverage=0.1)])
    assert abstention_metrics(table) == {
        "finetuned/test/abstention_threshold": 0.7,
        "finetuned/test/coverage": 0.6,
        "finetuned/test/selective_risk": 0.1,
        "finetuned/test/risk_coverage_area": 0.2,
    }
    two = pd.DataFrame([abstention(), abstention(task="topic", threshold=np.nan)])
    metrics = abstention_metrics(two)
    assert metrics["sentiment/finetuned/test/coverage"] == 0.6
    assert math.isnan(metrics["topic/finetuned/test/abstention_threshold"])


def test_saved_abstention_is_logged(project):
    def measure_abstention():
        return pd.DataFrame([abstention()])

    path = project.folder / "abstention.csv"
    catalog = DataCatalog({"abstention": CSVDataset(filepath=str(path))})
    pipeline = Pipeline([Node(measure_abstention, None, "abstention", name="measure_abstention")])
    project.run(pipeline, TrackingHook(), catalog=catalog)
    assert project.runs()[0].data.metrics["finetuned/test/selective_risk"] == 0.1


def test_saved_gaps_are_logged(project):
    def measure_fairness():
        return pd.DataFrame([fairness()])

    path = project.folder / "fairness.csv"
    catalog = DataCatalog({"fairness": CSVDataset(filepath=str(path))})
    project.run(
        Pipeline([Node(measure_fairness, None, "fairness", name="measure_fairness")]),
        TrackingHook(),
        catalog=catalog,
    )
    assert project.runs()[0].data.metrics["finetuned/test/gap/culture"] == 0.2


def test_saved_scores_are_logged(project):
    def make_scores():
        return pd.DataFrame([score(value=0.6)])

    path = project.folder / "scores.csv"
    catalog = DataCatalog({"scores": CSVDataset(filepath=str(path), save_args={"index": False})})
    project.run(Pipeline([Node(make_scores, None, "scores")]), TrackingHook(), catalog=catalog)
    assert project.runs()[0].data.metrics["finetuned/test/macro_f1"] == 0.6


def test_what_a_node_logs_by_mlflow_itself_belongs_to_the_run(project):
    def log(run):
        import mlflow

        mlflow.log_metric("own", 1.0)
        return 1

    project.run(Pipeline([Node(log, "params:run", "x")]), TrackingHook())
    (run,) = project.runs()
    assert run.data.metrics["own"] == 1.0
    assert run.info.status == "FINISHED"


def test_server_that_is_down_is_refused_before_work(project, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:sesame@127.0.0.1:9")
    with pytest.raises(ConfigurationError, match=r"http://\*\*\*@127.0.0.1:9 gave no answer"):
        project.run(TRAINING, TrackingHook())


def test_store_that_is_no_database_is_refused_before_work(project):
    (project.folder / "mlflow.db").write_text(
        "not a database, and long enough to be read as one" * 9
    )
    with pytest.raises(ConfigurationError, match=r"MLflow can't use sqlite.*mlflow\.db"):
        project.run(TRAINING, TrackingHook())


def test_database_that_takes_no_run_is_refused_without_its_statements(project, monkeypatch):
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    def create_run(*arguments, **named):
        raise MlflowException(
            "(sqlite3.OperationalError) attempt to write a readonly database\n[SQL: INSERT]"
        )

    monkeypatch.setattr(MlflowClient, "create_run", create_run)
    with pytest.raises(
        ConfigurationError,
        match=r"MLflow can't use sqlite.* \(.*attempt to write a readonly database\); mend t",
    ):
        project.run(TRAINING, TrackingHook())


@pytest.mark.parametrize("name", ["mlflow.db", "mlruns"])
def test_local_store_that_belongs_to_root_is_refused(folder_of_user, ordinary_user, name):
    database, artifacts = folder_of_user / "mlflow.db", folder_of_user / "mlruns"
    with ordinary_user():
        check_local_store(database, artifacts)
        database.touch()
        artifacts.mkdir()
        check_local_store(database, artifacts)
    (folder_of_user / name).chmod(0o555)
    with (
        ordinary_user(),
        pytest.raises(ConfigurationError, match=rf"{name}; make it yours with `sudo chown -R \$U"),
    ):
        check_local_store(database, artifacts)


def test_variable_goes_before_the_parameter(project, monkeypatch, empty_store):
    other = project.folder / "other.db"
    other.write_bytes(empty_store.read_bytes())
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{other}")
    project.run(TRAINING, TrackingHook())
    assert project.runs() == []
    assert os.environ["MLFLOW_TRACKING_URI"] == f"sqlite:///{other}"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"experiment": ""}, "experiment: String should have at least 1 character"),
        ({"tracking": "x"}, "tracking: Extra inputs are not permitted"),
        ({"seconds_between_writes": 0}, "seconds_between_writes: Input should be greater than 0"),
    ],
)
def test_wrong_configuration_is_refused(project, change, message):
    project.mlflow |= change
    with pytest.raises(ConfigurationError, match=message) as caught:
        project.run(TRAINING, TrackingHook())
    assert "(conf/base/mlflow.yml)" in str(caught.value)


def test_deleted_experiment_is_refused(project):
    from mlflow import MlflowClient

    client = MlflowClient(project.uri)
    client.delete_experiment(client.create_experiment("ccnlp"))
    with pytest.raises(ConfigurationError, match="experiment 'ccnlp' was deleted; restore it"):
        project.run(TRAINING, TrackingHook())


def test_error_before_the_first_node_fails_the_run(project):
    catalog = fingerprint_catalog(project)
    (project.folder / "fingerprints.json").write_text("{broken")
    with pytest.raises(DatasetError, match="Failed while loading"):
        project.run(TRAINING, TrackingHook(), catalog=catalog)
    (run,) = project.runs()
    assert run.info.status == "FAILED"
    assert run.data.tags["error"].startswith("DatasetError")


def test_runner_is_named_by_its_class():
    description = "<kedro.runner.sequential_runner.SequentialRunner object at 0x7f>"
    assert _runner_name(description) == "SequentialRunner"
    assert _runner_name("None") == "None"
