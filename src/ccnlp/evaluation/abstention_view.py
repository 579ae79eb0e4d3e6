"""On what a model abstains, and whom that leaves without an answer: in words for people."""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ccnlp.evaluation.fairness_view import PREFERRED
from ccnlp.evaluation.naming import describe_group, short_group, slice_name_of
from ccnlp.evaluation.slices import ALL
from ccnlp.evaluation.summary import Estimate
from ccnlp.evaluation.systems import SYSTEMS, in_order, leading_system
from ccnlp.evaluation.thresholds import Thresholds
from ccnlp.examples import UNKNOWN


@dataclass(frozen=True)
class AbstentionTables:
    """What the report tells of abstention.

    Attributes:
        thresholds: what was chosen on validation.
        table: of `abstention.measure_abstention`.
        is_told_of_culture: whether the fine-tuned model knows the culture of a row.
    """

    thresholds: Thresholds
    table: pd.DataFrame
    is_told_of_culture: bool = False


@dataclass(frozen=True)
class AbstentionLine:
    """A system or a group on test; shares in percent.

    Attributes:
        key: of the system or the group.
        name: what the key stands for, or empty.
        n: labelled rows.
        is_small: whether these are too few to go by.
        threshold: in percent; `None` where there is none.
        coverage: the share that is answered.
        error_rate: the share of the answers that is wrong.
        area: under the risk-coverage curve, in percent.
    """

    key: str
    name: str
    n: int
    is_small: bool
    threshold: float | None
    coverage: Estimate
    error_rate: Estimate
    area: float

    @property
    def display_name(self) -> str:
        """Such as `Kenya (KE)`."""
        return f"{self.name} ({self.key})" if self.name else self.key


@dataclass(frozen=True)
class AbstentionView:
    """The section of one task: sentences, then each system, then the groups of two slices."""

    system: str
    sentences: tuple[str, ...]
    systems: tuple[AbstentionLine, ...]
    groups: Mapping[str, Sequence[AbstentionLine]]
    """By the name of the slice, the group that is answered least first."""


def view_abstention(tables: AbstentionTables, task: str) -> AbstentionView | None:
    """What the thresholds of a task mean on test; `None` without labelled test rows."""
    task_table = tables.table[tables.table["task"] == task]
    test_table = task_table[task_table["split"] == "test"]
    if not len(test_table):
        return None
    system = leading_system(test_table["system"])
    overall_table = test_table[test_table["slice"] == ALL]
    row_of_system = {str(row["system"]): row for row in overall_table.to_dict("records")}
    systems = [_line(row_of_system[name], name, SYSTEMS[name]) for name in in_order(row_of_system)]
    groups = {
        slice_name_of(name): _group_lines(test_table[test_table["system"] == system], name)
        for name in dict.fromkeys(test_table["slice"])
        if name in PREFERRED
    }
    leader = next(line for line in systems if line.key == system)
    sentences = _sentences(tables.thresholds, task, leader, groups)
    if tables.is_told_of_culture and system == "finetuned" and leader.threshold is not None:
        sentences += _tell_unknown_cultures(task_table[task_table["system"] == system])
    return AbstentionView(
        system=system,
        sentences=tuple(sentences),
        systems=tuple(systems),
        groups={name: lines for name, lines in groups.items() if len(lines) > 1},
    )


def abstention_line(tables: AbstentionTables, task: str) -> str:
    """What of the test rows is answered, in a line; empty where nothing was asked for or is known.

    Such as `abstains below 78.3 %: answers 30.0 (24.2 to 36.0) percent of 1,185 test rows, 9.6 (5.6
    to 14.6) percent of these wrong`.
    """
    view = view_abstention(tables, task)
    if view is None or tables.thresholds.max_error_rate is None:
        return ""
    leader = next(line for line in view.systems if line.key == view.system)
    if leader.threshold is None:
        return (
            "never abstains: no confidence surely keeps wrong answers at "
            f"{100 * tables.thresholds.max_error_rate:g} %"
        )
    return (
        f"abstains below {leader.threshold:.1f} %: answers {leader.coverage} percent of "
        f"{leader.n:,} test rows, {leader.error_rate} percent of these wrong"
    )


def _group_lines(table: pd.DataFrame, slice_name: str) -> list[AbstentionLine]:
    lines = [
        _line(
            row,
            short_group(slice_name, str(row["group"])),
            describe_group(slice_name, str(row["group"])),
        )
        for row in table[table["slice"] == slice_name].to_dict("records")
    ]
    return sorted(lines, key=lambda line: (line.is_small, line.coverage.value, line.key))


