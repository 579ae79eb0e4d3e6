"""Risk, coverage and thresholds, worked by hand."""

import math

import numpy as np
import pytest

from ccnlp.evaluation.selective import (
    NUM_CANDIDATES,
    choose_threshold,
    error_bound,
    risk_curve,
)

LIMITS = {"max_error_rate": 0.1, "confidence": 0.95}
LEVEL = 1 - 0.05 / NUM_CANDIDATES


def test_rows_of_one_confidence_are_answered_together():
    curve = risk_curve([0.5, 0.9, 0.5, 0.7, 0.5], [True, False, False, True, False])
    assert curve.thresholds.tolist() == [0.9, 0.7, 0.5]
    assert curve.num_answered.tolist() == [1, 2, 5]
    assert curve.num_wrong.tolist() == [0, 1, 2]
    assert curve.coverage.tolist() == [0.2, 0.4, 1.0]
    assert curve.risk.tolist() == [0.0, 0.5, 0.4]


def test_area_is_the_mean_risk_over_the_rows():
    curve = risk_curve([0.5, 0.9, 0.5, 0.7, 0.5], [True, False, False, True, False])
    assert curve.area == pytest.approx((0 + 0.5 + 3 * 0.4) / 5)


@pytest.mark.parametrize(("is_wrong", "area"), [(False, 0.0), (True, 1.0)])
def test_area_of_rows_that_are_all_right_or_all_wrong(is_wrong, area):
    assert risk_curve([0.5, 0.9, 0.7], [is_wrong] * 3).area == area


def test_order_that_puts_errors_last_has_the_smaller_area():
    confidence = [0.9, 0.8, 0.7, 0.6]
    assert risk_curve(confidence, [False, False, True, True]).area == pytest.approx(
        (0 + 0 + 1 / 3 + 1 / 2) / 4
    )
    assert risk_curve(confidence, [True, True, False, False]).area > 0.7


def test_no_rows_have_no_curve():
    curve = risk_curve([], [])
    assert curve.num_rows == 0
    assert math.isnan(curve.area)
    choice = choose_threshold(curve, **LIMITS)
    assert (choice.threshold, choice.n) == (None, 0)
    assert (choice.coverage, choice.error_rate, choice.error_bound) == (None, None, 1.0)


def test_bound_is_the_tail_of_the_binomial_distribution():
    from scipy.stats import binom

    assert error_bound(0, 30, confidence=0.95) == pytest.approx(1 - 0.05 ** (1 / 30))
    assert binom.cdf(7, 50, error_bound(7, 50, confidence=0.99)) == pytest.approx(0.01)
    assert error_bound(5, 5, confidence=0.95) == 1.0
    assert error_bound(0, 0, confidence=0.95) == 1.0


def test_model_that_is_always_right_answers_every_validation_row():
    choice = choose_threshold(risk_curve(np.linspace(0.4, 1, 100), [False] * 100), **LIMITS)
    assert (choice.threshold, choice.coverage, choice.error_rate) == (0.4, 1.0, 0.0)
    assert choice.error_bound == pytest.approx(1 - (0.05 / NUM_CANDIDATES) ** (1 / 100))


def test_right_answers_that_are_too_few_to_be_sure_give_no_threshold():
    # Without an error it takes 57 answers: 1 - 0.0025 ** (1 / 57) is the first below 0.1.
    assert choose_threshold(risk_curve(range(56), [False] * 56), **LIMITS).threshold is None
    assert choose_threshold(risk_curve(range(57), [False] * 57), **LIMITS).threshold == 0.0


@pytest.mark.parametrize("share_wrong", [0.3, 1.0])
def test_limit_that_no_confidence_keeps_gives_no_threshold(share_wrong):
    # The wrong ones lie among the others, so that no confidence tells them.
    is_wrong = np.arange(1000) % 10 < 10 * share_wrong
    choice = choose_threshold(risk_curve(np.linspace(0.3, 0.9, 1000), is_wrong), **LIMITS)
    assert choice.threshold is None
    assert (choice.n, choice.coverage) == (1000, 1.0)
    assert choice.error_rate == pytest.approx(share_wrong)
    assert choice.error_bound > 0.1


def test_threshold_is_the_lowest_whose_bound_keeps_the_limit():
    # The surest 600 of 1000 are right, the others wrong: of 620 answers 20 are wrong.
    curve = risk_curve(np.arange(1000, 0, -1) / 1000, np.arange(1000) >= 600)
    choice = choose_threshold(curve, **LIMITS)
    assert choice.coverage == 0.6  # with 650 answers, 50 wrong, the bound is above a tenth
    assert choice.threshold == pytest.approx(0.401)
    assert error_bound(50, 650, confidence=LEVEL) > 0.1
    assert choose_threshold(curve, max_error_rate=0.12, confidence=0.95).coverage == 0.65


def test_threshold_is_not_the_luckiest_one():
    # A tenth is wrong whatever the confidence: the observed rate falls below it by chance alone.
    generator = np.random.default_rng(0)
    lucky = chosen = 0
    for _ in range(200):
        curve = risk_curve(generator.random(400), generator.random(400) < 0.1)
        lucky += (curve.risk[20:] < 0.1).any()
        chosen += choose_threshold(curve, **LIMITS).threshold is not None
    assert lucky > 0.5 * 200
    assert chosen <= 0.05 * 200


def test_ties_are_on_one_side_of_the_threshold():
    confidence = np.repeat([0.9, 0.5], [70, 70])
    choice = choose_threshold(risk_curve(confidence, np.arange(140) >= 80), **LIMITS)
    assert (choice.threshold, choice.coverage) == (0.9, 0.5)


def test_rows_that_belong_together_count_for_less():
    confidence, is_wrong = np.linspace(0.4, 1, 100), [False] * 100
    pairs = risk_curve(confidence, is_wrong, np.repeat(np.arange(50), 2))
    assert pairs.num_effective[[1, 3, -1]].tolist() == [1, 2, 50]
    assert choose_threshold(pairs, **LIMITS).threshold is None
    assert choose_threshold(risk_curve(confidence, is_wrong), **LIMITS).threshold == 0.4


def test_rows_are_worth_what_those_that_are_answered_are():
    # Three of one group are the surest; the others, which stand alone, are not among them.
    curve = risk_curve([0.9, 0.8, 0.8, 0.3, 0.2], [False] * 5, list("aaabc"))
    assert curve.num_effective == pytest.approx([1, 1, 16 / 10, 25 / 11])


def test_groups_that_are_right_or_wrong_as_a_whole_keep_the_promise():
    # What is answered comes in a few large groups, and the many single rows are not.
    generator = np.random.default_rng(0)
    confidence = np.repeat([0.9, 0.1], [1000, 9000])
    groups = np.concatenate([np.repeat(np.arange(20), 50), np.arange(20, 9020)])
    broken = 0
    for _ in range(200):
        is_wrong = np.concatenate([np.repeat(generator.random(20) < 0.12, 50), [True] * 9000])
        curve = risk_curve(confidence, is_wrong, groups)
        broken += choose_threshold(curve, **LIMITS).threshold is not None
    assert broken <= 0.05 * 200
