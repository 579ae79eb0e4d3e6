import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from ccnlp.augmentation.check import check_translator
from ccnlp.augmentation.parameters import AugmentationParameters
from ccnlp.augmentation.store import TranslationStore
from ccnlp.corpora.curation import IngestionParameters
from ccnlp.errors import TranslationError
from ccnlp.examples import COLUMNS
from ccnlp.hooks.older_files import check_required_names
from ccnlp.pipelines.augmentation import nodes
from ccnlp.pipelines.augmentation.pipeline import create_pipeline
from ccnlp.tasks.parameters import TasksParameters

CONF = Path(__file__).parents[3] / "conf"
SENTENCES = (
    ("The food was cold and the waiter was rude to us.", "negative"),
    ("I have never eaten so well in my life.", "positive"),
    ("The shop opens at nine in the morning.", "neutral"),
    ("What a beautiful film, I want to see it again.", "positive"),
    ("The phone stopped working after two days.", "negative"),
    ("They sell books and newspapers.", "neutral"),
)
LABELS = ["negative", "neutral", "positive"]
TASKS = TasksParameters.model_validate(
    {
        "sentiment": {"kind": "sequence_classification", "loss_weight": 1, "labels": LABELS},
        "inference": {"kind": "pair_classification", "loss_weight": 1, "labels": LABELS},
    }
)


@pytest.fixture
def parameters():
    content = yaml.safe_load((CONF / "base/parameters/augmentation.yml").read_text())[
        "augmentation"
    ]
    band = {"default": {"at_least": -1}, "by_language": {}}
    filters = dict.fromkeys(content["filters"], band)
    routes = {"en": [["es"]]}
    return AugmentationParameters.model_validate({**content, "routes": routes, "filters": filters})


@pytest.fixture
def ingestion():
    content = yaml.safe_load((CONF / "base/parameters/ingestion.yml").read_text())
    return IngestionParameters.model_validate(content["ingestion"])


@pytest.fixture
def examples():
    rows = [
        {
            **dict.fromkeys(COLUMNS, "und"),
            **{"id": f"row{n}", "group_id": f"row{n}", "corpus": "toy", "task": "sentiment"},
            **{"split": "train" if n else "test", "language": "en" if n < 5 else "yo"},
            **{"origin": "native", "parent_id": pd.NA, "engine": pd.NA, "pivot": pd.NA},
            **{"weight": 1.0, "text": text, "label": label},
        }
        for n, (text, label) in enumerate(SENTENCES)
    ]
    return pd.DataFrame(rows)


def run(pipeline, **inputs):
    catalog = DataCatalog(
        {name: MemoryDataset(data, copy_mode="assign") for name, data in inputs.items()}
    )
    outputs = SequentialRunner().run(pipeline, catalog)
    return {name: dataset.load() for name, dataset in outputs.items()}


def test_round_trips_of_the_real_engine_become_examples(
    examples, parameters, ingestion, tiny_encoder, tmp_path
):
    try:
        check_translator(parameters)
    except TranslationError as missing:
        pytest.skip(str(missing))
    inputs = {
        "examples@table": examples,
        "encoder": tiny_encoder,
        "translations": TranslationStore(tmp_path / "translations.sqlite"),
        "params:augmentation": parameters,
        "params:ingestion": ingestion,
        "params:tasks": TASKS,
    }
    outputs = run(create_pipeline(is_enabled=True), **inputs)
    augmented, report = outputs["augmented_examples"], outputs["augmentation_report"]
    assert set(augmented["parent_id"]) <= {"row1", "row2", "row3", "row4"}
    assert set(augmented["origin"]) == {"back_translation"}
    assert not set(augmented["text"]) & set(examples["text"])
    assert report["asked"] == report["translated"] == 4
    assert report["kept"] == len(augmented) > 0
    assert report["languages_without_route"] == ["yo"]
    assert json.loads(json.dumps(report)) == report
    assert outputs["augmentation_table"]["kept"].sum() == len(augmented)
    assert len(outputs["augmentation_pairs"]) == 4
    for name in ("augmented_examples", "augmentation_pairs"):
        check_required_names(name, outputs[name])

    again = run(create_pipeline(is_enabled=True), **inputs)
    pd.testing.assert_frame_equal(again["augmented_examples"], augmented)
    assert again["augmentation_report"]["texts_asked_of_translator"] == 0


def test_texts_whose_rows_hold_more_than_a_text_are_not_translated(examples, parameters):
    pairs = examples.assign(task="inference", other_text="It was not good.")

    chosen = nodes.select_rows(pd.concat([examples, pairs]), TASKS, parameters)

    assert chosen["id"].tolist() == ["row1", "row2", "row3", "row4"]
    assert set(chosen["task"]) == {"sentiment"}


def test_texts_are_embedded_as_the_parameters_say(examples, parameters, tiny_encoder, monkeypatch):
    seen_options = []

    def embed(encoder, texts, **options):
        seen_options.append(options)
        return np.ones((len(texts), 2), dtype=np.float32)

    monkeypatch.setattr(nodes, "embed_texts", embed)
    train = examples[1:]
    translated = train.assign(
        parent_id=train["id"], original=train["text"], candidate=train["text"]
    )
    changed = parameters.model_copy(update={"embedding_max_length_tokens": 64})
    nodes.score_round_trips(translated, examples, tiny_encoder, changed)
    assert seen_options == [{"max_length_tokens": 64}]


def test_switched_off_gives_no_examples_and_needs_no_engine(examples):
    outputs = run(create_pipeline(is_enabled=False), **{"examples@table": examples})
    assert outputs["augmented_examples"].empty
    assert list(outputs["augmented_examples"].columns) == list(examples.columns)
    assert outputs["augmentation_report"] == {"is_enabled": False}


def test_switched_off_leaves_no_report_of_an_earlier_run(examples, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    catalog = DataCatalog.from_config(
        yaml.safe_load((CONF / "base/catalog/augmentation.yml").read_text())
    )
    names = ["augmentation_table", "augmentation_pairs", "translation_counts"]
    for name in names:
        catalog[name].save(pd.DataFrame({"language": ["en"], "kept": [3]}))
    catalog["examples@table"] = MemoryDataset(examples)
    SequentialRunner().run(create_pipeline(is_enabled=False), catalog)
    tables = [catalog.load(name) for name in names]
    assert list(map(len, tables)) == [0, 0, 0]
    for name, table in zip(names, tables, strict=True):
        check_required_names(name, table)


@pytest.mark.parametrize("is_enabled", [True, False])
def test_nodes_are_named_like_their_functions(is_enabled):
    pipeline = create_pipeline(is_enabled=is_enabled)
    assert {node.name for node in pipeline.nodes} == {
        f"augmentation.{node.func.__name__}" for node in pipeline.nodes
    }


def test_every_output_is_in_the_catalog():
    catalog = yaml.safe_load((CONF / "base/catalog/augmentation.yml").read_text())
    outputs = create_pipeline(is_enabled=True).all_outputs()
    assert outputs | {"translations"} == set(catalog)


@pytest.mark.parametrize("environment", ["base", "umsab"])
def test_parameters_of_the_project_are_valid(environment):
    content = yaml.safe_load((CONF / "base/parameters/augmentation.yml").read_text())
    changes = yaml.safe_load((CONF / environment / "parameters/augmentation.yml").read_text())
    AugmentationParameters.model_validate({**content["augmentation"], **changes["augmentation"]})
