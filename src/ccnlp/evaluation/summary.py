"""What the scores say: in a sentence, and as the rows of tables for people."""

import math
from dataclasses import dataclass

import pandas as pd

from ccnlp.evaluation.distances import METRICS as DISTANCES
from ccnlp.evaluation.naming import describe_group, metric_name_of, short_group
from ccnlp.evaluation.sampling import METRICS as LABELS_METRICS
from ccnlp.evaluation.scores import lookup
from ccnlp.evaluation.slices import ALL, LANGUAGE_AVERAGE
from ccnlp.evaluation.systems import SYSTEMS, in_order, leading_system
from ccnlp.metrics import DISTRIBUTION_SIMILARITY

COMMON_METRICS = {*LABELS_METRICS, *DISTANCES, DISTRIBUTION_SIMILARITY}
"""Metrics of labels and of distributions, which stand in places of their own."""


@dataclass(frozen=True)
class Estimate:
    """A score or a difference with its interval, in percent; too few rows have none."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Such as `64.1 (63.0 to 65.2)`, or `64.1 (too few rows)`; a dash where there is none."""
        if math.isnan(self.value):
            return "–"
        interval = f"{self.low:.1f} to {self.high:.1f}" if self.has_interval else "too few rows"
        return f"{self.value:.1f} ({interval})"

    @property
    def has_interval(self) -> bool:
        """Whether there are rows enough for one."""
        return not math.isnan(self.low)

    @property
    def signed(self) -> str:
        """Such as `+2.0 (-0.5 to +4.5)`, or `+2.0 (too few rows)`; a dash where there is none."""
        if math.isnan(self.value):
            return "–"
        interval = f"{self.low:+.1f} to {self.high:+.1f}" if self.has_interval else "too few rows"
        return f"{self.value:+.1f} ({interval})"

    @property
    def verdict(self) -> str:
        """Of a difference: `better`, `worse`, or `open` where the interval holds 0."""
        return "better" if self.low > 0 else "worse" if self.high < 0 else "open"


@dataclass(frozen=True)
class Cell:
    """One system on one group."""

    score: Estimate
    difference: Estimate


@dataclass(frozen=True)
class GroupRow:
    """One group of a slice.

    Attributes:
        key: as in the scores, without the parts that nobody stated.
        name: what the key stands for, or empty.
        n: rows.
        is_small: whether these are fewer than the minimum.
        cells: by system, in the order of `SYSTEMS`.
    """

    key: str
    name: str
    n: int
    is_small: bool
    cells: dict[str, Cell]


def group_rows(
    scores: pd.DataFrame,
    slice_name: str,
    *,
    metric: str | None = None,
    split: str = "test",
    task: str | None = None,
    corpus: str | None = None,
) -> list[GroupRow]:
    """The groups of a slice in the order of the scores; of the headline metric if none is given."""
    table = lookup(
        scores, slice_name=slice_name, metric=metric, split=split, task=task, corpus=corpus
    )
    rows = []
    for group, group_scores in table.groupby("group", sort=False):
        by_system = {str(row["system"]): row for _, row in group_scores.iterrows()}
        rows.append(
            GroupRow(
                key=short_group(slice_name, str(group)),
                name=describe_group(slice_name, str(group)),
                n=int(group_scores["n"].iloc[0]),
                is_small=bool(group_scores["is_small"].iloc[0]),
                cells={system: _cell(by_system[system]) for system in in_order(by_system)},
            )
        )
    return rows


def headline_name(scores: pd.DataFrame, task: str) -> str:
    """The name of the metric that tables show of a task; empty where nothing was scored."""
    metrics = scores.loc[(scores["task"] == task) & scores["is_headline"].astype(bool), "metric"]
    return metric_name_of(str(metrics.iloc[0])) if len(metrics) else ""


def kind_metrics(scores: pd.DataFrame, task: str) -> list[str]:
    """The metrics of a task that only its kind has, in order, without the headline."""
    overall_scores = scores[(scores["task"] == task) & (scores["slice"] == ALL)]
    metrics = overall_scores.loc[~overall_scores["is_headline"].astype(bool), "metric"].unique()
    return [str(metric) for metric in metrics if metric not in COMMON_METRICS]


