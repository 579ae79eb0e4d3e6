"""Sets of labels: what a row may hold, what is learnt, predicted and scored."""

import numpy as np
import pandas as pd
import pytest
import torch

from ccnlp.errors import ConfigurationError
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

LABELS = ("joy", "fear", "anger")


@pytest.fixture
def task():
    entry = {"kind": "multi_label_classification", "loss_weight": 1, "labels": LABELS}
    return build_tasks(TasksParameters.model_validate({"t": entry}))["t"]


def logits(*probabilities):
    return torch.logit(torch.tensor(probabilities, dtype=torch.float64))


def table(*pairs):
    """Predictions beside references, as JSON."""
    return pd.DataFrame(pairs, columns=["prediction", "reference"], dtype="string")


def test_rows_that_cannot_be_used_are_told_with_what_they_hold(task):
    labels = [["joy"], [], ["joy", "rage"], ["fear", "joy", "fear"], "joy", None, np.array(["joy"])]
    labels.append(["Joy"])

    assert task.validate(pd.DataFrame({"text": "x", "labels": labels})).tolist() == [
        pd.NA,
        pd.NA,
        "label 'rage' is not one of 'joy', 'fear', 'anger'; did you mean 'anger'? (label_map)",
        "label 'fear' is named twice",
        "labels is no list: 'joy'",
        "labels is no list: None",
        pd.NA,
        "label 'Joy' is not one of 'joy', 'fear', 'anger'; did you mean 'joy'? (label_map)",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": ["joy"]}, "name fewer than two"),
        ({"labels": ["joy", "joy"]}, "name 'joy' twice"),
        ({"labels": ["joy", ""]}, "labels: '' is empty, or begins or ends with a space"),
        ({"options": {"view": "majority"}}, "options of kind .*: view: "),
    ],
)
def test_entries_that_do_not_fit_are_refused(change, message):
    entry = {"kind": "multi_label_classification", "loss_weight": 1, "labels": LABELS, **change}

    with pytest.raises(ConfigurationError, match=message):
        build_tasks(TasksParameters.model_validate({"t": entry}))


def test_references_are_in_the_order_of_the_labels_and_may_be_empty(task):
    rows = pd.DataFrame({"labels": [["anger", "joy"], [], ["fear"]]}, index=[7, 8, 9])

    references = task.reference(rows)

    assert references.tolist() == ['["joy","anger"]', "[]", '["fear"]']
    assert references.index.tolist() == [7, 8, 9]
    assert task.reference(rows[:0]).tolist() == []


def test_features_say_of_each_label_whether_it_applies(task, tiny_encoder):
    rows = pd.DataFrame({"text": ["good", "bad"], "labels": [["anger", "joy"], []]})
    tokenizer = tiny_encoder.load_tokenizer()

    encoded = task.encode(rows, tokenizer, max_length_tokens=8)
    features = [dict(zip(encoded, row, strict=True)) for row in zip(*encoded.values(), strict=True)]
    batch = task.collate(features, pad_token_id=tokenizer.pad_token_id)

    assert batch["target"].tolist() == [[1, 0, 1], [0, 0, 0]]
    assert batch["target"].dtype == torch.float32
    assert "target" not in task.encode(rows[["text"]], tokenizer, max_length_tokens=8)


def test_loss_is_the_mean_cross_entropy_of_the_labels(task):
    batch = {"target": torch.tensor([[1.0, 0.0, 0.0]])}

    # Probabilities 1/2, 1/4 and 1/2, of which the label, not the label and not the label are right.
    losses = task.losses(logits([0.5, 0.25, 0.5]), batch, label_smoothing=0.0)

    assert losses.tolist() == pytest.approx([(2 * np.log(2) + np.log(4 / 3)) / 3])


def test_smoothed_targets_move_towards_a_half(task):
    batch = {"target": torch.tensor([[1.0, 0.0, 0.0]])}

    sure = task.losses(logits([0.9, 0.1, 0.1]), batch, label_smoothing=0.2)

    # A target of 0.9 and a probability of 0.9: the loss is the entropy of a coin of 0.9.
    assert sure.item() == pytest.approx(-0.9 * np.log(0.9) - 0.1 * np.log(0.1))


