import numpy as np
import pytest

from ccnlp.evaluation.bootstrap import Seed
from ccnlp.evaluation.sampling import Outcomes
from ccnlp.evaluation.tallies import draw_slice
from ccnlp.metrics import confusion_counts, macro_f1

LABELS = ("a", "b", "c")
SEED = Seed(0, ("test",))


def outcomes_of(reference, prediction, groups=None):
    num_rows = len(reference)
    return Outcomes(
        labels=LABELS,
        reference=np.array(reference),
        predictions={"own": np.array(prediction)},
        confidences={"own": np.ones(num_rows)},
        groups=np.arange(num_rows) if groups is None else np.asarray(groups),
        strata=np.zeros(num_rows, dtype=np.int64),
    )


def draw(reference, prediction, slice_, *, groups=None, num_draws=2000):
    outcomes = outcomes_of(reference, prediction, groups)
    return draw_slice(outcomes, "own", np.array(slice_), num_draws=num_draws, seed=SEED)


def test_observed_tallies_worked_by_hand():
    # Group 0: a a b taken for a b b; group 1: b c taken for b b.
    draws = draw([0, 0, 1, 1, 2], [0, 1, 1, 1, 1], [0, 0, 0, 1, 1])
    assert draws.labels[0].hits.tolist() == [[1, 1, 0], [0, 1, 0]]
    assert draws.labels[0].references.tolist() == [[2, 1, 0], [0, 1, 1]]
    assert draws.labels[0].predictions.tolist() == [[1, 2, 0], [0, 2, 0]]
    assert draws.sizes.tolist() == [3, 2]
    # F1 of a: 2 * 1 / (2 + 1); of b: 2 * 1 / (1 + 2); of b and c in group 1: 2 / 3 and 0.
    assert draws.scores.tolist() == pytest.approx([2 / 3, 1 / 3])
    assert draws.labels[0].true_positive_rate[0].tolist() == pytest.approx(
        [0.5, 1, np.nan], nan_ok=True
    )
    assert draws.labels[0].false_positive_rate[0].tolist() == pytest.approx([0, 0.5, 0])
    assert draws.labels[0].selection_rate[1].tolist() == [0, 1, 0]


def test_rest_is_the_whole_without_the_group():
    generator = np.random.default_rng(0)
    reference, prediction = generator.integers(0, 3, (2, 300))
    slice_ = generator.integers(0, 4, 300)
    draws = draw(reference, prediction, slice_, num_draws=1)
    for group in range(4):
        for rows, score in ((slice_ == group, draws.scores), (slice_ != group, draws.rest)):
            names = [np.array(LABELS)[values[rows]] for values in (reference, prediction)]
            expected = macro_f1(confusion_counts(*names, labels=LABELS))
            assert score[group] == pytest.approx(float(expected))


def test_label_that_only_the_group_has_does_not_count_in_its_rest():
    draws = draw([0, 1, 2, 0, 1], [0, 1, 2, 0, 1], [0, 0, 0, 1, 1])
    assert draws.rest.tolist() == [1.0, 1.0]
    assert (draws.rest_drawn == 1.0).all()


def test_draws_have_the_spread_of_the_bootstrap():
    # Accuracy of 0.75 in 200 rows: a deviation of sqrt(0.75 * 0.25 / 200) = 0.0306.
    prediction = [0, 0, 0, 1] * 50 + [0] * 50
    draws = draw([0] * 250, prediction, [0] * 200 + [1] * 50)
    share = draws.labels[1].true_positive_rate[:, 0, 0]
    assert share.mean() == pytest.approx(0.75, abs=0.005)
    assert share.std() == pytest.approx(0.0306, rel=0.1)


def test_disjoint_groups_are_independent_and_those_of_the_same_texts_are_not():
    hits = np.tile([0, 0, 0, 1], 50)
    both, slice_ = np.tile(hits, 2), np.repeat([0, 1], 200)
    texts = np.tile(np.arange(200), 2)
    alone, together = (
        draw([0] * 400, both, slice_, groups=groups).labels[1].true_positive_rate[:, :, 0]
        for groups in (None, texts)
    )
    assert np.corrcoef(alone.T)[0, 1] == pytest.approx(0, abs=0.07)
    assert np.corrcoef(together.T)[0, 1] > 0.95


def test_group_that_is_all_right_is_not_certain():
    draws = draw([0, 1] * 100, [0, 1] * 20 + [0, 0, 1, 1] * 40, [0] * 40 + [1] * 160)
    share = draws.labels[1].true_positive_rate[:, 0, 0]
    assert share.std() > 0.01
    assert share.mean() > 0.95


def test_prior_has_no_labels_that_the_group_lacks():
    draws = draw([0] * 40 + [1, 2] * 40, [0] * 40 + [1, 2] * 40, [0] * 40 + [1] * 80)
    assert (draws.labels[1].references[:, 0, 1:] == 0).all()
    assert (draws.labels[1].macro_f1[:, 0] == 1).all()


def test_draws_in_blocks_are_as_many_as_asked(monkeypatch):
    monkeypatch.setattr("ccnlp.evaluation.tallies.NUMBERS_AT_ONCE", 50)
    draws = draw([0, 1] * 20, [0] * 40, [0, 0, 1, 1] * 10, num_draws=7)
    assert draws.labels[1].hits.shape == (7, 2, 3)
    assert draws.rest_drawn.shape == (7, 2)


def test_draws_do_not_depend_on_the_order_of_rows():
    generator = np.random.default_rng(0)
    reference, prediction = generator.integers(0, 3, (2, 90))
    slice_, order = generator.integers(0, 2, 90), generator.permutation(90)
    first = draw(reference, prediction, slice_, num_draws=3)
    second = draw(reference[order], prediction[order], slice_[order], num_draws=3)
    np.testing.assert_array_equal(first.labels[1].hits, second.labels[1].hits)
