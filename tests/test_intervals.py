import math

import pytest

from ccnlp.intervals import wilson_interval


@pytest.mark.parametrize(
    ("share", "n", "low", "high"),
    [
        (0.5, 10, 0.2366, 0.7634),  # (0.5 + 0.1921) / 1.3841, half width 0.3646 / 1.3841
        (0.0, 10, 0.0, 0.2775),  # z² / (n + z²)
        (1.0, 10, 0.7225, 1.0),
        (0.25, 2, 0.0267, 0.8021),  # (0.25 + 0.9604) / 2.9207, half width 1.1325 / 2.9207
    ],
)
def test_interval_is_that_of_the_formula(share, n, low, high):
    assert wilson_interval(share, n, confidence=0.95) == pytest.approx((low, high), abs=5e-5)


def test_interval_of_counts_is_scipys():
    from scipy.stats import binomtest

    expected = binomtest(7, 31).proportion_ci(0.9, method="wilson")
    assert wilson_interval(7 / 31, 31, confidence=0.9) == pytest.approx(
        (expected.low, expected.high)
    )


def test_nothing_has_no_interval():
    assert all(map(math.isnan, wilson_interval(0.0, 0, confidence=0.95)))
