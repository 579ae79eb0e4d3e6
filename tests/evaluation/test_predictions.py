from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest

from ccnlp.errors import CcnlpError, ConfigurationError
from ccnlp.evaluation.fitness import why_not_comparable
from ccnlp.evaluation.predictions import (
    COLUMNS,
    combine,
    predict_with,
    predict_with_champion,
    predict_with_finetuned,
    unseen,
    without_seen_splits,
)
from ccnlp.tasks.answers import has_one_label
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TaskParameters, TasksParameters


@dataclass
class ConstantModel:
    """Answers every row alike, with an index like that of a trained model."""

    tasks: dict
    calls: list = field(default_factory=list)
    weights_digest = "0a"
    conditioning = None

    def predict(self, rows, *, task, tokens_per_batch):
        self.calls.append((len(rows), tokens_per_batch))
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
    predicted = predict_with_champion(
        rows, rows, tasks["sentiment"], model=model, tokens_per_batch=64
    )
    assert predicted.index.tolist() == [0, 1]
    assert predicted["prediction"].tolist() == ["positive", "positive"]
    assert model.calls == [(2, 64)]
    assert predicted["is_seen"].tolist() == [False, True]
    assert predicted["weights"].tolist() == ["0a", "0a"]


def test_probabilities_of_a_champion_follow_the_labels_of_the_task(rows, tasks):
    champion = ConstantModel(tasks_with("positive", "negative", "neutral"))
    predicted = predict_with_champion(
        rows, rows, tasks["sentiment"], model=champion, tokens_per_batch=64
    )
    # The champion gives 1, 1.5 and 2 parts to positive, negative and neutral.
    assert predicted["probabilities"][0] == pytest.approx(np.array([1.5, 2, 1]) / 4.5)
    assert predicted["prediction"].tolist() == ["neutral", "neutral"]


def test_sets_of_a_champion_have_their_labels_in_the_order_of_the_task(rows):
    entry = {"kind": "multi_label_classification", "loss_weight": 1.0}
    asked_tasks, trained_tasks = (
        build_tasks(TasksParameters.model_validate({"feelings": entry | {"labels": labels}}))
        for labels in (["joy", "fear"], ["fear", "joy"])
    )

    class BothLabels(ConstantModel):
        def predict(self, rows, **options):
            return super().predict(rows, **options).assign(prediction='["fear","joy"]')

    predicted = predict_with_champion(
        rows, rows, asked_tasks["feelings"], model=BothLabels(trained_tasks), tokens_per_batch=64
    )
    reference = asked_tasks["feelings"].reference(pd.DataFrame({"labels": [["fear", "joy"]] * 2}))
    assert predicted["prediction"].tolist() == reference.tolist()


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (None, "there is no champion to compare with"),
        (
            ConstantModel(tasks_with("a", "b", name="topic")),
            "the champion was not trained on the task 'sentiment'",
        ),
        (
            ConstantModel(tasks_with("bad", "good")),
            "the champion answers with the labels 'bad', 'good', and the task asks for 'negative', "
            "'neutral', 'positive'",
        ),
    ],
)
def test_champion_that_cannot_be_compared_sits_out(model, reason, rows, tasks):
    assert why_not_comparable(model, tasks["sentiment"]) == reason
    assert (
        predict_with_champion(rows, rows, tasks["sentiment"], model=model, tokens_per_batch=64)
        is None
    )


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            ("bad", "good"),
            "the fine-tuned model answers with the labels 'bad', 'good', and the task asks for",
        ),
        (
            ("negative", "neutral", "positive"),
            "the fine-tuned model was trained on 1 of the 2 rows that are now validation and test",
        ),
    ],
)
def test_finetuned_model_older_than_the_examples_is_refused(labels, message, rows, tasks):
    model = ConstantModel(tasks_with(*labels))
    again = "train again: kedro run --pipelines augmentation,tokenisation,training"
    with pytest.raises(CcnlpError, match=f"^task 'sentiment': {message}.*; {again}$"):
        predict_with_finetuned(
            rows, rows, tasks["sentiment"], model=model, culture=None, tokens_per_batch=64
        )


