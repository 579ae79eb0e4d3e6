"""How far the groups of a slice lie apart: gap, ratio, equalised odds and demographic parity.

The largest difference of many scores is large by chance alone, and larger still in resamples:
percentiles of the resampled gap would never hold 0. The lower end of an interval is therefore that
of simultaneous bands: all scores lie, with the confidence, within so many standard deviations of
what was observed (the quantile of the largest studentised deviation in a draw; Davison and Hinkley
1997, section 4.2.4), and they lie apart at least as far as these bands do. The upper end is that
of the two groups that were observed to lie farthest apart: the true extremes, whichever they are,
were observed to lie no farther apart. In simulated slices of 2 to 40 groups of 30 to 1,000 rows,
equal or not, intervals of 95 % held the true gap in 95 to 100 % of cases.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from ccnlp.evaluation.bootstrap import Floats
from ccnlp.evaluation.slice_draws import DrawnSlice

ESTIMATES = ("gap", "ratio", "equalised_odds_difference", "demographic_parity_difference")
LABELS = ("equalised_odds_label", "demographic_parity_label")
COLUMNS = [
    "task", "corpus", "split", "system", "slice", "num_groups", "num_too_small",
    "worst_group", "worst_score", "best_group", "best_score",
    *(f"{name}{end}" for name in ESTIMATES for end in ("", "_low", "_high")),
    *LABELS,
]  # fmt: skip
NO_ESTIMATE = (np.nan, np.nan, np.nan)
MIN_DEVIATION = 1e-6
"""Draws that differ by less differ by rounding alone, as where a rate is 1 in each."""


@dataclass(frozen=True)
class Rate:
    """A rate of some groups, as observed and in draws.

    Attributes:
        observed: shape (groups,).
        drawn: shape (draws, groups).
        label: whose rate it is; empty for a score.
    """

    observed: Floats
    drawn: Floats
    label: str = ""

    @property
    def extremes(self) -> tuple[int, int]:
        """Indices of the lowest and the highest."""
        return int(self.observed.argmin()), int(self.observed.argmax())

    @property
    def gap(self) -> float:
        """The highest less the lowest."""
        return float(self.observed.max() - self.observed.min())


def measure_gaps(drawn_slice: DrawnSlice, *, confidence: float) -> dict[str, object]:
    """The row of one system and slice; NaN and no names where fewer than two groups are judged.

    For more than two labels, each is set against the rest, and the worst label counts.
    Equalised odds (Hardt et al. 2016): the larger of the differences in true and in false positive
    rates between groups; demographic parity: that in the share of rows that get the label. A
    rate of fewer rows than the minimal group is left out, like a group of fewer rows. Answers
    that are not one label a row have no such rates.

    Args:
        drawn_slice: with the draws of its groups.
        confidence: of the intervals, such as 0.95.
    """
    keys = {
        **asdict(drawn_slice.evaluation_set),
        "system": drawn_slice.system,
        "slice": drawn_slice.slice,
    }
    judged_groups = np.flatnonzero(drawn_slice.is_judged)
    names = [drawn_slice.groups[column] for column in judged_groups]
    counts = {
        "num_groups": len(drawn_slice.groups) + len(drawn_slice.unlabelled_groups),
        "num_too_small": len(drawn_slice.groups)
        + len(drawn_slice.unlabelled_groups)
        - len(judged_groups),
    }
    no_names = dict.fromkeys(("worst_group", "best_group", *LABELS), "")
    row: dict[str, object] = {**keys, **counts, **no_names}
    if len(judged_groups) < 2:
        return row
    draws = drawn_slice.draws
    score = Rate(draws.scores[judged_groups], draws.scores_drawn[:, judged_groups])
    worst, best = score.extremes
    row |= {"worst_group": names[worst], "worst_score": score.observed[worst]}
    row |= {"best_group": names[best], "best_score": score.observed[best]}
    selection = _rates(drawn_slice, "selection_rate")
    odds = [*_rates(drawn_slice, "true_positive_rate"), *_rates(drawn_slice, "false_positive_rate")]
    row |= _with_ends("gap", _gap_interval([score], confidence))
    row |= _with_ends("ratio", _ratio_interval(score, confidence))
    row |= _with_ends("equalised_odds_difference", _gap_interval(odds, confidence))
    row |= _with_ends("demographic_parity_difference", _gap_interval(selection, confidence))
    row["equalised_odds_label"] = _worst_label(odds)
    row["demographic_parity_label"] = _worst_label(selection)
    return row


def _with_ends(name: str, estimate: tuple[float, float, float]) -> dict[str, object]:
    return dict(zip((name, f"{name}_low", f"{name}_high"), estimate, strict=True))


def _worst_label(rates: Sequence[Rate]) -> str:
    return max(rates, key=lambda rate: rate.gap).label if rates else ""


def _rates(drawn_slice: DrawnSlice, name: str) -> list[Rate]:
    """Of each label, over the groups in which it is of enough rows, where these are two or more."""
    if drawn_slice.draws.labels is None:
        return []
    tallies, draws = drawn_slice.draws.labels
    num_rows = {
        "true_positive_rate": tallies.references,
        "false_positive_rate": tallies.sizes[:, None] - tallies.references,
        "selection_rate": np.broadcast_to(tallies.sizes[:, None], tallies.references.shape),
    }[name]
    observed, resampled = getattr(tallies, name), getattr(draws, name)
    rates = []
    for column, label in enumerate(drawn_slice.labels):
        groups = np.flatnonzero(num_rows[:, column] >= drawn_slice.min_group_size)
        if len(groups) > 1:
            rates.append(Rate(observed[groups, column], resampled[:, groups, column], label))
    return rates


def _gap_interval(rates: Sequence[Rate], confidence: float) -> tuple[float, float, float]:
    """The largest gap with the ends of its interval."""
    if not rates:
        return NO_ESTIMATE
    gap = max(rate.gap for rate in rates)
    bands = _bands(rates, confidence)
    low = max(float(lows.max() - highs.min()) for lows, highs in bands)
    tail = (1 - confidence) / 2
    high_ends = [np.quantile(_difference(rate), 1 - tail) for rate in rates]
    widest = 2.0 if any(rate.observed.min() < 0 for rate in rates) else 1.0  # of correlations
    return gap, max(0.0, low), min(widest, max(gap, *map(float, high_ends)))


def _ratio_interval(rate: Rate, confidence: float) -> tuple[float, float, float]:
    """The lowest over the highest with the ends of its interval; NaN if all are 0, or one below."""
    worst, best = rate.extremes
    if rate.observed[best] == 0 or rate.observed[worst] < 0:
        return NO_ESTIMATE
    ratio = float(rate.observed[worst] / rate.observed[best])
    ((lows, highs),) = _bands([rate], confidence)
    high = float(highs.min() / lows.max()) if lows.max() > 0 else 1.0
    ratios = rate.drawn[:, worst] / rate.drawn[:, best]
    low = float(np.quantile(ratios, (1 - confidence) / 2))
    return ratio, max(0.0, min(ratio, low)), min(1.0, max(ratio, high))


def _difference(rate: Rate) -> Floats:
    worst, best = rate.extremes
    difference: Floats = rate.drawn[:, best] - rate.drawn[:, worst]
    return difference


def _bands(rates: Sequence[Rate], confidence: float) -> list[tuple[Floats, Floats]]:
    """Both ends for each group of each rate; all hold at once with the confidence."""
    deviations = [rate.drawn.std(axis=0) for rate in rates]
    largest_distances = np.zeros(len(rates[0].drawn))
    for rate, deviation in zip(rates, deviations, strict=True):
        shifts = np.where(deviation > MIN_DEVIATION, np.abs(rate.drawn - rate.observed), 0.0)
        distances = shifts / np.maximum(deviation, MIN_DEVIATION)
        largest_distances = np.maximum(largest_distances, distances.max(axis=1))
    width = np.quantile(largest_distances, confidence)
    return [
        (rate.observed - width * deviation, rate.observed + width * deviation)
        for rate, deviation in zip(rates, deviations, strict=True)
    ]
