import pandas as pd
import pytest

from ccnlp.serving.package import provenance_tags, request_example
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters


def test_tags_name_the_encoder_and_each_corpus(tiny_model):
    assert provenance_tags(tiny_model, {"seed": {"fingerprint": "01ab", "num_rows": 3}}) == {
        "encoder.name": "tiny",
        "encoder.source": "path",
        "encoder.revision": "seed-0",
        "data.seed": "01ab",
    }


def test_tags_name_the_conditioning(conditioned_model):
    assert provenance_tags(conditioned_model, {})["culture.conditioning"] == "embedding"


COLUMNS = ["split", "text", "language", "culture", "context"]


@pytest.fixture
def task(tiny_model):
    return tiny_model.tasks["sentiment"]


@pytest.fixture
def reader(reading_model):
    return reading_model.tasks["sentiment"]


def examples(*rows):
    return pd.DataFrame(rows, columns=COLUMNS).assign(task="sentiment")


def test_example_is_the_shortest_test_texts_of_different_languages(task):
    rows = examples(
        ("train", "a", "en", "GB", None),
        ("test", "bbb", "en", "GB", None),
        ("test", "cc", "en", "US", None),
        ("test", "dddd", "sw", "KE", None),
        ("test", "eeeee", "tr", "TR", None),
    )
    assert request_example(rows, task).to_dict("records") == [
        {"text": "cc", "language": "en", "culture": "US"},
        {"text": "dddd", "language": "sw", "culture": "KE"},
    ]


def test_example_is_of_rows_of_the_task(task):
    rows = examples(("test", "a", "en", "GB", None), ("test", "a text", "es", "MX", None))
    rows["task"] = ["topic", "sentiment"]
    assert request_example(rows, task)["language"].tolist() == ["es"]


def test_example_of_a_task_that_reads_contexts_has_one(task, reader):
    rows = examples(
        ("test", "bbb", "en", "GB", "title: a"),
        ("test", "c", "en", "GB", None),
        ("train", "d", "es", "MX", "title: b"),
    )
    assert request_example(rows, reader).to_dict("records") == [
        {"text": "bbb", "context": "title: a", "language": "en", "culture": "GB"}
    ]
    assert "context" not in request_example(rows, task)
    made_up = request_example(rows.drop(columns="context"), reader)
    assert made_up["context"].tolist() == ["title: its title"]


def test_example_is_made_up_where_there_are_no_rows(task):
    made_up = request_example(examples(), task)
    assert made_up.to_dict("records") == [{"text": "a text", "language": "en", "culture": "und"}]


def test_made_up_example_has_places_apart_from_each_other():
    entry = {"kind": "relation_classification", "loss_weight": 1, "labels": ["none", "is"]}
    relation = build_tasks(TasksParameters.model_validate({"relation": entry}))["relation"]
    made_up = request_example(examples(), relation)
    spans = [made_up.loc[0, column] for column in relation.span_columns]
    assert [made_up.loc[0, "text"][start:end] for start, end in spans] == ["a", "text"]
