"""A score for two texts."""

import numpy as np
import pandas as pd
import pytest
import torch

from ccnlp.errors import ConfigurationError
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

ENTRY = {"kind": "pair_similarity", "loss_weight": 1, "options": {"score_range": [0, 5]}}


def build(**changes):
    return build_tasks(TasksParameters.model_validate({"t": {**ENTRY, **changes}}))["t"]


def table(references, predictions):
    return pd.DataFrame({"reference": references, "prediction": predictions, "confidence": 1.0})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"options": {}}, "options of kind .*: score_range: it is missing"),
        ({"options": {"score_range": [5, 0]}}, r"score_range: \[5.0, 0.0\] is no range from the"),
        ({"labels": ["a", "b"]}, "predicts a score, and no labels such as 'a'"),
    ],
)
def test_range_is_asked_for_and_labels_are_refused(changes, message):
    with pytest.raises(ConfigurationError, match=message):
        build(**changes)


def test_score_that_is_no_number_or_outside_the_range_has_a_reason():
    cells = ["0", "5.0", "2,5", "5.1", "-1", "nan", "inf"]
    rows = pd.DataFrame({"text": "a", "other_text": "b", "score": pd.Series(cells, dtype="string")})

    reasons = build().validate(rows)

    assert reasons.isna().tolist() == [True, True, *[False] * 5]
    assert reasons[2] == "score '2,5' is no number"
    assert reasons[3] == "score '5.1' is not within 0 to 5"
    assert reasons[5] == "score 'nan' is no number"


def test_scores_are_shares_of_the_range_in_features_and_scores_in_predictions(tiny_encoder):
    task = build(options={"score_range": [1, 5]})
    rows = pd.DataFrame({"text": ["a"], "other_text": ["b"], "score": ["2"]})

    features = task.encode(rows, tiny_encoder.load_tokenizer(), max_length_tokens=16)
    decoded = task.decode(torch.tensor([[0.25], [-1.0], [1.5]]), {}, None)

    assert features["target"] == [0.25]
    assert decoded["prediction"].tolist() == ["2", "1", "5"]


def test_loss_is_the_squared_error_of_each_pair():
    batch = {"target": torch.tensor([0.5, 1.0])}

    losses = build().losses(torch.tensor([[0.0], [1.0]]), batch, label_smoothing=0.0)

    assert losses.tolist() == [0.25, 0.0]


def test_divergence_is_the_squared_difference_of_two_passes():
    first, second = torch.tensor([[0.0], [1.0]]), torch.tensor([[1.0], [1.0]])

    assert build().divergence(first, second, {}).item() == 0.5


def test_correlations_are_those_of_scores_and_of_ranks():
    # Ranks 1 2 3 4 beside 1 3 2 4: 1 - 6 * (0 + 1 + 1 + 0) / (4 * 15) = 0.8.
    scores = build().score(table(["0", "1", "2", "5"], ["0", "3", "1", "4"]))

    assert scores["spearman"] == pytest.approx(0.8)
    assert scores["pearson"] == pytest.approx(np.corrcoef([0, 1, 2, 5], [0, 3, 1, 4])[0, 1])


def test_contrary_scores_are_below_zero():
    scores = build().score(table(["0", "1", "2"], ["5", "3", "1"]))

    assert scores == {"pearson": pytest.approx(-1.0), "spearman": pytest.approx(-1.0)}


def test_scores_are_none_where_references_are_alike_and_zero_where_predictions_are():
    task = build()

    assert all(map(np.isnan, task.score(table(["1", "1"], ["1", "2"])).values()))
    assert task.score(table(["1", "2"], ["3", "3"])) == {"pearson": 0.0, "spearman": 0.0}
    assert np.isnan(task.score(table([pd.NA], ["3"]))["spearman"])


def test_sums_of_several_groups_have_scores_of_their_own():
    task = build()
    tallies = task.tallies(table(["0", "1", "2", "3"], ["0", "1", "3", "2"]))
    groups = np.array([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]])

    np.testing.assert_allclose(task.metrics(groups @ tallies)["pearson"], [1.0, -1.0])
