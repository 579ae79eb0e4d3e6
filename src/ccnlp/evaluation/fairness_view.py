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
    def called(self) -> str:
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
    own = _of_test(tables.disparities, task)
    if not len(own):
        return None
    system = leading_system(own["system"])
    own = own[own["system"] == system]
    known = list(dict.fromkeys(own["slice"]))
    chosen = next((name for name in PREFERRED if name in known), known[0])
    groups = _group_lines(own[own["slice"] == chosen], chosen)
    gaps = _of_test(tables.gaps, task)
    gaps = gaps[gaps["system"] == system]
    slices = [_slice_line(row) for row in gaps.to_dict("records") if row["worst_group"]]
    name = slice_name_of(chosen)
    lead = next((line for line in slices if line.name == name), None)
    return FairnessView(
        system=system,
        slice_name=name,
        sentences=tuple(_sentences(groups, lead, name, parameters)),
        groups=tuple(groups),
        slices=tuple(slices),
    )


def _of_test(table: pd.DataFrame, task: str) -> pd.DataFrame:
    """The test rows of a task, of all its corpora together."""
    own = table[(table["task"] == task) & (table["split"] == "test")]
    return own[own["corpus"] == ALL] if (own["corpus"] == ALL).any() else own


def _group_lines(table: pd.DataFrame, slice_name: str) -> list[GroupLine]:
    lines = [_group_line(row, slice_name) for row in table.to_dict("records")]
    order = list(VERDICTS)
    return sorted(lines, key=lambda line: (order.index(line.verdict), line.score.value, line.key))


def _group_line(row: Mapping[Hashable, Any], slice_name: str) -> GroupLine:
    needed, group = row["num_needed"], str(row["group"])
    return GroupLine(
        key=short_group(slice_name, group),
        name=describe_group(slice_name, group),
        n=int(row["n"]),
        num_unlabelled=int(row["num_unlabelled"]),
        score=_estimate(row, "score", "low", "high"),
        difference=_estimate(row, "difference", "difference_low", "difference_high"),
        verdict=str(row["verdict"]),
        num_missing=None if math.isnan(needed) else max(0, int(needed) - int(row["n"])),
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
    lead: SliceLine | None,
    name: str,
    parameters: EvaluationParameters,
) -> list[str]:
    judged = [line for line in groups if line.verdict in ("worse", "open", "better")]
    return [
        _tell_worst(judged, name, parameters),
        *_tell_gap(lead, parameters),
        *_tell_small(groups, judged, parameters),
        *_tell_unlabelled(groups),
    ]


def _tell_worst(judged: Sequence[GroupLine], name: str, parameters: EvaluationParameters) -> str:
    least = parameters.min_group_size
    if len(judged) < 2:
        return (
            f"Who is served worse can't be said yet: fewer than two groups by {name} have {least} "
            "labelled test rows. The order below may be chance."
        )
    worst = min(judged, key=lambda line: line.score.value)
    surely = [line for line in judged if line.verdict == "worse"]
    among = f"the {len(judged)} groups by {name} that have {least} test rows or more"
    if not surely:
        return (
            f"None of {among} is shown to be served worse than the others. The lowest score is "
            f"that of {worst.called}, {worst.score}, {_points(worst.difference)} to the rest: "
            "chance may explain it."
        )
    told = "; ".join(f"{line.called}, {_points(line.difference)}" for line in surely)
    sentence = f"Of {among}, the model serves worse than the rest, for sure: {told}."
    if worst not in surely:
        sentence += f" The lowest score is that of {worst.called}, {worst.score}."
    return sentence


def _points(difference: Estimate) -> str:
    return f"{difference.signed} points"


def _tell_gap(lead: SliceLine | None, parameters: EvaluationParameters) -> list[str]:
    if lead is None:
        return []
    gap = lead.gap
    return [
        f"Between the worst and the best group, {lead.worst} and {lead.best}, lie {gap.value:.1f} "
        f"points; with {100 * parameters.confidence:g} % confidence the true distance is between "
        f"{gap.low:.1f} and {gap.high:.1f}."
    ]


def _tell_small(
    groups: Sequence[GroupLine], judged: Sequence[GroupLine], parameters: EvaluationParameters
) -> list[str]:
    num_small = len(groups) - len(judged)
    if not num_small:
        return []
    missing = [line.num_missing for line in groups if line not in judged]
    known = [number for number in missing if number is not None]
    subject = "1 group is" if num_small == 1 else f"{num_small} groups are"
    sentence = f"{subject} too small to say anything."
    if known:
        points = 100 * parameters.fairness.half_width
        sentence += (
            f" To know a score to {points:g} points to either side takes {_span(known)} more "
            "labelled test examples in each of them."
        )
    return [sentence]


def _span(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"about {low:,}" if low == high else f"{low:,} to {high:,}"


def _tell_unlabelled(groups: Sequence[GroupLine]) -> list[str]:
    number = sum(line.num_unlabelled for line in groups)
    if not number:
        return []
    return [f"{number:,} test rows have no label, and no part in scores of labels."]