def _line(row: Mapping[Hashable, Any], key: str, name: str) -> AbstentionLine:
    threshold = 100 * float(row["threshold"])
    return AbstentionLine(
        key=key,
        name=name,
        n=int(row["n"]),
        is_small=bool(row["is_small"]),
        threshold=None if math.isnan(threshold) else threshold,
        coverage=_estimate(row, "coverage"),
        error_rate=_estimate(row, "error_rate"),
        area=100 * float(row["area"]),
    )


def _estimate(row: Mapping[Hashable, Any], name: str) -> Estimate:
    return Estimate(*(100 * float(row[f"{name}{end}"]) for end in ("", "_low", "_high")))


def _sentences(
    thresholds: Thresholds,
    task: str,
    leader: AbstentionLine,
    groups: Mapping[str, Sequence[AbstentionLine]],
) -> list[str]:
    if thresholds.max_error_rate is None:
        return ["No error rate was asked for, so the model answers every text."]
    max_rate = f"{100 * thresholds.max_error_rate:g} %"
    choice = thresholds.tasks.get(task, {}).get(leader.key)
    if choice is None or choice.error_rate is None:
        return [
            "There are no labelled validation rows to choose a threshold on, so the model answers "
            "every text."
        ]
    if leader.threshold is None:
        return [
            f"No confidence was found from which on surely at most {max_rate} of the answers are "
            f"wrong, on {choice.n:,} validation rows; answering all of them, "
            f"{100 * choice.error_rate:.1f} % are wrong. So the model has no threshold and "
            "answers every text: ask for less (evaluation.abstention), or get more validation rows "
            "or a better model."
        ]
    return [
        f"“{leader.name}” answers where its confidence is {leader.threshold:.1f} % or more, and "
        f"else abstains: chosen on {choice.n:,} validation rows, so that with "
        f"{100 * thresholds.confidence:g} % confidence at most {max_rate} of the answers are "
        "wrong.",
        f"On {leader.n:,} test rows it answers {leader.coverage} percent, and {leader.error_rate} "
        "percent of these answers are wrong.",
        *_tell_groups(groups, thresholds.max_error_rate, max_rate),
    ]


def _tell_groups(
    groups: Mapping[str, Sequence[AbstentionLine]], max_error_rate: float, max_rate: str
) -> list[str]:
    """Of the first slice that sets two large groups beside each other."""
    preferred = [slice_name_of(name) for name in PREFERRED]
    for name in [name for name in preferred if name in groups]:
        large = [line for line in groups[name] if not line.is_small]
        if len(large) < 2:
            continue
        least_answered, most_answered = large[0], large[-1]
        sentences = [
            f"By {name}, it answers {least_answered.display_name} least, "
            f"{least_answered.coverage} percent, and {most_answered.display_name} most, "
            f"{most_answered.coverage}."
        ]
        lines_above = [line for line in large if line.error_rate.low > 100 * max_error_rate]
        if lines_above:
            listing = "; ".join(
                f"{line.display_name}, {line.error_rate} percent" for line in lines_above
            )
            sentences.append(
                f"One threshold may not keep {max_rate} for all of them: by its own interval, not "
                f"corrected for the number of groups, each of these is above it: {listing}."
            )
        return sentences
    return []


def _tell_unknown_cultures(table: pd.DataFrame) -> list[str]:
    """What the threshold means for texts of which the model is not told the culture."""
    caveat = (
        "The threshold was chosen with each row's own culture told. A text that names none, or one "
        "that the model was not trained on, is held against it all the same"
    )
    if not (table["slice"] == "culture").any():
        return [f"{caveat}."]
    unknown_rows = table[(table["slice"] == "culture") & (table["group"] == UNKNOWN)]
    num_validation = unknown_rows.loc[unknown_rows["split"] == "validation", "n"].sum()
    if not num_validation:
        return [f"{caveat}; no validation row was such a text without a culture."]
    sentences = [f"{caveat}; {num_validation:,} validation rows named none."]
    for row in unknown_rows[unknown_rows["split"] == "test"].to_dict("records"):
        line = _line(row, UNKNOWN, "")
        sentences.append(
            f"Of the {line.n:,} test rows without a culture it answers {line.coverage} percent, "
            f"and {line.error_rate} percent of these answers are wrong."
        )
    return sentences
