from pathlib import Path

import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from ccnlp.behaviour.parameters import BehaviourParameters
from ccnlp.corpora.curation import IngestionParameters
from ccnlp.hooks.older_files import check_required_names
from ccnlp.pipelines.behaviour.pipeline import create_pipeline
from ccnlp.progress import listening

CONFIGURATION = Path(__file__).parents[3] / "conf" / "base"
SUITE = {
    "reader": "delimited",
    "path": "suite.csv",
    "task": "sentiment",
    "columns": {"text": "case", "label": "gold"},
    "language": "en",
    "licence": "CC0-1.0",
    "functionality": {"column": "what"},
}
TEXTS = {"en": ["I loved London", "the film was bad!", "boring and BAD"], "nan": ["mala película"]}


def parameters_of(group):
    text = (CONFIGURATION / "parameters" / f"{group}.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)[group]


@pytest.fixture
def catalog(tmp_path, monkeypatch, tiny_model):
    """The project's own catalog for what the pipeline makes, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "suite.csv").write_text(
        "case,gold,what\nthe film was good,positive,01\nodd,maybe,01\n", encoding="utf-8"
    )
    configured = {
        name: entry
        for file in ("behaviour", "ingestion")
        for name, entry in yaml.safe_load(
            (CONFIGURATION / "catalog" / f"{file}.yml").read_text(encoding="utf-8")
        ).items()
        if name in create_pipeline().all_outputs() or name.startswith("{")
    }
    catalog = DataCatalog.from_config(configured)
    rows = [(language, text) for language, texts in TEXTS.items() for text in texts]
    examples = pd.DataFrame(rows, columns=["language", "text"]).assign(
        task="sentiment",
        split="test",
        culture="und",
        domain="und",
        id=[f"{n:016x}" for n in range(len(rows))],
    )
    given = {
        "examples@table": examples,
        "finetuned_model": tiny_model,
        "champion_model": None,
        "raw_corpora": tmp_path,
        "params:behaviour": BehaviourParameters.model_validate(
            {**parameters_of("behaviour"), "suites": {"mini": SUITE}}
        ),
        "params:ingestion": IngestionParameters.model_validate(parameters_of("ingestion")),
    }
    for name, value in given.items():
        catalog[name] = MemoryDataset(value, copy_mode="assign")
    return catalog


def test_pipeline_judges_suites_swaps_and_invariance(catalog):
    events = []
    with listening(events.append):
        SequentialRunner().run(create_pipeline(), catalog)

    table = catalog.load("behaviour_table")
    assert set(table.loc[table["n"] > 0, "kind"]) == {"functional", "swap", "invariance"}
    assert "01" in set(table["test"])
    assert "nan" in set(table["language"])  # Min Nan is no missing value
    assert len(catalog.load("rejected_cases")) == 1
    for name in create_pipeline().all_outputs() - {"judged_model"}:
        check_required_names(name, catalog.load(name))
    predictions = catalog.load("behaviour_predictions")
    assert len(catalog.load("behaviour_failures")) == predictions["is_failure"].sum()
    assert len(catalog.load("behaviour_plot").data) == 3
    assert "Does it matter how it is written?" in catalog.load("behaviour_report")
    (metrics,) = [event.values for event in events if hasattr(event, "values")]
    assert metrics["behaviour/mini/pass_rate/01"] in (0.0, 1.0)


def test_a_second_run_gives_the_same(catalog):
    tables = []
    for _ in range(2):
        SequentialRunner().run(create_pipeline(), catalog)
        tables.append(catalog.load("behaviour_table"))
    pd.testing.assert_frame_equal(*tables)


def test_champion_is_read_in_place_of_the_finetuned_model(catalog):
    with pytest.raises(Exception, match="the registry has none"):
        SequentialRunner().run(create_pipeline(model="champion"), catalog)
