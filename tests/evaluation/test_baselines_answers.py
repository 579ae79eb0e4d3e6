"""Answers by the words around them."""

import json

import pandas as pd
import pytest

from ccnlp.evaluation.baselines_answers import predict_by_overlap
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

PASSAGE = (
    "The town of Avery lies on a hill. Its bridge was built in 1846 by Ada Holt, an engineer. "
    "The market opens at 3.5 hours past noon."
)
CHINESE = "埃弗里镇位于山上。桥由霍尔特于1846年建造。"


@pytest.fixture
def task():
    options = {"max_tokens": 8, "stride_tokens": 4, "may_be_missing": False}
    entry = {"kind": "question_answering", "loss_weight": 1, "options": options}
    return build_tasks(TasksParameters.model_validate({"qa": entry}))["qa"]


def predict(task, *pairs):
    rows = pd.DataFrame(pairs, columns=["question", "passage"])
    return predict_by_overlap(rows[:0], rows, task)


def answers(predicted):
    return [json.loads(answer)[0]["text"] for answer in predicted["prediction"]]


def test_answer_stands_in_the_sentence_with_the_words_of_the_question(task):
    predicted = predict(
        task,
        ("When was the bridge built by Ada Holt?", PASSAGE),
        ("Who built the bridge in 1846?", PASSAGE),
        ("When does the market opens past noon?", PASSAGE),
        ("桥由霍尔特于年建造", CHINESE),
    )

    assert answers(predicted) == ["in 1846", "by Ada Holt, an engineer", "at 3.5 hours", "1846"]
    assert predicted["confidence"].between(0, 1).all()
    scores = task.score(
        predicted.assign(reference=predicted["prediction"], language=["en", "en", "en", "zh"])
    )
    assert scores["exact_match"] == 1.0


def test_answer_is_cut_where_it_stands(task):
    (answer,) = json.loads(predict(task, ("Who built it?", PASSAGE))["prediction"][0])

    assert PASSAGE[answer["start"] :].startswith(answer["text"])


def test_sentence_of_the_questions_words_alone_is_the_answer(task):
    assert answers(predict(task, ("was it good", "It was good."))) == ["It was good"]


def test_passage_without_words_has_no_answer(task):
    predicted = predict(task, ("was it good", "?! 😀"))

    assert predicted["prediction"].tolist() == ["[]"]
    assert predicted["confidence"].tolist() == [0.0]


def test_question_without_words_has_no_confidence(task):
    assert predict(task, ("?", "It was good."))["confidence"].tolist() == [0.0]