def test_divergence_is_the_mean_over_labels_of_both_directions(task):
    # Of the label that differs: p = 1/2, q = 1/4, as in the test of two labels; others add nothing.
    p, q = logits([0.5, 0.3, 0.3]), logits([0.25, 0.3, 0.3])

    assert task.divergence(p, q, {}).item() == pytest.approx(np.log(3) / 8 / 3)
    assert task.divergence(p, p, {}).item() == 0


def test_labels_are_given_from_a_half_on(task, tiny_encoder):
    outputs = logits([0.5, 0.25, 0.75], [0.25, 0.25, 0.25])

    decoded = task.decode(outputs, {}, tiny_encoder.load_tokenizer())

    assert decoded["prediction"].tolist() == ['["joy","anger"]', "[]"]
    assert decoded["confidence"].tolist() == pytest.approx([0.5 * 0.75 * 0.75, 0.75**3])
    np.testing.assert_allclose(decoded["probabilities"][0], [0.5, 0.25, 0.75])


def test_calibrated_task_gives_labels_from_their_own_thresholds_on(task, tiny_encoder):
    chosen = task.calibrated({"thresholds": {"joy": 0.6, "fear": 0.2}})

    decoded = chosen.decode(logits([0.5, 0.25, 0.75]), {}, tiny_encoder.load_tokenizer())

    assert decoded["prediction"].tolist() == ['["fear","anger"]']
    assert decoded["confidence"].tolist() == pytest.approx([0.5 * 0.25 * 0.75])
    assert task.calibration == {}


def test_thresholds_are_chosen_label_by_label(task):
    # Of 40 rows 20 have joy, whose probabilities are 0.4 with it and 0.2 without; fear is as likely
    # everywhere, so that it is best given to all of the 20 that have it and the others; anger is
    # there once, which is too little to choose by.
    has_joy = np.arange(40) % 2 == 0
    probabilities = np.stack([np.where(has_joy, 0.4, 0.2), np.full(40, 0.1), np.full(40, 0.9)], 1)
    sets = [["joy", "fear"] if joy else [] for joy in has_joy]
    sets[0] = [*sets[0], "anger"]
    predictions = pd.DataFrame(
        {
            "probabilities": list(probabilities.astype(np.float32)),
            "reference": task.reference(pd.DataFrame({"labels": sets})),
        }
    )

    chosen = task.calibrate(predictions)["thresholds"]

    assert chosen == pytest.approx({"joy": 0.3, "fear": 0.05, "anger": 0.5})


def test_scores_by_hand(task):
    # joy: 1 hit of 2, 1 predicted: F1 2/3. fear: 1 hit of 1, 2 predicted: 2/3. anger: nowhere.
    # Together 2 hits of 3 with 3 predicted: 2/3. One set of three is right as a whole.
    predictions = table(('["joy","fear"]', '["joy"]'), ('["fear"]', '["joy","fear"]'), ("[]", "[]"))

    assert task.score(predictions) == {
        "macro_f1": pytest.approx(2 / 3),
        "micro_f1": pytest.approx(2 / 3),
        "exact_match": pytest.approx(1 / 3),
    }


def test_macro_f1_counts_a_rare_label_as_much_as_a_frequent_one(task):
    predictions = table(*[('["joy"]', '["joy"]')] * 9, ("[]", '["fear"]'))

    scores = task.score(predictions)

    assert scores["macro_f1"] == pytest.approx(0.5)
    assert scores["micro_f1"] == pytest.approx(18 / 19)
    assert scores["exact_match"] == pytest.approx(0.9)


def test_rows_without_a_reference_have_no_part_in_the_scores(task):
    assert task.score(table(('["joy"]', pd.NA), ('["joy"]', '["joy"]')))["exact_match"] == 1


def test_where_no_label_is_there_or_predicted_there_is_no_f1(task):
    scores = task.score(table(("[]", "[]")))

    assert np.isnan(scores["macro_f1"])
    assert np.isnan(scores["micro_f1"])
    assert scores["exact_match"] == 1


def test_metrics_take_any_number_of_sums_at_once(task):
    tallies = task.tallies(table(('["joy"]', '["joy"]'), ("[]", '["fear"]')))
    weights = np.array([[1.0, 1.0], [2.0, 0.0]])

    metrics = task.metrics(weights @ tallies)

    np.testing.assert_allclose(metrics["exact_match"], [0.5, 1.0])
    np.testing.assert_allclose(metrics["macro_f1"], [0.5, 1.0])
    assert task.tallies(table()).shape == (0, 11)
