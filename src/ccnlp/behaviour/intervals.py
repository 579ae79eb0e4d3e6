"""The interval of a share."""

import math
from statistics import NormalDist


def wilson_interval(share: float, n: int, *, confidence: float) -> tuple[float, float]:
    """Wilson's (1927) score interval, which does not end at 0 or 1 where a few texts all agree.

    The share may be a mean of shares: that of several swaps of one text, for `n` texts. Values
    within 0..1 vary no more than yes and no of the same mean do, so that the interval then is too
    wide rather than too narrow. NaN for no text.

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
