"""Who is served worse, how sure that is and what it takes to know: in words for people."""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ccnlp.evaluation.naming import describe_group, short_group, slice_name_of
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.slices import ALL
from ccnlp.evaluation.summary import Estimate
from ccnlp.evaluation.systems import leading_system

PREFERRED = ("culture", "language_culture", "language")
"""The slices that people ask about, the first of which with two groups leads."""

VERDICTS = {
    "worse": "worse than the rest",
    "open": "chance may explain it",
    "better": "better than the rest",
    "too small": "too few rows to say",
    "no labels": "no labelled rows",
}
"""In the order of the table."""


@dataclass(frozen=True)
class FairnessTables:
    """What the report tells of groups.

    Attributes:
        disparities: a row a system and group.
        gaps: a row a system and slice.
        gate: what the gate decided.
    """

    disparities: pd.DataFrame
    gaps: pd.DataFrame
    gate: Mapping[str, Any]


@dataclass(frozen=True)
class GroupLine:
    """One group beside the rest; scores in percent.

    Attributes:
        key: as in the data, without the parts that nobody stated.
        name: what the key stands for, or empty.
        n: labelled test rows.
        num_unlabelled: those without a label.
        score: macro-F1.
        difference: to the rest.
        verdict: a key of `VERDICTS`.
        num_missing: rows that the half-width asks for beside those that are there; `None` where
            there is nothing to tell it by.
    """

    key: str
    name: str
    n: int
    num_unlabelled: int
    score: Estimate
    difference: Estimate
    verdict: str
    num_missing: int | None

    @property
    def display_name(self) -> str:
        """Such as `Kenya (KE)`."""
        return f"{self.name} ({self.key})" if self.name else self.key


@dataclass(frozen=True)
class SliceLine:
    """How far the groups of one slice lie apart; each estimate in points."""

    name: str
    num_judged: int
    worst: str
    best: str
    gap: Estimate
    ratio: Estimate
    equalised_odds: Estimate
    equalised_odds_label: str
    demographic_parity: Estimate
    demographic_parity_label: str


@dataclass(frozen=True)
class FairnessView:
    """The section of one task: sentences first, then the groups that they are of."""

    system: str
    slice_name: str
    sentences: tuple[str, ...]
    groups: tuple[GroupLine, ...]
    slices: tuple[SliceLine, ...]


def view_fairness(
    tables: FairnessTables, task: str, parameters: EvaluationParameters
) -> FairnessView | None:
    """What the test rows of a task say about its groups; `None` where there are none to compare."""
    disparities = _of_test(tables.disparities, task)
    if not len(disparities):
        return None
    system = leading_system(disparities["system"])
    disparities = disparities[disparities["system"] == system]
    slice_names = list(dict.fromkeys(disparities["slice"]))
    slice_name = next((name for name in PREFERRED if name in slice_names), slice_names[0])
    groups = _group_lines(disparities[disparities["slice"] == slice_name], slice_name)
    gaps = _of_test(tables.gaps, task)
    gaps = gaps[gaps["system"] == system]
    slices = [_slice_line(row) for row in gaps.to_dict("records") if row["worst_group"]]
    title = slice_name_of(slice_name)
    leader = next((line for line in slices if line.name == title), None)
    return FairnessView(
        system=system,
        slice_name=title,
        sentences=tuple(_sentences(groups, leader, title, parameters)),
        groups=tuple(groups),
        slices=tuple(slices),
    )


def _of_test(table: pd.DataFrame, task: str) -> pd.DataFrame:
    """The test rows of a task, of all its corpora together."""
    test_rows = table[(table["task"] == task) & (table["split"] == "test")]
    return (
        test_rows[test_rows["corpus"] == ALL] if (test_rows["corpus"] == ALL).any() else test_rows
    )


def _group_lines(table: pd.DataFrame, slice_name: str) -> list[GroupLine]:
    lines = [_group_line(row, slice_name) for row in table.to_dict("records")]
    order = list(VERDICTS)
    return sorted(lines, key=lambda line: (order.index(line.verdict), line.score.value, line.key))


def _group_line(row: Mapping[Hashable, Any], slice_name: str) -> GroupLine:
    num_needed, group = row["num_needed"], str(row["group"])
    return GroupLine(
        key=short_group(slice_name, group),
        name=describe_group(slice_name, group),
        n=int(row["n"]),
        num_unlabelled=int(row["num_unlabelled"]),
        score=_estimate(row, "score", "low", "high"),
        difference=_estimate(row, "difference", "difference_low", "difference_high"),
        verdict=str(row["verdict"]),
        num_missing=None if math.isnan(num_needed) else max(0, int(num_needed) - int(row["n"])),
    )


