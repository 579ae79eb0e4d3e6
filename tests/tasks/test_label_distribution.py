"""Targets that are made of annotators' labels, worked by hand."""

import numpy as np
import pandas as pd
import pytest
import torch

from ccnlp.errors import ConfigurationError
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

LABELS = ["none", "weak", "strong"]
ROWS = pd.DataFrame(
    {
        "text": ["a", "b", "c"],
        "label": ["weak", pd.NA, "strong"],
        "label_counts": [[1.0, 3.0, 0.0], [2.0, 2.0, 1.0], [0.0, 0.0, 1.0]],
        "pooled_label_counts": [[6.0, 3.0, 1.0], [2.0, 2.0, 6.0], [1.0, 1.0, 1.0]],
        "num_annotations": [4.0, 5.0, 1.0],
    },
    index=[7, 8, 9],
)


def task_of(view):
    entry = {"kind": "label_distribution", "loss_weight": 1, "labels": LABELS}
    entry["options"] = {"view": view}
    return build_tasks(TasksParameters.model_validate({"t": entry}))["t"]


@pytest.mark.parametrize(
    ("view", "references", "targets"),
    [
        ("majority", ["weak", None, "strong"], [[0, 1, 0], [1 / 2, 1 / 2, 0], [0, 0, 1]]),
        ("distribution", ["weak", None, "strong"], [[0.25, 0.75, 0], [0.4, 0.4, 0.2], [0, 0, 1]]),
        ("pooled_majority", ["none", "strong", None], [[1, 0, 0], [0, 0, 1], [1 / 3] * 3]),
        (
            "pooled_distribution",
            ["none", "strong", None],
            [[0.6, 0.3, 0.1], [0.2, 0.2, 0.6], [1 / 3] * 3],
        ),
    ],
)
def test_view_says_what_the_target_is(view, references, targets, tiny_encoder):
    task = task_of(view)

    features = task.encode(ROWS, tiny_encoder.load_tokenizer(), max_length_tokens=16)

    np.testing.assert_allclose(features["target"], targets)
    reference = task.reference(ROWS)
    assert reference.index.tolist() == [7, 8, 9]
    assert [None if pd.isna(label) else label for label in reference] == references


@pytest.mark.parametrize("view", ["majority", "distribution"])
def test_distribution_is_the_annotators_in_either_view(view):
    shares = task_of(view).reference_probabilities(ROWS)

    np.testing.assert_allclose(np.stack(shares), [[0.25, 0.75, 0], [0.4, 0.4, 0.2], [0, 0, 1]])


def test_loss_is_the_divergence_from_the_distribution(tiny_encoder):
    task = task_of("distribution")
    tokenizer = tiny_encoder.load_tokenizer()
    columns = task.encode(ROWS[:1], tokenizer, max_length_tokens=16)
    batch = task.collate(
        [{name: column[0] for name, column in columns.items()}], pad_token_id=tokenizer.pad_token_id
    )
    predicted = torch.tensor([[0.5, 0.25, 0.25]])

    loss = task.loss(predicted.log(), batch, label_smoothing=0.0)

    # The cross-entropy is ln(2) / 4 + 3 ln(4) / 4, the entropy ln(4) / 4 + 3 ln(4/3) / 4.
    assert loss.item() == pytest.approx(np.log(2) * 5 / 4 - np.log(4 / 3) * 3 / 4)


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
def test_no_loss_is_left_where_people_are_divided_and_the_model_says_so(label_smoothing):
    target = torch.tensor([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    smoothed = (1 - label_smoothing) * target + label_smoothing / 3

    losses = task_of("distribution").losses(
        smoothed.clamp(min=1e-12).log(), {"target": target}, label_smoothing=label_smoothing
    )

    torch.testing.assert_close(losses, torch.zeros(2), atol=1e-6, rtol=0)


def test_pooled_shares_that_differ_by_rounding_are_a_tie():
    pooled = np.sum([[0.8, 0.2], [0.4, 0.6], [0.3, 0.7]], axis=0).tolist()
    rows = ROWS.head(1).assign(pooled_label_counts=[[*pooled, 0.0]])
    task = task_of("pooled_majority")

    assert pooled[0] != pooled[1]
    assert task.reference(rows).isna().all()
    np.testing.assert_allclose(task._targets(rows), [[0.5, 0.5, 0.0]])


def test_tied_rows_count_in_the_similarity_and_in_no_score_of_labels():
    task = task_of("majority")
    predictions = pd.DataFrame(
        {
            "reference": task.reference(ROWS),
            "reference_probabilities": task.reference_probabilities(ROWS),
            "prediction": ["weak", "none", "none"],
            "confidence": [0.75, 0.4, 1.0],
            "probabilities": [[0.25, 0.75, 0.0], [0.4, 0.4, 0.2], [1.0, 0.0, 0.0]],
        }
    )

    scores = task.score(predictions)

    assert scores["accuracy"] == pytest.approx(1 / 2)  # of the two rows that have a majority
    assert scores["distribution_similarity"] == pytest.approx(1 - (0 + 0 + 1) / 3)


@pytest.mark.parametrize(
    ("view", "metric"),
    [("pooled_majority", "macro_f1"), ("distribution", "distribution_similarity")],
)
def test_training_is_steered_by_what_the_view_is_about(view, metric):
    assert task_of(view).primary_metric == metric


def test_a_view_must_be_chosen():
    entry = {"kind": "label_distribution", "loss_weight": 1, "labels": LABELS}
    parameters = TasksParameters.model_validate({"t": entry})

    with pytest.raises(
        ConfigurationError, match=r"task 't'.* options of kind .*: view: it is missing .*tasks\.yml"
    ):
        build_tasks(parameters)


@pytest.mark.parametrize(
    "labels", [["weak", "none", "strong"], ["none", "weak", "strong", "strongest"]]
)
def test_counts_of_labels_that_have_changed_are_refused(labels):
    entry = {"kind": "label_distribution", "loss_weight": 1, "labels": labels}
    entry["options"] = {"view": "majority"}
    task = build_tasks(TasksParameters.model_validate({"t": entry}))["t"]

    with pytest.raises(ConfigurationError, match=r"counted for other labels .*pipelines ingestion"):
        task.reference(ROWS)
