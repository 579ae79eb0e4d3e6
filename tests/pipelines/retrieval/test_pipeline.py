"""The pipeline on a few examples, with the project's own catalog and parameters."""

from pathlib import Path

import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from ccnlp.pipelines.retrieval.pipeline import create_pipeline
from ccnlp.retrieval.parameters import PassageIndexParameters
from ccnlp.tasks.parameters import TasksParameters

CONF = Path(__file__).parents[3] / "conf"


def read_yaml(name):
    return yaml.safe_load((CONF / name).read_text(encoding="utf-8"))


@pytest.fixture
def catalog(tmp_path, monkeypatch, tiny_encoder):
    monkeypatch.chdir(tmp_path)
    catalog = DataCatalog.from_config(read_yaml("base/catalog/retrieval.yml"))
    examples = pd.DataFrame(
        {
            "task": "answer_sentence",
            "split": ["train", "test"],
            "query": ["was it good", "es buena"],
            "passage": ["the film was good", "la película es buena"],
            "passage_language": ["en", "es"],
            "negatives": [["it was boring"], []],
        }
    )
    parameters = read_yaml("base/parameters/retrieval.yml")["retrieval"]
    given = {
        "examples@table": examples,
        "encoder": tiny_encoder,
        "params:tasks": TasksParameters.model_validate(
            read_yaml("xquad_r/parameters/tasks.yml")["tasks"]
        ),
        "params:retrieval": PassageIndexParameters.model_validate(
            {**parameters, "model": "encoder", "max_length_tokens": 32}
        ),
    }
    for name, value in given.items():
        catalog[name] = MemoryDataset(value, copy_mode="assign")
    return catalog


def test_pipeline_writes_an_index_of_the_passages(catalog, tmp_path):
    SequentialRunner().run(create_pipeline(model="encoder"), catalog)

    index = catalog.load("passage_index")
    assert index.passages["passage"].tolist() == [
        *("the film was good", "la película es buena", "it was boring"),
    ]
    assert index.languages == ["en", "es"]
    assert (index.task, index.origin) == ("answer_sentence", "encoder tiny at seed-0")
    assert (tmp_path / "data" / "06_models" / "passage_index" / "index.json").exists()


@pytest.mark.parametrize(
    ("model", "read"), [("finetuned", "finetuned_model"), ("encoder", "encoder")]
)
def test_graph_reads_the_model_whose_vectors_are_taken(model, read):
    inputs = create_pipeline(model=model).inputs()

    assert {"finetuned_model", "encoder"} & inputs == {read}
