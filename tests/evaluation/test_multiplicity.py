import numpy as np
import pytest

from ccnlp.evaluation.multiplicity import adjust_by_holm, two_sided_p


def test_holm_worked_by_hand():
    # Sorted: 0.01 * 4, 0.02 * 3, 0.03 * 2 = 0.06, and 0.5 * 1; none falls below the one before.
    adjusted = adjust_by_holm(np.array([0.03, 0.01, 0.5, 0.02]))
    assert adjusted.tolist() == pytest.approx([0.06, 0.04, 0.5, 0.06])


def test_what_is_no_test_does_not_count():
    adjusted = adjust_by_holm(np.array([np.nan, 0.02, 0.9]))
    assert np.isnan(adjusted[0])
    assert adjusted[1:].tolist() == pytest.approx([0.04, 0.9])
    assert adjust_by_holm(np.array([])).tolist() == []


def test_adjusted_value_is_never_above_one():
    assert adjust_by_holm(np.array([0.6, 0.7])).tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("difference", "deviation", "p_value"),
    [
        (0.196, 0.1, 0.05),
        (-0.196, 0.1, 0.05),
        (0.0, 0.1, 1.0),
        (0.0, 0.0, 1.0),
        (0.2, 0.0, 0.0),
    ],
)
def test_p_value_of_a_difference(difference, deviation, p_value):
    (found,) = two_sided_p(np.array([difference]), np.array([deviation]))
    assert found == pytest.approx(p_value, abs=1e-3)


def test_no_difference_has_no_p_value():
    assert np.isnan(two_sided_p(np.array([np.nan]), np.array([0.1]))).all()