def _slice_line(row: Mapping[Hashable, Any]) -> SliceLine:
    odds, parity = "equalised_odds_difference", "demographic_parity_difference"
    return SliceLine(
        name=slice_name_of(str(row["slice"])),
        num_judged=int(row["num_groups"]) - int(row["num_too_small"]),
        worst=short_group(str(row["slice"]), str(row["worst_group"])),
        best=short_group(str(row["slice"]), str(row["best_group"])),
        gap=_estimate(row, "gap", "gap_low", "gap_high"),
        ratio=_estimate(row, "ratio", "ratio_low", "ratio_high"),
        equalised_odds=_estimate(row, odds, f"{odds}_low", f"{odds}_high"),
        equalised_odds_label=str(row["equalised_odds_label"]),
        demographic_parity=_estimate(row, parity, f"{parity}_low", f"{parity}_high"),
        demographic_parity_label=str(row["demographic_parity_label"]),
    )


def _estimate(row: Mapping[Hashable, Any], *names: str) -> Estimate:
    value, low, high = (100 * float(row[name]) for name in names)
    return Estimate(value, low, high)


def _sentences(
    groups: Sequence[GroupLine],
    leader: SliceLine | None,
    title: str,
    parameters: EvaluationParameters,
) -> list[str]:
    judged = [line for line in groups if line.verdict in ("worse", "open", "better")]
    return [
        _tell_worst(judged, title, parameters),
        *_tell_gap(leader, parameters),
        *_tell_small(groups, judged, parameters),
        *_tell_unlabelled(groups),
    ]


def _tell_worst(judged: Sequence[GroupLine], title: str, parameters: EvaluationParameters) -> str:
    min_size = parameters.min_group_size
    if len(judged) < 2:
        return (
            f"Who is served worse can't be said yet: fewer than two groups by {title} have "
            f"{min_size} labelled test rows. The order below may be chance."
        )
    worst = min(judged, key=lambda line: line.score.value)
    surely_worse = [line for line in judged if line.verdict == "worse"]
    compared = f"the {len(judged)} groups by {title} that have {min_size} test rows or more"
    if not surely_worse:
        return (
            f"None of {compared} is shown to be served worse than the others. The lowest score is "
            f"that of {worst.display_name}, {worst.score}, {_points(worst.difference)} to the "
            "rest: chance may explain it."
        )
    listing = "; ".join(f"{line.display_name}, {_points(line.difference)}" for line in surely_worse)
    sentence = f"Of {compared}, the model serves worse than the rest, for sure: {listing}."
    if worst not in surely_worse:
        sentence += f" The lowest score is that of {worst.display_name}, {worst.score}."
    return sentence


def _points(difference: Estimate) -> str:
    return f"{difference.signed} points"


def _tell_gap(leader: SliceLine | None, parameters: EvaluationParameters) -> list[str]:
    if leader is None:
        return []
    gap = leader.gap
    return [
        f"Between the worst and the best group, {leader.worst} and {leader.best}, lie "
        f"{gap.value:.1f} points; with {100 * parameters.confidence:g} % confidence the true "
        f"distance is between {gap.low:.1f} and {gap.high:.1f}."
    ]


def _tell_small(
    groups: Sequence[GroupLine], judged: Sequence[GroupLine], parameters: EvaluationParameters
) -> list[str]:
    num_small = len(groups) - len(judged)
    if not num_small:
        return []
    missing = [line.num_missing for line in groups if line not in judged]
    numbers = [number for number in missing if number is not None]
    subject = "1 group is" if num_small == 1 else f"{num_small} groups are"
    sentence = f"{subject} too small to say anything."
    if numbers:
        points = 100 * parameters.fairness.half_width
        sentence += (
            f" To know a score to {points:g} points to either side takes {_spell_range(numbers)} "
            "more labelled test examples in each of them."
        )
    return [sentence]


def _spell_range(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"about {low:,}" if low == high else f"{low:,} to {high:,}"


def _tell_unlabelled(groups: Sequence[GroupLine]) -> list[str]:
    num_unlabelled = sum(line.num_unlabelled for line in groups)
    if not num_unlabelled:
        return []
    return [f"{num_unlabelled:,} test rows have no label, and no part in scores of labels."]
