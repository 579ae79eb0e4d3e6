"""Krippendorff's alpha, and its interval by texts.

Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", section C: alpha is
1 - Do / De, the observed over the expected disagreement, both taken from the matrix of
coincidences. That matrix is a sum over the texts, so a resample of texts is a weighted sum of the
texts' own matrices, and a thousand resamples are one matrix product. Texts with the same counts of
labels are one *kind*; a resample is a multinomial draw of the kinds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from ccnlp.agreement.votes import Floats, Ints
from ccnlp.examples import stable_hash

Level = Literal["nominal", "ordinal"]

NUMBERS_AT_ONCE = 4_000_000
"""Bounds the memory of a block of draws to some tens of MB."""

NOT_PAIRABLE = "no text has two annotations to compare"
ONE_LABEL = "only one label was given, so that chance alone would agree everywhere"


class Estimate(NamedTuple):
    """A figure with its interval.

    Attributes:
        value: NaN where it is undefined.
        low: lower end of the interval.
        high: upper end of it.
        n: texts that count.
        note: why there is no value, else empty.
    """

    value: float
    low: float
    high: float
    n: int
    note: str = ""


def undefined(n: int, note: str) -> Estimate:
    """What stands where a figure cannot be computed."""
    return Estimate(float("nan"), float("nan"), float("nan"), n, note)


@dataclass(frozen=True)
class Bootstrap:
    """How intervals are made.

    Attributes:
        num_draws: resamples of texts.
        confidence: of the interval, such as 0.95.
        seed: with the names of a figure it makes the resamples of that figure.
    """

    num_draws: int
    confidence: float
    seed: int

    def draw(self, sizes: Ints, *names: str) -> Iterator[Floats]:
        """Resampled numbers of texts of each kind, in blocks (draws of the block, kinds).

        Args:
            sizes: the texts of each kind, shape (kinds,).
            names: of the figure.
        """
        generator = np.random.default_rng([self.seed, int(stable_hash(names), 16)])
        num_texts = int(sizes.sum())
        block_size = max(1, NUMBERS_AT_ONCE // len(sizes))
        for start in range(0, self.num_draws, block_size):
            num_block_draws = min(block_size, self.num_draws - start)
            yield generator.multinomial(num_texts, sizes / num_texts, size=num_block_draws).astype(
                np.float64
            )

    def interval(self, draws: Floats) -> tuple[float, float]:
        """Ends of the percentile interval; NaN draws, in which a figure is undefined, are left
        out, and without any other the ends are NaN.
        """
        defined = draws[~np.isnan(draws)]
        if not len(defined):
            return float("nan"), float("nan")
        tail = (1 - self.confidence) / 2
        low, high = np.quantile(defined, [tail, 1 - tail])
        return float(low), float(high)


def coincidences(counts: Ints) -> Floats:
    """The matrix of coincidences of each text, shape (texts, labels, labels).

    Every ordered pair of two annotations of the text is a coincidence, divided by the number of
    annotations less one; a text with fewer than two has none (Krippendorff 2011, step C.2).

    Args:
        counts: annotations of each label, shape (texts, labels).
    """
    same = counts[:, :, None] * np.eye(counts.shape[1])
    pairs = counts[:, :, None] * counts[:, None, :] - same
    partners = np.maximum(counts.sum(axis=1), 2) - 1
    matrices: Floats = pairs / partners[:, None, None]
    return matrices


def krippendorff_alpha(coincidence: Floats, *, level: Level = "nominal") -> Floats:
    """Alpha of summed coincidences (..., labels, labels); shape (...).

    1 is full agreement, 0 what chance gives, below 0 systematic disagreement. NaN where fewer
    than two labels occur, as then no disagreement is to be expected. The squared difference of
    two labels is 1 for `nominal`; for `ordinal` that of their mean ranks, which is
    the sum of the frequencies from one to the other less half of both ends'.
    """
    frequencies = coincidence.sum(axis=-1)
    total = frequencies.sum(axis=-1)[..., None, None]
    num_labels = coincidence.shape[-1]
    if level == "nominal":
        differences = 1 - np.eye(num_labels)
    else:
        ranks = frequencies.cumsum(axis=-1) - frequencies / 2
        differences = (ranks[..., :, None] - ranks[..., None, :]) ** 2
    # The diagonal of what chance gives differs, but no difference lies on it.
    chance_coincidences = frequencies[..., :, None] * frequencies[..., None, :]
    observed = (coincidence * differences).sum(axis=(-2, -1))
    expected = (chance_coincidences * differences).sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        disagreement = (total[..., 0, 0] - 1) * observed / expected
    alpha: Floats = np.where(expected > 0, 1 - disagreement, np.nan)
    return alpha


def estimate_alpha(counts: Ints, *names: str, level: Level, bootstrap: Bootstrap) -> Estimate:
    """Alpha of texts and its bootstrap interval; `n` counts the texts with two annotations.

    The texts are what is resampled: all annotations of one are drawn together. Resamples without
    two labels have no alpha and are left out. An alpha of 1 has the interval 1 to 1, however few
    the texts.

    Args:
        counts: annotations of each label, shape (texts, labels).
        names: of the figure, so that each has its own resamples.
        level: of measurement.
        bootstrap: resamples and confidence.
    """
    kinds, sizes = _distinct_counts(counts[counts.sum(axis=1) >= 2])
    n = int(sizes.sum())
    if n == 0:
        return undefined(0, NOT_PAIRABLE)
    num_labels = counts.shape[1]
    kind_coincidences = coincidences(kinds).reshape(len(kinds), num_labels**2)

    def alpha_of(weights: Floats | Ints) -> Floats:
        coincidence = (weights @ kind_coincidences).reshape(-1, num_labels, num_labels)
        return krippendorff_alpha(coincidence, level=level)

    value = float(alpha_of(sizes)[0])
    if np.isnan(value):
        return undefined(n, ONE_LABEL)
    draws = np.concatenate([alpha_of(weights) for weights in bootstrap.draw(sizes, *names)])
    return Estimate(value, *bootstrap.interval(draws), n)


def _distinct_counts(counts: Ints) -> tuple[Ints, Ints]:
    """Distinct rows of counts, shape (kinds, labels), and how often each stands there."""
    if not len(counts):
        return counts, np.zeros(0, dtype=np.int64)
    sizes = pd.DataFrame(counts).groupby(list(range(counts.shape[1]))).size()
    kinds: Ints = sizes.index.to_frame().to_numpy(dtype=np.int64)
    return kinds, np.asarray(sizes, dtype=np.int64)
