"""p-values of differences, and their correction where many are looked at."""

from statistics import NormalDist

import numpy as np

from ccnlp.evaluation.bootstrap import Floats


def two_sided_p(difference: Floats, deviation: Floats) -> Floats:
    """How often chance alone gives a difference as far from 0, by the normal distribution.

    The tails of a thousand resamples hold a handful of draws, too few for what is left of 5 % in
    forty groups. NaN where there is no difference.

    Args:
        difference: as observed.
        deviation: standard deviation of its draws, same shape; without any, only 0 is chance.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        distance = np.where(difference == 0, 0.0, np.abs(difference) / deviation)
    return np.array([2 * upper_tail(float(value)) for value in distance])


def upper_tail(distance: float) -> float:
    """The share of a normal distribution above so many standard deviations."""
    return NormalDist().cdf(-distance)


def adjust_by_holm(p_values: Floats) -> Floats:
    """p-values that, compared with a level, keep the chance of any false finding below it.

    Step-down (Holm 1979, section 3): the smallest of m is multiplied by m, the next by m - 1, and
    none falls below the one before. It finds all that Bonferroni's correction finds, and more. NaN
    is no test and stays NaN.
    """
    adjusted = np.full(len(p_values), np.nan)
    tested = np.flatnonzero(~np.isnan(p_values))
    order = tested[np.argsort(p_values[tested], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p_values[order] * factors))
    return adjusted
