import logging
import re
from types import SimpleNamespace

import pandas as pd
import pytest
from kedro.framework.project import LOGGING
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro_datasets.json import JSONDataset
from kedro_datasets.pandas import CSVDataset
from kedro_datasets.text import TextDataset

from ccnlp.evaluation.scores import COLUMNS
from ccnlp.hooks import TerminalHook
from ccnlp.hooks.terminal import duration, use_logging_of
from ccnlp.progress import Fact, report


def first(run):
    return 1


def second(one):
    return one


STAGES = Pipeline(
    [
        Node(first, "params:run", "one", name="first", namespace="ingestion"),
        Node(second, "one", "two", name="second", namespace="ingestion"),
        Node(second, "two", "three", name="train_it", namespace="training"),
    ]
)


TIME = re.compile(r"\d+\.\d s")


def lines(caplog):
    return [record.getMessage() for record in caplog.records if record.name.startswith("ccnlp")]


def test_stages_are_told_with_their_nodes_and_time(project, caplog):
    with caplog.at_level(logging.INFO, logger="ccnlp"):
        project.run(STAGES, TerminalHook())
    assert lines(caplog)[:2] == [
        "3 nodes to run: ingestion (2), training (1)",
        "ingestion, 1 of 2: first",
    ]
    log = TIME.sub("# s", " | ".join(lines(caplog)))
    assert "ingestion, 2 of 2: second | ingestion done in # s | training, 1 of 1: train it" in log
    assert log.endswith("the run is done, in # s")


class SlowlySaved(MemoryDataset):
    """Tells the log when it is saved."""

    def save(self, data):
        super().save(data)
        logging.getLogger("ccnlp").info("saved")


def test_stage_is_done_when_its_last_output_is_saved(project, caplog):
    with caplog.at_level(logging.INFO, logger="ccnlp"):
        project.run(STAGES, TerminalHook(), catalog=DataCatalog({"two": SlowlySaved()}))
    log = TIME.sub("# s", " | ".join(lines(caplog)))
    assert "ingestion, 2 of 2: second | saved | ingestion done in # s" in log


def test_run_without_results_prints_nothing(project, capsys):
    project.run(STAGES, TerminalHook())
    out = capsys.readouterr().out
    assert "Registered" not in out
    assert "make mlflow" not in out


def scores():
    keys = {"task": "sentiment", "corpus": "seed", "split": "test", "metric": "macro_f1", "n": 50}
    numbers = {"score": 0.5, "low": 0.4, "high": 0.6, "baseline": "tfidf", "is_small": False}
    row = keys | numbers | {"system": "finetuned", "slice": "all", "group": "all"}
    return pd.DataFrame([row]).reindex(columns=COLUMNS)


GATE = {
    "alias": "challenger",
    "outcome": "failed",
    "reasons": ["sentiment: too little gain"],
    "metrics": {"sentiment": "macro_f1"},
    "comparisons": [
        {"task": "sentiment", "slice": "culture", "group": group, "verdict": verdict}
        for group, verdict in (("MX", "improved"), ("ES", "improved"), ("SN", "too small"))
    ],
}


def decide(scores):
    report(Fact("registered_version", "ccnlp version 3"))
    return GATE


def write(scores):
    return "<html>"


@pytest.fixture
def evaluated(project):
    folder = project.folder / "data"
    return DataCatalog(
        {
            "scores": CSVDataset(filepath=str(folder / "scores.csv"), save_args={"index": False}),
            "promotion_decision": JSONDataset(filepath=str(folder / "promotion.json")),
            "evaluation_report": TextDataset(filepath=str(folder / "report.html")),
        }
    )


def test_report_that_the_run_did_not_write_is_not_named(project, evaluated, capsys):
    evaluated.save("evaluation_report", "of a run before")
    project.run(
        Pipeline([Node(scores, None, "scores", name="scores")]), TerminalHook(), catalog=evaluated
    )
    out = capsys.readouterr().out
    assert "sentiment: macro-F1" in out
    assert "Report:" not in out


def test_results_end_the_run(project, evaluated, capsys):
    pipeline = Pipeline(
        [
            Node(scores, None, "scores", name="scores"),
            Node(decide, "scores", "promotion_decision", name="decide"),
            Node(write, "scores", "evaluation_report", name="write"),
        ]
    )
    project.run(pipeline, TerminalHook(), catalog=evaluated)
    out = capsys.readouterr().out
    assert "sentiment: macro-F1" in out
    assert "50.0" in out
    assert "Report: data/report.html" in out
    assert "make mlflow" in out
    assert "Registered: ccnlp version 3, as challenger" in out
    assert "sentiment: too little gain" in out


def abstain(scores):
    columns = ["coverage", "coverage_low", "coverage_high"]
    columns += ["error_rate", "error_rate_low", "error_rate_high"]
    keys = {"task": "sentiment", "split": "test", "system": "finetuned", "slice": "all"}
    row = {**keys, "group": "all", "n": 50, "threshold": 0.7, "area": 0.2, "is_small": False}
    choice = {"threshold": 0.7, "n": 90, "coverage": 0.5, "error_rate": 0.1, "error_bound": 0.2}
    thresholds = {
        "weights": "0a", "max_error_rate": 0.2, "confidence": 0.95, "min_disagreement": 0.1,
        "tasks": {"sentiment": {"finetuned": choice}},
    }  # fmt: skip
    return thresholds, pd.DataFrame([row | dict.fromkeys(columns, 0.25)])


