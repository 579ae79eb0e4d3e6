from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest

from ccnlp.evaluation.predictions import predict_with_model, unseen, why_not_comparable
from ccnlp.tasks.base import TasksParameters, build_tasks


@dataclass
class ConstantModel:
    """Answers every row alike, with an index like that of a trained model."""

    tasks: dict
    asked: list = field(default_factory=list)

    def predict(self, rows, *, task, tokens_per_batch):
        self.asked.append((len(rows), tokens_per_batch))
        labels = self.tasks[task].labels
        row = np.linspace(1, 2, len(labels), dtype=np.float32)
        return pd.DataFrame(
            {
                "prediction": labels[-1],
                "confidence": float(row[-1] / row.sum()),
                "probabilities": [row / row.sum()] * len(rows),
            },
            index=rows.index,
        )

    def has_seen(self, ids):
        return np.isin(list(ids), ["0b"])


def tasks_with(*labels, name="sentiment"):
    entry = {"kind": "sequence_classification", "loss_weight": 1.0, "labels": list(labels)}
    return build_tasks(TasksParameters.model_validate({name: entry}))


@pytest.fixture
def rows():
    return pd.DataFrame({"text": ["a", "b"], "id": ["0a", "0b"]}, index=[7, 3])


def test_model_answers_every_row_in_its_order(rows, tasks):
    model = ConstantModel(tasks)
    predicted = predict_with_model(rows, rows, tasks["sentiment"], model=model, tokens_per_batch=64)
    assert predicted.index.tolist() == [0, 1]
    assert predicted["prediction"].tolist() == ["positive", "positive"]
    assert model.asked == [(2, 64)]
    assert predicted["is_seen"].tolist() == [False, True]


def test_probabilities_of_a_champion_follow_the_labels_of_the_task(rows, tasks):
    champion = ConstantModel(tasks_with("positive", "negative", "neutral"))
    predicted = predict_with_model(
        rows, rows, tasks["sentiment"], model=champion, tokens_per_batch=64
    )
    # The champion gives 1, 1.5 and 2 parts to positive, negative and neutral.
    assert predicted["probabilities"][0] == pytest.approx(np.array([1.5, 2, 1]) / 4.5)
    assert predicted["prediction"].tolist() == ["neutral", "neutral"]


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (None, "there is no champion yet"),
        (
            ConstantModel(tasks_with("a", "b", name="topic")),
            "the champion was not trained on the task 'sentiment'",
        ),
        (
            ConstantModel(tasks_with("bad", "good")),
            r"the champion's labels are ['bad', 'good'], not ['negative', 'neutral', 'positive']",
        ),
    ],
)
def test_champion_that_cannot_be_compared_sits_out(model, reason, rows, tasks):
    assert why_not_comparable(model, tasks["sentiment"]) == reason
    assert (
        predict_with_model(rows, rows, tasks["sentiment"], model=model, tokens_per_batch=64) is None
    )


def test_rows_that_a_model_was_trained_on_are_left_out_and_counted(caplog):
    predictions = pd.DataFrame(
        {"system": ["champion", "champion", "finetuned"], "is_seen": [True, False, False]}
    )

    with caplog.at_level("WARNING"):
        left = unseen(predictions)

    assert left.index.tolist() == [1, 2]
    assert caplog.messages == [
        "champion was trained on 1 of the rows; they are left out where it is compared"
    ]
