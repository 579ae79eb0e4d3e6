import pandas as pd
import pytest

from ccnlp.behaviour.cases import TEXT_COLUMNS
from ccnlp.behaviour.texts import select_texts
from ccnlp.tasks.answers import labels_one_text
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters


def make_examples(*rows):
    columns = ["id", "split", "task", "language", "culture", "text"]
    return pd.DataFrame(rows, columns=columns).assign(domain="und").astype("string")


def test_texts_of_test_of_the_models_tasks_are_taken(model):
    examples = make_examples(
        ("1", "test", "sentiment", "en", "GB", "a"),
        ("2", "train", "sentiment", "en", "GB", "b"),
        ("3", "test", "topic", "en", "GB", "c"),
    )
    texts = select_texts(examples, model, max_texts_per_language=9, seed=0)
    assert texts["text"].tolist() == ["a"]


def test_text_that_cultures_judged_stands_once_for_each_in_one_unit(model):
    rows = [(culture, "test", "sentiment", "en", culture, "a") for culture in ("GB", "IN")]
    examples = make_examples(*rows, ("again", "test", "sentiment", "en", "GB", "a"))
    texts = select_texts(examples, model, max_texts_per_language=1, seed=0)
    assert texts["culture"].tolist() == ["GB", "IN"]
    assert texts["unit"].nunique() == 1


def test_text_of_two_domains_stands_once_for_each_in_one_unit(model):
    rows = [(domain, "test", "sentiment", "en", "GB", "a") for domain in ("news", "reviews")]
    examples = make_examples(*rows).assign(domain=["news", "reviews"])
    texts = select_texts(examples, model, max_texts_per_language=1, seed=0)
    assert texts["domain"].tolist() == ["news", "reviews"]
    assert texts["unit"].nunique() == 1


def test_texts_that_the_model_learnt_from_are_left_out(model, caplog):
    model.seen = ["1"]
    examples = make_examples(
        ("1", "test", "sentiment", "en", "GB", "a"), ("2", "test", "sentiment", "en", "GB", "b")
    )
    with caplog.at_level("INFO"):
        texts = select_texts(examples, model, max_texts_per_language=9, seed=0)
    assert texts["text"].tolist() == ["b"]
    assert "1 test texts left out that the model was trained on" in caplog.text


def test_as_many_of_a_language_are_drawn_by_the_seed(model):
    rows = [
        (f"{tag}{i}", "test", "sentiment", tag, "und", f"text {i}")
        for tag in ("en", "es")
        for i in range(20)
    ]
    examples = make_examples(*rows)
    first, again, other = (
        select_texts(examples, model, max_texts_per_language=5, seed=seed) for seed in (0, 0, 1)
    )
    assert first["language"].value_counts().to_dict() == {"en": 5, "es": 5}
    assert first.equals(again)
    assert not first.equals(other)


def test_no_test_text_gives_an_empty_table(model):
    examples = make_examples(("2", "train", "sentiment", "en", "GB", "b"))
    texts = select_texts(examples, model, max_texts_per_language=5, seed=0)
    assert texts.columns.tolist() == [*TEXT_COLUMNS]
    assert texts.empty


@pytest.mark.parametrize("kind", ["sequence_classification", "label_distribution"])
def test_tasks_of_one_label_are_judged(kind):
    view = {"options": {"view": "majority"}} if kind == "label_distribution" else {}
    entry = {"kind": kind, "loss_weight": 1.0, "labels": ["a", "b"], **view}
    (task,) = build_tasks(TasksParameters.model_validate({"x": entry})).values()
    assert labels_one_text(task)


def test_task_of_two_texts_is_not_judged(model):
    task = model.tasks["sentiment"]
    task.input_columns = ("premise", "hypothesis")
    assert not labels_one_text(task)
