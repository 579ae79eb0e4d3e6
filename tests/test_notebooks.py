from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient

PROJECT = Path(__file__).parents[1]

ROW = {
    "task": "sentiment", "corpus": "toy", "split": "test", "metric": "macro_f1",
    "is_headline": True, "score": 0.5,
    "low": 0.4, "high": 0.6, "n": 40, "baseline": "tfidf", "difference": 0.1,
    "difference_low": 0.0, "difference_high": 0.2, "is_small": False,
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_notebook_opens_a_run_and_its_slices(tmp_path):
    reporting = tmp_path / "data" / "08_reporting"
    reporting.mkdir(parents=True)
    (tmp_path / "pyproject.toml").touch()
    groups = [("all", "all"), ("all", "language_average"), ("language_culture", "sw-NA")]
    rows = [
        {**ROW, "system": system, "slice": name, "group": group}
        for system in ("tfidf", "finetuned")
        for name, group in groups
    ]
    pd.DataFrame(rows).to_csv(reporting / "scores.csv", index=False)
    notebook = nbformat.read(PROJECT / "notebooks" / "look_at_a_run.ipynb", as_version=4)

    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()

    assert "sw-NA" in str(notebook.cells[-1].outputs)