def language_rows(
    scores: pd.DataFrame, *, task: str, corpus: str | None = None
) -> dict[str, list[GroupRow]]:
    """The rows by language, and by language and culture where that says more."""
    languages = group_rows(scores, "language", task=task, corpus=corpus)
    cultures = group_rows(scores, "language_culture", task=task, corpus=corpus)
    rows = {"language": languages}
    if {row.key for row in cultures} != {row.key for row in languages}:
        rows["language_culture"] = cultures
    return rows


def summarise(scores: pd.DataFrame, *, task: str, corpus: str | None = None) -> list[str]:
    """What the scores on test say about the leading system, in sentences."""
    overall = {row.key: row for row in group_rows(scores, ALL, task=task, corpus=corpus)}
    if ALL not in overall:
        return ["There are no test rows, so nothing was judged."]
    overall_scores = lookup(scores, task=task, corpus=corpus)
    num_unlabelled = int(overall_scores["num_unlabelled"].iloc[0])
    if not overall[ALL].n:
        return [f"None of the {num_unlabelled:,} test rows has a label, so nothing was judged."]
    system = leading_system(overall[ALL].cells)
    cell = overall[ALL].cells[system]
    metric = headline_name(scores, task)
    sentences = [
        f"On {overall[ALL].n:,} test rows the system “{SYSTEMS[system]}” reaches "
        f"{_with_article(metric)} of {cell.score}, "
        f"and {overall[LANGUAGE_AVERAGE].cells[system].score} as the mean over the languages."
    ]
    if num_unlabelled:
        sentences.append(f"{num_unlabelled:,} more have no label, and no part in the scores.")
    baseline = str(overall_scores["baseline"].iloc[0])
    if baseline not in ("", system):
        verdict = {
            "better": "better than",
            "worse": "worse than",
            "open": "not shown to differ from",
        }[cell.difference.verdict]
        sentences.append(
            f"It is {verdict} “{SYSTEMS.get(baseline, baseline)}”: the difference is "
            f"{cell.difference.signed}."
        )
    return [*sentences, *_spread(scores, system, task=task, corpus=corpus)]


def _with_article(metric: str) -> str:
    """Such as `a macro-F1` or `an F1`."""
    has_vowel = metric[0].lower() in "aeio" or metric.startswith(("F1", "nDCG", "MRR"))
    return f"{'an' if has_vowel else 'a'} {metric}"


def _spread(scores: pd.DataFrame, system: str, *, task: str, corpus: str | None) -> list[str]:
    rows = group_rows(scores, "language_culture", task=task, corpus=corpus)
    large = sorted(
        (row for row in rows if not row.is_small and system in row.cells),
        key=lambda row: row.cells[system].score.value,
    )
    sentences = []
    if len(large) > 1:
        worst, best = large[0], large[-1]
        sentences.append(
            f"Of the {len(large)} languages and cultures with enough rows it does best on "
            f"{_display_name(best)}, {best.cells[system].score}, and worst on "
            f"{_display_name(worst)}, {worst.cells[system].score}."
        )
    num_small = sum(row.is_small for row in rows)
    if num_small:
        subject = "language and culture has" if num_small == 1 else "languages and cultures have"
        sentences.append(
            f"{num_small} {subject} few test rows: read their intervals, not their scores."
        )
    worse = [row for row in large if row.cells[system].difference.verdict == "worse"]
    if worse:
        sentences.append(f"It loses to the baseline on {', '.join(map(_display_name, worse))}.")
    return sentences


def _display_name(row: GroupRow) -> str:
    return f"{row.name} ({row.key})" if row.name else row.key


def _cell(row: "pd.Series[float]") -> Cell:
    score, difference = (
        Estimate(*(100 * float(row[name]) for name in names))
        for names in (
            ("score", "low", "high"),
            ("difference", "difference_low", "difference_high"),
        )
    )
    return Cell(score, difference)
