import os
import subprocess
import sys
from pathlib import Path

import pytest

from ccnlp import settings
from ccnlp.errors import ConfigurationError

PROJECT = Path(__file__).parents[1]


def kedro(*arguments, **variables):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("KEDRO_", "CCNLP_"))}
    return subprocess.run(
        [sys.executable, "-m", "kedro", *arguments],
        cwd=PROJECT,
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_corpora_folder_is_made_absolute_against_the_project(monkeypatch):
    monkeypatch.setenv("CCNLP_CORPORA_DIR", "data/01_raw")
    assert settings.corpora_dir() == str(PROJECT / "data" / "01_raw")


def test_absolute_corpora_folder_stays(monkeypatch, tmp_path):
    monkeypatch.setenv("CCNLP_CORPORA_DIR", str(tmp_path))
    assert settings.corpora_dir() == settings.corpora_dir("unset") == str(tmp_path)


@pytest.mark.parametrize("value", [None, ""])
def test_unset_corpora_folder_tells_how_to_set_it(monkeypatch, value):
    monkeypatch.delenv("CCNLP_CORPORA_DIR", raising=False)
    if value is not None:
        monkeypatch.setenv("CCNLP_CORPORA_DIR", value)
    with pytest.raises(ConfigurationError, match="CCNLP_CORPORA_DIR=/path/to/corpora kedro run"):
        settings.corpora_dir()
    assert settings.corpora_dir("unset") == "unset"


def test_corpora_folder_that_is_missing_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("CCNLP_CORPORA_DIR", str(tmp_path / "moved"))
    with pytest.raises(ConfigurationError, match=r"moved is no folder; set it to the folder that"):
        settings.corpora_dir("unset")


@pytest.mark.parametrize(("value", "chosen"), [(None, "hub"), ("", "hub"), ("/corpora", "files")])
def test_choice_goes_by_whether_the_variable_has_a_value(monkeypatch, value, chosen):
    monkeypatch.delenv("CCNLP_CORPORA_DIR", raising=False)
    if value is not None:
        monkeypatch.setenv("CCNLP_CORPORA_DIR", value)
    assert settings.if_set("CCNLP_CORPORA_DIR", "files", "hub") == chosen


def test_environment_with_neither_folder_nor_hub_tells_both_ways_alone():
    done = kedro("run", "--env", "umsab", "--pipelines", "ingestion", HF_HUB_OFFLINE="1")
    assert done.returncode == 1
    (message,) = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert "the hub can't be reached; check the network, or read the files of UMSAB: " in message
    assert message.endswith("CCNLP_CORPORA_DIR=/path/to/corpora kedro run --env umsab")
    assert "Traceback" not in done.stderr + done.stdout


def test_environment_whose_folder_is_missing_names_it_alone():
    done = kedro("run", "--env", "umsab", CCNLP_CORPORA_DIR="/moved/away")
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "Error: CCNLP_CORPORA_DIR is '/moved/away', and /moved/away is no folder; set it to the "
        "folder that holds the corpora"
    )


def test_telemetry_is_off():
    assert os.environ["KEDRO_DISABLE_TELEMETRY"]
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"]
    assert "consent: false" in (PROJECT / ".telemetry").read_text()


def test_settings_and_graph_import_nothing_heavy():
    code = (
        "import sys, ccnlp.settings, ccnlp.pipeline_registry as r; r.register_pipelines(); "
        "heavy = {'mlflow', 'torch', 'transformers', 'sklearn', 'datasets', 'plotly'}; "
        "sys.exit(', '.join(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.stderr.strip() == ""


def test_wrong_parameter_stops_the_run_with_one_line():
    done = kedro("run", "--params", "training.epochs=0")
    assert done.returncode == 1
    assert done.stdout.strip() == ""
    assert done.stderr.strip() == (
        "Error: training.epochs: input should be greater than or equal to 1, and it is 0 "
        "(parameters/training.yml, or --params)"
    )


def test_settings_alone_do_not_import_pandas():
    code = "import sys, ccnlp.settings; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
