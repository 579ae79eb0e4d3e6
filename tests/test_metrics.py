import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, recall_score

from ccnlp.metrics import (
    accuracy,
    average_recall,
    calibration_bins,
    classification_metrics,
    confusion_counts,
    cross_entropy,
    f1_per_label,
    jensen_shannon_distance,
    macro_f1,
)

LABELS = ("negative", "neutral", "positive")


def test_confusion_counts_have_references_as_rows():
    counts = confusion_counts(["a", "a", "b"], ["a", "b", "b"], labels=["a", "b"])
    assert counts.tolist() == [[1, 1], [0, 1]]


def test_metrics_of_four_rows_worked_by_hand():
    metrics = classification_metrics(
        ["a", "a", "b", "b"], ["a", "b", "b", "b"], [0.95, 0.55, 0.95, 0.75], labels=["a", "b"]
    )
    # F1 of a: 2·1/(2+1) = 2/3; of b: 2·2/(2+3) = 4/5.
    assert metrics["macro_f1"] == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert metrics["accuracy"] == pytest.approx(3 / 4)
    assert metrics["average_recall"] == pytest.approx((1 / 2 + 1) / 2)
    # Gaps of the bins: |2 − 1.9|, |0 − 0.55|, |1 − 0.75|.
    assert metrics["calibration_error"] == pytest.approx((0.1 + 0.55 + 0.25) / 4)


def test_label_without_reference_and_prediction_does_not_count():
    metrics = classification_metrics(["a", "b"], ["a", "b"], [1.0, 1.0], labels=["a", "b", "c"])
    assert metrics["macro_f1"] == 1.0
    assert metrics["average_recall"] == 1.0
    assert np.isnan(f1_per_label(confusion_counts(["a"], ["a"], labels=["a", "b"]))[1])


def test_label_only_predicted_counts_as_f1_of_zero():
    metrics = classification_metrics(["a", "a"], ["a", "c"], [1.0, 1.0], labels=["a", "b", "c"])
    assert metrics["macro_f1"] == pytest.approx((2 / 3 + 0) / 2)
    assert metrics["average_recall"] == pytest.approx(1 / 2)


def test_no_rows_give_no_score():
    metrics = classification_metrics([], [], [], labels=LABELS)
    assert all(np.isnan(value) for value in metrics.values())


@pytest.mark.parametrize("size", [1, 5, 40, 400])
def test_metrics_agree_with_scikit_learn(size):
    draw = np.random.default_rng(size)
    reference = draw.choice(LABELS, size=size, p=[0.6, 0.3, 0.1])
    prediction = draw.choice(LABELS, size=size)
    metrics = classification_metrics(reference, prediction, np.ones(size), labels=LABELS)
    seen = sorted({*reference, *prediction})
    present = sorted(set(reference))
    assert metrics["macro_f1"] == pytest.approx(
        f1_score(reference, prediction, labels=seen, average="macro", zero_division=0)
    )
    assert metrics["accuracy"] == pytest.approx(accuracy_score(reference, prediction))
    assert metrics["average_recall"] == pytest.approx(
        recall_score(reference, prediction, labels=present, average="macro", zero_division=0)
    )
    assert metrics["calibration_error"] == pytest.approx(1 - metrics["accuracy"])


def test_scores_of_counts_take_leading_axes():
    counts = np.random.default_rng(0).integers(0, 9, size=(2, 5, 3, 3))
    for metric in (macro_f1, accuracy, average_recall):
        scores = metric(counts)
        assert scores.shape == (2, 5)
        assert scores[1, 4] == pytest.approx(float(metric(counts[1, 4])))


def test_calibration_bins_hold_both_ends():
    assert calibration_bins([0.0, 0.05, 0.15, 0.999, 1.0]).tolist() == [0, 0, 1, 9, 9]


def test_unknown_label_is_named():
    with pytest.raises(ValueError, match=r"\['mixed'\] are not among the labels"):
        classification_metrics(["mixed"], ["neutral"], [1.0], labels=LABELS)


def test_jensen_shannon_distance_worked_by_hand():
    # The middle of (1, 0) and (1/2, 1/2) is (3/4, 1/4); in bits the divergence is half of
    # log2(4/3) + (log2(2/3) + log2(2)) / 2.
    divergence = (np.log2(4 / 3) + (np.log2(2 / 3) + 1) / 2) / 2
    reference = [[1, 0], [1, 0], [0.5, 0.5]]
    predicted = [[0.5, 0.5], [0, 1], [0.5, 0.5]]

    distances = jensen_shannon_distance(reference, predicted)

    np.testing.assert_allclose(distances, [np.sqrt(divergence), 1, 0], atol=1e-12)


def test_jensen_shannon_distance_agrees_with_scipy():
    from scipy.spatial.distance import jensenshannon

    p, q = np.random.default_rng(0).dirichlet([1, 1, 1], size=(2, 50))

    expected = jensenshannon(p, q, base=2, axis=1)
    np.testing.assert_allclose(jensen_shannon_distance(p, q), expected)


def test_cross_entropy_of_an_impossible_label_is_large_and_finite():
    entropies = cross_entropy([[0.5, 0.5], [1.0, 0.0]], [[0.25, 0.75], [0.0, 1.0]])

    np.testing.assert_allclose(entropies, [-np.log(0.25 * 0.75) / 2, np.log(1e7)])
