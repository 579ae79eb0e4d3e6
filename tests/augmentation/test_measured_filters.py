"""The filters of what marks culture against round trips that were judged by reading."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
SCRIPT = PROJECT / "scripts" / "measure_filters.py"
NAMES = ("code_switching", "dialect", "honorifics", "names")


@pytest.fixture(scope="module")
def measure():
    spec = importlib.util.spec_from_file_location("measure_filters", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def scored(measure):
    parameters = measure.read_parameters()
    return {name: measure.read_scored(name, parameters) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_threshold_is_the_one_that_the_tuning_half_chooses(measure, scored, name):
    tuning = scored[name][scored[name]["half"] == "tuning"]
    band = measure.read_parameters().filters[name].default
    assert band.at_least == measure.choose_threshold(tuning)


@pytest.mark.parametrize("name", NAMES)
def test_judged_pairs_are_whole(scored, name):
    pairs = scored[name]
    assert set(pairs["half"]) == {"tuning", "reporting"}
    assert (pairs["note"] != "").all()
    assert (pairs["original"] != pairs["candidate"]).all()
    assert not pairs.duplicated(["language", "pivot", "original"]).any()
    assert (pairs.groupby("original")["half"].nunique() == 1).all()


def test_f1_and_threshold_worked_by_hand(measure):
    import pandas as pd

    pairs = pd.DataFrame({"score": [0.5, 0.85, 1.0, 0.85], "is_kept": [False, False, True, True]})
    assert measure.f1(pairs, 0.6) == pytest.approx(2 / 3)
    assert measure.f1(pairs, 0.9) == pytest.approx(4 / 5)
    assert measure.choose_threshold(pairs) == 1.0


def test_table_of_the_docs_is_what_was_measured():
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
