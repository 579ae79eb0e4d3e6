"""The probability from which on a label is given."""

import numpy as np
import pytest

from ccnlp.tasks.thresholds import MIN_ROWS, choose_thresholds


def chosen(probabilities, applies, times=MIN_ROWS):
    """Of one label, whose rows are repeated so that they suffice."""
    columns = (np.repeat(values, times)[:, None] for values in (probabilities, applies))
    (threshold,) = choose_thresholds(*columns)
    return threshold


def test_threshold_has_the_best_f1():
    # Given from 0.2 on: 2 hits, 3 given, 2 there: 4/5. From 0.6 on: 1 hit of 1: 2/3. Of all: 2/3.
    assert chosen([0.7, 0.3, 0.2, 0.1], [True, False, True, False]) == pytest.approx(0.15)


def test_label_that_is_best_given_everywhere_has_a_threshold_below_all():
    assert chosen([0.4, 0.4], [True, False]) == pytest.approx(0.2)


def test_a_half_is_kept_where_it_is_as_good():
    assert chosen([0.9, 0.2], [True, False]) == 0.5


def test_of_equal_scores_the_threshold_nearest_to_a_half_is_taken():
    # 2/3 both where the first alone is given, and where all four are.
    assert chosen([0.9, 0.8, 0.7, 0.2], [True, False, False, True]) == pytest.approx(0.85)


@pytest.mark.parametrize("applies", [[True, False], [True, True], [False, False]])
def test_few_rows_with_or_without_the_label_leave_a_half(applies):
    times = MIN_ROWS - 1 if applies == [True, False] else 20

    assert chosen([0.2, 0.1], applies, times) == 0.5


def test_no_rows_leave_a_half():
    assert choose_thresholds(np.empty((0, 2)), np.empty((0, 2), bool)).tolist() == [0.5, 0.5]