def test_abstention_is_told_below_the_scores(project, evaluated, capsys):
    evaluated["thresholds"], evaluated["abstention"] = MemoryDataset(), MemoryDataset()
    pipeline = Pipeline(
        [
            Node(scores, None, "scores", name="scores"),
            Node(abstain, "scores", ["thresholds", "abstention"], name="abstain"),
        ]
    )
    project.run(pipeline, TerminalHook(), catalog=evaluated)
    assert "abstains below 70.0 %: answers 25.0 (25.0" in capsys.readouterr().out


def behaviour():
    from ccnlp.behaviour.tables import COLUMNS as BEHAVIOUR_COLUMNS

    keys = {"kind": "swap", "suite": "", "task": "sentiment", "test": "all", "language": "all"}
    numbers = {"slice": "", "rate": 0.2, "low": 0.1, "high": 0.3, "failure_rate": 0.2}
    row = keys | numbers | {"measure": "flip_rate", "n": 150, "num_texts": 50}
    return pd.DataFrame([row]).reindex(columns=BEHAVIOUR_COLUMNS)


def test_behaviour_is_summed_up_at_the_end(project, capsys):
    folder = project.folder / "data"
    catalog = DataCatalog(
        {
            "behaviour_table": CSVDataset(
                filepath=str(folder / "behaviour.csv"),
                save_args={"index": False},
                load_args={"keep_default_na": False},
            ),
            "behaviour_report": TextDataset(filepath=str(folder / "behaviour.html")),
            "params:behaviour": MemoryDataset(SimpleNamespace(min_group_size=30)),
        }
    )
    node = Node(behaviour, None, "behaviour_table", name="tabulate_behaviour")
    report = Node(write, "behaviour_table", "behaviour_report", name="write")
    project.run(Pipeline([node, report]), TerminalHook(), catalog=catalog)
    out = capsys.readouterr().out
    assert "changes the answer in 20 % (10 % to 30 %) of swaps, in 50 texts." in out
    assert "Report: data/behaviour.html" in out


def decide_alone():
    return GATE


def test_decision_without_a_version_claims_none(project, capsys):
    catalog = DataCatalog(
        {"promotion_decision": JSONDataset(filepath=str(project.folder / "promotion.json"))}
    )
    node = Node(decide_alone, None, "promotion_decision", name="decide")
    project.run(Pipeline([node]), TerminalHook(), catalog=catalog)
    out = capsys.readouterr().out
    assert (
        "Decision: challenger\nGate by macro-F1: failed, for challenger; 2 improved, 1 too small\n"
        "  sentiment: too little gain"
    ) in out
    assert "Registered" not in out


def override():
    stated = {"alias": "champion", "by": "Ada", "reason": "SN can wait."}
    return {**GATE, "alias": "champion", "gate_alias": "challenger", "override": stated}


def test_override_is_told_beside_what_the_gate_decided(project, capsys):
    catalog = DataCatalog(
        {"promotion_decision": JSONDataset(filepath=str(project.folder / "promotion.json"))}
    )
    node = Node(override, None, "promotion_decision", name="override")
    project.run(Pipeline([node]), TerminalHook(), catalog=catalog)
    assert (
        "Decision: champion\nOverride: champion by Ada: SN can wait.\n"
        "Gate by macro-F1: failed, for challenger; 2 improved"
    ) in capsys.readouterr().out


def test_gate_without_a_registration_is_told(project, capsys):
    catalog = DataCatalog(
        {"gate_decision": JSONDataset(filepath=str(project.folder / "gate.json"))}
    )
    node = Node(decide_alone, None, "gate_decision", name="judge")
    project.run(Pipeline([node]), TerminalHook(), catalog=catalog)
    out = capsys.readouterr().out
    assert (
        "\nGate by macro-F1: failed, for challenger; 2 improved, 1 too small\n  sentiment: too"
        in out
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (59.9, "59.9 s"), (60, "1 min 00 s"), (3725, "62 min 05 s")],
)
def test_duration_is_readable(seconds, text):
    assert duration(seconds) == text


def test_failed_node_is_named(project, caplog):
    def fail(run):
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        project.run(
            Pipeline([Node(fail, "params:run", "x", name="fail_it", namespace="training")]),
            TerminalHook(),
        )
    assert "training: fail it failed; CCNLP_TRACEBACKS=1 shows where" in lines(caplog)


@pytest.fixture
def project_with_logging(tmp_path, monkeypatch):
    """A project whose logging is noted instead of used."""
    monkeypatch.delenv("KEDRO_LOGGING_CONFIG", raising=False)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "logging.yml").write_text("version: 1")
    (tmp_path / "data").mkdir()
    used = []
    monkeypatch.setattr(LOGGING, "configure", used.append)
    return tmp_path, used


@pytest.mark.parametrize(("folder", "expected"), [("data", [{"version": 1}]), (".", [])])
def test_command_in_a_folder_below_the_project_has_its_logging(
    project_with_logging, monkeypatch, folder, expected
):
    project, used = project_with_logging
    monkeypatch.chdir(project / folder)

    use_logging_of(project)

    assert used == expected


def test_logging_that_the_user_names_stays(project_with_logging, monkeypatch):
    project, used = project_with_logging
    monkeypatch.chdir(project / "data")
    monkeypatch.setenv("KEDRO_LOGGING_CONFIG", "mine.yml")

    use_logging_of(project)

    assert used == []
