"""The interval of a share, and how much cases that belong together tell, for whoever counts."""

import math
from collections.abc import Iterable
from statistics import NormalDist


def effective_size(sizes: Iterable[int]) -> float:
    """How many independent cases are worth as much as groups of these sizes (Kish 1965).

    Taken for the worst, that all cases of a group give one answer: `n` groups of the same size are
    worth `n` cases, and single cases are worth themselves.

    >>> effective_size([1, 1, 1]), effective_size([2, 2]), effective_size([2, 1])
    (3.0, 2.0, 1.8)
    """
    num_cases, squares = 0, 0
    for size in sizes:
        num_cases, squares = num_cases + size, squares + size**2
    return num_cases**2 / squares if squares else 0.0


def wilson_interval(share: float, n: float, *, confidence: float) -> tuple[float, float]:
    """Wilson's (1927) score interval, which does not end at 0 or 1 where a few texts all agree.

    NaN for no case. `n` may be an `effective_size`.

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
