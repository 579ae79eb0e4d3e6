from functools import partial
from pathlib import Path
from typing import get_type_hints

import numpy as np
import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from ccnlp.errors import CcnlpError
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.stages import PAIR_COLUMNS
from ccnlp.evaluation.systems import SYSTEMS
from ccnlp.pipelines.evaluation.pipeline import FIGURES, create_pipeline
from ccnlp.tasks.base import TasksParameters, build_tasks
from ccnlp.tokenisation.parameters import TokenisationParameters

CONFIGURATION = Path(__file__).parents[3] / "conf" / "base"
LABELS = ["negative", "neutral", "positive"]
WORDS = {"negative": "bad", "neutral": "was", "positive": "good"}
TASKS = TasksParameters.model_validate(
    {"sentiment": {"kind": "sequence_classification", "loss_weight": 1.0, "labels": LABELS}}
)


class WordModel:
    """Knows one word of each label; its tasks are those of the project."""

    tasks = build_tasks(TASKS)

    def __init__(self, weights_digest="0a", seen=()):
        self.weights_digest = weights_digest
        self.seen = seen

    def has_seen(self, ids):
        return np.isin(list(ids), list(self.seen))

    def predict(self, rows, *, task, tokens_per_batch):
        labels = self.tasks[task].labels
        hits = np.array([[WORDS[label] in text for label in labels] for text in rows["text"]])
        probabilities = np.where(hits, 0.8, 0.1).astype(np.float32)
        best = probabilities.argmax(axis=1)
        return pd.DataFrame(
            {
                "prediction": np.array(labels)[best],
                "confidence": probabilities.max(axis=1),
                "probabilities": list(probabilities),
            },
            index=rows.index,
        )


@pytest.fixture(scope="module")
def parameters():
    text = (CONFIGURATION / "parameters" / "evaluation.yml").read_text(encoding="utf-8")
    values = {**yaml.safe_load(text)["evaluation"], "num_draws": 50}
    return EvaluationParameters.model_validate(values)


@pytest.fixture(scope="module")
def examples():
    rows = [
        {"language": language, "culture": culture, "split": split, "label": label}
        for split, size in (("train", 8), ("validation", 3), ("test", 4))
        for language, culture in (("en", "GB"), ("en", "NA"), ("es", "MX"))
        for label in LABELS
        for _ in range(size)
    ]
    table = pd.DataFrame(rows)
    texts = [f"the film {WORDS[label]} {row}" for row, label in enumerate(table["label"])]
    ids = [f"e{row:03d}" for row in range(len(table))]
    constants = {"corpus": "seed_corpus", "task": "sentiment", "domain": "und", "origin": "native"}
    return table.assign(**constants, text=texts, id=ids, group_id=ids, region=table["culture"])


@pytest.fixture(scope="module")
def make_catalog(examples, parameters, tiny_encoder):
    return partial(_make_catalog, examples, parameters, tiny_encoder)


def _make_catalog(examples, parameters, tiny_encoder):
    """The project's own catalog for what the pipeline makes, in the current folder."""
    configured: dict = {}
    for name in ("evaluation", "ingestion"):
        text = (CONFIGURATION / "catalog" / f"{name}.yml").read_text(encoding="utf-8")
        configured |= yaml.safe_load(text)
    made = {*create_pipeline().outputs(), "predictions", "scores", *FIGURES}
    patterns = {name: entry for name, entry in configured.items() if name.startswith("{")}
    catalog = DataCatalog.from_config(
        {**{name: configured[name] for name in made if name in configured}, **patterns}
    )
    given = {
        "examples@table": examples,
        "encoder": tiny_encoder,
        "finetuned_model": WordModel(),
        "corpus_fingerprints": {
            "seed_corpus": {
                "num_rows": len(examples),
                "licence": "CC0-1.0",
                "fingerprint": "f00d",
                "languages": ["en", "es"],
                "cultures": ["GB", "MX", "NA"],
            }
        },
        "ingestion_report": {"num_rows_read": len(examples)},
        "augmentation_report": {"num_kept": 0},
        "augmentation_table": pd.DataFrame(columns=["language", "pivot", "kept"]),
        "augmentation_pairs": pd.DataFrame(columns=PAIR_COLUMNS),
        "tokenisation_report": pd.DataFrame({"language": ["en"], "tokens_per_character": [0.25]}),
        "params:tasks": TASKS,
        "params:evaluation": parameters,
        "params:tokenisation": TokenisationParameters(max_length_tokens=32),
    }
    for name, value in given.items():
        catalog[name] = MemoryDataset(value, copy_mode="assign")
    return catalog


