"""The interval of a share, for whoever counts."""

import math
from statistics import NormalDist


def wilson_interval(share: float, n: float, *, confidence: float) -> tuple[float, float]:
    """Wilson's (1927) score interval, which does not end at 0 or 1 where a few texts all agree.

    NaN for no case. `n` may be a number of cases that others are worth.

    >>> wilson_interval(0.0, 10, confidence=0.95)
    (0.0, 0.277...)
    """
    if n == 0:
        return math.nan, math.nan
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    scale = 1 + z**2 / n
    centre = (share + z**2 / (2 * n)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return (0.0 if share == 0 else low), (1.0 if share == 1 else high)
