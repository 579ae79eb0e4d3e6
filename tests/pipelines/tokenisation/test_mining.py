"""The pipeline with mined negatives, with the project's own catalog."""

from pathlib import Path

import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from ccnlp.pipelines.tokenisation.pipeline import create_pipeline
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tasks.retrieval_texts import text_key
from ccnlp.tokenisation.parameters import TokenisationParameters

CONF = Path(__file__).parents[3] / "conf"


def read_yaml(name):
    return yaml.safe_load((CONF / name).read_text(encoding="utf-8"))


@pytest.fixture
def catalog(tmp_path, monkeypatch, tiny_encoder, culture_parameters):
    monkeypatch.chdir(tmp_path)
    catalog = DataCatalog.from_config(read_yaml("base/catalog/tokenisation.yml"))
    examples = pd.DataFrame(
        [
            ("was it good", "the film was good", ["it was boring"], "train"),
            ("was it bad", "it was bad", ["it was great"], "train"),
            ("is it good", "it is good", ["it is bad"], "validation"),
        ],
        columns=["query", "passage", "negatives", "split"],
    ).assign(
        id=[f"{i:016x}" for i in range(3)], corpus="c", task="answer_sentence", language="en",
        passage_language="en", culture="und", domain="und", origin="native", weight=1.0,
        parent_id=None,
    )  # fmt: skip
    tasks = read_yaml("xquad_r/parameters/tasks.yml")["tasks"]
    tasks["answer_sentence"]["options"]["negatives"] = "mined"
    given = {
        "examples@table": examples,
        "augmented_examples": examples[:0],
        "encoder": tiny_encoder,
        "params:tasks": TasksParameters.model_validate(tasks),
        "params:tokenisation": TokenisationParameters(
            max_length_tokens=32, round_trip_tag=None, character_noise=0
        ),
        "params:culture": culture_parameters(),
    }
    for name, value in given.items():
        catalog[name] = MemoryDataset(value, copy_mode="assign")
    return catalog


def test_train_rows_begin_with_what_was_mined(catalog):
    SequentialRunner().run(create_pipeline(mines_negatives=True), catalog)

    mined = catalog.load("mined_negatives")
    assert mined["id"].tolist() == [f"{i:016x}" for i in range(2)]
    first, second = (list(negatives) for negatives in mined["negatives"])
    assert len(first) == len(second) == 1
    assert "the film was good" not in first
    assert "it was bad" not in second
    keys = catalog.load("features")["answer_sentence"]["negative_keys"].to_pylist()
    expected = [
        [*dict.fromkeys([*first, "it was boring"])],
        [*dict.fromkeys([*second, "it was great"])],
        ["it is bad"],
    ]
    assert keys == [[text_key(text, "en") for text in texts] for texts in expected]