def run(catalog, champion):
    catalog["champion_model"] = MemoryDataset(champion, copy_mode="assign")
    catalog["champion_version"] = MemoryDataset("7" if champion else None)
    SequentialRunner().run(create_pipeline(), catalog)


@pytest.fixture(scope="module")
def catalog(make_catalog, tmp_path_factory):
    """After a run without a champion, in a folder of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("project"))
        catalog = make_catalog()
        run(catalog, None)
        yield catalog


def test_pipeline_scores_the_systems_where_there_is_no_champion(catalog):
    scores = catalog.load("scores")
    assert set(scores["system"]) == {"majority", "tfidf", "probe", "finetuned"}
    assert set(scores["split"]) == {"validation", "test"}
    assert not len(catalog.load("champion_comparison"))
    best = scores[(scores["system"] == "finetuned") & (scores["slice"] == "culture")]
    assert set(best["group"]) == {"GB", "MX", "NA"}  # Namibia is no missing value
    assert (best.loc[best["metric"] == "macro_f1", "score"] == 1.0).all()


def test_predictions_are_stored_as_lists_of_floats(catalog):
    import pyarrow.parquet as pq

    schema = pq.read_schema("data/07_model_output/predictions.parquet")
    assert str(schema.field("probabilities").type) == "list<element: float>"


def test_outputs_are_files_that_people_can_open(catalog):
    reporting = Path("data", "08_reporting")
    page = (reporting / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert (reporting / "model_card.md").read_text(encoding="utf-8").startswith("---\n")
    assert len(list((reporting / "plots").glob("*.json"))) == len(FIGURES)


def test_pipeline_compares_with_the_champion(make_catalog, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    catalog = make_catalog()
    run(catalog, WordModel("0b"))
    assert catalog.load("scores_origin") == {
        "weights": "0a", "champion_version": "7", "confidence": 0.95,
    }  # fmt: skip
    compared = catalog.load("champion_comparison")
    assert set(compared["champion_version"].astype(str)) == {"7"}
    assert set(compared["baseline"]) == {"champion"}
    assert (compared["difference"].dropna() == 0).all()
    assert set(catalog.load("predictions")["system"]) == set(SYSTEMS)


def test_champion_is_scored_on_no_split_that_it_was_trained_on(
    make_catalog, examples, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    catalog = make_catalog()
    test = examples[examples["split"] == "test"]
    run(catalog, WordModel(seen=test["id"][test["language"] == "en"]))
    scores = catalog.load("scores")
    assert set(scores.loc[scores["system"] == "champion", "split"]) == {"validation"}
    compared = catalog.load("champion_comparison")
    languages = compared[(compared["slice"] == "language") & (compared["split"] == "test")]
    assert set(languages["group"]) == {"es"}


def test_model_that_was_trained_on_test_rows_is_not_scored(
    make_catalog, examples, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    catalog = make_catalog()
    stale = WordModel(seen=examples["id"][examples["split"] == "test"])
    catalog["finetuned_model"] = MemoryDataset(stale, copy_mode="assign")
    with pytest.raises(CcnlpError, match="trained on 36 of the 63 rows that are now"):
        run(catalog, None)


def test_run_without_a_task_that_can_be_judged_ends(make_catalog, tmp_path, monkeypatch):
    from ccnlp.evaluation import predictions
    from ccnlp.pipelines.evaluation import nodes

    monkeypatch.chdir(tmp_path)
    for module in (predictions, nodes):
        monkeypatch.setattr(module, "has_one_label", lambda task: False)
    catalog = make_catalog()
    run(catalog, WordModel())
    assert not len(catalog.load("predictions"))
    assert not len(catalog.load("scores"))
    assert catalog.load("scores_origin")["weights"] is None
    assert Path("data", "08_reporting", "report.html").exists()


def test_nodes_are_named_like_their_functions():
    assert all(node.name == f"evaluation.{node.func.__name__}" for node in create_pipeline().nodes)


def test_annotations_are_there_at_run_time_so_that_kedro_validates_parameters():
    for node in create_pipeline().nodes:
        assert get_type_hints(node.func)["return"] is not None
