"""The datasets of the base environment give back what was saved."""

from pathlib import Path

import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog

from ccnlp.evaluation.predictions import COLUMNS

CATALOG = Path(__file__).parents[1] / "conf" / "base" / "catalog"
ENTRIES = {
    name: entry
    for path in sorted(CATALOG.glob("*.yml"))
    for name, entry in yaml.safe_load(path.read_text(encoding="utf-8")).items()
}
TABLES = {name: e for name, e in ENTRIES.items() if e.get("type") == "pandas.CSVDataset"}
TEXTS = {
    "abstention": ["task", "split", "system", "slice", "group"],
    "conflict_table": ["corpus", "id", "language", "culture", "split", "text", "label"],
    "agreement_table": ["corpus", "task", "kind", "culture_a", "culture_b", "measure", "note"],
    "contested_table": ["corpus", "task", "group_id", "text", "majorities"],
    "label_share_table": ["corpus", "task", "culture", "label"],
    "augmentation_pairs": ["language", "pivot", "label", "original", "candidate", "rejected_by"],
    "augmentation_table": ["language", "pivot"],
    "behaviour_failures": ["suite", "task", "test", "language", "text", "expected", "prediction"],
    "behaviour_table": ["suite", "task", "test", "slice", "group", "language", "expected"],
    "champion_comparison": ["task", "corpus", "system", "group", "baseline", "champion_version"],
    "culture_table": ["culture", "culture_name", "language", "subregion", "continent"],
    "ingestion_table": ["corpus", "task", "split", "language", "culture", "label", "rejected_by"],
    "rejection_table": ["corpus", "rejected_by", "reason", "example"],
    "scores": ["task", "corpus", "split", "system", "slice", "group", "metric", "baseline"],
    "tokenisation_report": ["task", "language"],
    "training_history": ["metric"],
    "{study}_study_comparison": ["arm", "against", "task", "corpus", "slice", "group", "finding"],
    "{study}_study_scores": ["arm", "task", "corpus", "split", "slice", "group", "metric"],
    "{study}_study_verdicts": ["arm", "task", "corpus", "slice", "group", "verdict"],
    "transfer_study_matrix": ["task", "corpus", "metric", "trained_on"],
    "disparities": ["task", "corpus", "split", "system", "slice", "group", "verdict"],
    "fairness": [
        "task",
        "corpus",
        "split",
        "system",
        "slice",
        "worst_group",
        "best_group",
        "equalised_odds_label",
        "demographic_parity_label",
    ],
    "gate_table": ["task", "slice", "group", "verdict"],
    "translation_counts": ["source", "target", "engine", "revision"],
}
"""By table in csv, columns of it that hold text."""

ALL_TEXT = {"conflict_table", "culture_table"}


def test_columns_of_text_are_known_for_every_table() -> None:
    assert set(TEXTS) == set(TABLES)


@pytest.mark.parametrize("text", ["01", "1.10", "true", "NA", "nan", "null", "inf", ""])
@pytest.mark.parametrize("name", sorted(TABLES))
def test_text_comes_back_as_it_was_saved(name: str, text: str, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    dataset = DataCatalog.from_config({name: TABLES[name]})
    name, pattern = name.format(study="any"), name
    saved = pd.DataFrame({column: [text, text] for column in TEXTS[pattern]})
    dataset.save(name, saved if name in ALL_TEXT else saved.assign(num_rows=[1, 2]))

    loaded = dataset.load(name)

    assert loaded[TEXTS[pattern]].to_dict("list") == saved.to_dict("list")
    assert loaded.get("num_rows", pd.Series([1, 2])).tolist() == [1, 2]


def test_predictions_are_read_with_all_that_evaluation_looks_at() -> None:
    columns = ENTRIES["predictions"]["load_args"]["columns"]
    assert set(columns) == {*COLUMNS, "abstains"} - {"probabilities"}