def test_finetuned_model_that_has_seen_no_row_answers(rows, tasks):
    model = ConstantModel(tasks)
    predicted = predict_with_finetuned(
        rows, rows[:1], tasks["sentiment"], model=model, culture=None, tokens_per_batch=64
    )
    assert predicted["prediction"].tolist() == ["positive"]


@pytest.mark.parametrize(
    ("trained_context", "asked_context"), [("none", "prefix"), ("prefix", "none")]
)
def test_finetuned_model_that_reads_contexts_in_another_way_is_refused(
    rows, trained_context, asked_context
):
    entry = {"kind": "sequence_classification", "loss_weight": 1.0, "labels": ["a", "b"]}
    of_model, of_task = (
        build_tasks(TasksParameters.model_validate({"t": entry | {"context": context}}))
        for context in (trained_context, asked_context)
    )
    descriptions = {"none": "reads no context", "prefix": "reads the context as prefix"}
    message = (
        f"the fine-tuned model {descriptions[trained_context]}, and one is asked for now that "
        f"{descriptions[asked_context]}"
    )
    with pytest.raises(CcnlpError, match=message):
        predict_with_finetuned(
            rows,
            rows,
            of_task["t"],
            model=ConstantModel(of_model),
            culture=None,
            tokens_per_batch=64,
        )
    champion = ConstantModel(of_model)  # which is compared as it was trained
    assert why_not_comparable(champion, of_task["t"]) is None


class TaggingTask:
    """Of a task, what tells that its answer is a label for each word."""

    name = "tagging"
    parameters = TaskParameters(kind="tagging", loss_weight=1)
    labels = ("O", "B")
    target_columns = ("tags",)
    list_columns = ("tokens", "tags")


def test_examples_of_other_tasks_are_refused(make_examples, tasks):
    examples = make_examples([("es", "MX", "train", "a", "O")], task="tagging")
    with pytest.raises(
        ConfigurationError, match=r"are of 'tagging', and the tasks are 'sentiment'"
    ):
        predict_with("majority", None, examples=examples, tasks=tasks)


def test_task_with_a_list_of_labels_a_row_is_left_out(make_examples, caplog):
    assert not has_one_label(TaggingTask())
    examples = make_examples([("es", "MX", "train", "a", "O")], task="tagging")
    with caplog.at_level("INFO"):
        table = predict_with("majority", None, examples=examples, tasks={"tagging": TaggingTask()})
    assert not len(table)
    assert caplog.messages == ["tagging: not judged, as kind tagging has no tallies"]
    assert list(combine([table, table]).columns) == COLUMNS


def test_system_has_no_predictions_on_a_split_that_it_saw_in_part(make_predictions, caplog):
    table = pd.concat(
        make_predictions(["positive"] * 2, dict.fromkeys(["champion", "tfidf"], ["positive"] * 2),
                         split=split)
        for split in ("validation", "test")
    ).reset_index(drop=True)  # fmt: skip
    table["is_seen"] = [*[False] * 4, False, True, False, False]

    with caplog.at_level("WARNING"):
        left = without_seen_splits(table)

    assert left.index.tolist() == [0, 1, 2, 3, 6, 7]
    assert caplog.messages == [
        "sentiment: champion was trained on 1 of the test rows; it has no scores there"
    ]


def test_without_predictions_there_is_nothing_to_leave_out():
    assert not len(without_seen_splits(combine([])))


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


def test_conditioned_model_predicts_with_the_cultures_of_the_examples(conditioned_model):
    task = conditioned_model.tasks["sentiment"]
    culture = conditioned_model.conditioning.parameters
    rows = pd.DataFrame({"text": "good", "id": ["0a", "0b"], "culture": ["GB", "MX"]})
    predicted = predict_with_finetuned(
        rows, rows, task, model=conditioned_model, culture=culture, tokens_per_batch=64
    )
    first, second = predicted["probabilities"]
    assert not np.allclose(first, second)
