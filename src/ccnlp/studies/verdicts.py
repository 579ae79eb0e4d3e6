"""What a study found, for each group in a word and over all in a sentence."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import pandas as pd

from ccnlp.evaluation.naming import metric_name_of
from ccnlp.studies.comparison import GROUP_KEY, Contrast, Finding

Verdict = Literal[
    "helps",
    "helps, and so does the control",
    "helps, but not shown to beat the control",
    "hurts",
    "no evidence",
    "no evidence, as the seeds disagree",
    "transfer",
    "harm",
    "none shown",
    "none shown, as the seeds disagree",
    "too small",
]

Words = Mapping[Finding, Verdict]
"""What a study calls a finding, where no control says otherwise."""

HELP: Words = {
    "better": "helps",
    "worse": "hurts",
    "open": "no evidence",
    "seeds disagree": "no evidence, as the seeds disagree",
    "too small": "too small",
}
TRANSFER: Words = {
    "better": "transfer",
    "worse": "harm",
    "open": "none shown",
    "seeds disagree": "none shown, as the seeds disagree",
    "too small": "too small",
}

COLUMNS = [
    *GROUP_KEY, "is_primary", "arm", "difference", "difference_low", "difference_high", "n",
    "verdict",
]  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What is asked of an arm.

    Attributes:
        contrast: the arm, and what it must beat to help.
        controls: arms that have all but what is said to help; a gain that one of them has as well
            has another cause.
        words: by which the answer is given.
    """

    contrast: Contrast
    controls: tuple[str, ...] = ()
    words: Words = field(default_factory=lambda: HELP)

    @property
    def contrasts(self) -> tuple[Contrast, ...]:
        """All comparisons that the answer needs."""
        arm, against = self.contrast.arm, self.contrast.against
        return (
            self.contrast,
            *(Contrast(arm, control) for control in self.controls),
            *(Contrast(control, against) for control in self.controls),
        )


def contrasts_of(questions: Sequence[Question]) -> list[Contrast]:
    """All comparisons that the questions need, each once."""
    return list(dict.fromkeys(c for question in questions for c in question.contrasts))


def judge(comparison: pd.DataFrame, questions: Sequence[Question]) -> pd.DataFrame:
    """A row for each question, group and metric, with the verdict; columns `COLUMNS`.

    The verdict that counts is that of the task's primary metric (`is_primary`).

    Args:
        comparison: of `compare_arms`, with all contrasts of the questions.
        questions: what was asked.
    """
    return pd.concat([_judge(comparison, question) for question in questions], ignore_index=True)


def _judge(comparison: pd.DataFrame, question: Question) -> pd.DataFrame:
    rows = _select_contrast(comparison, question.contrast)
    arm, against = question.contrast.arm, question.contrast.against
    beaten = [_findings(comparison, Contrast(arm, control)) for control in question.controls]
    helped = [_findings(comparison, Contrast(control, against)) for control in question.controls]
    group_keys = pd.MultiIndex.from_frame(rows[GROUP_KEY])
    verdicts = [
        _verdict(
            finding,
            question.words,
            beats_controls=all(control[group_key] == "better" for control in beaten),
            has_helping_control=any(control[group_key] == "better" for control in helped),
        )
        for finding, group_key in zip(rows["finding"], group_keys, strict=True)
    ]
    return rows.assign(verdict=verdicts)[COLUMNS]


def _findings(comparison: pd.DataFrame, contrast: Contrast) -> "pd.Series[str]":
    return _select_contrast(comparison, contrast).set_index(GROUP_KEY)["finding"]


def _select_contrast(comparison: pd.DataFrame, contrast: Contrast) -> pd.DataFrame:
    is_contrast = (comparison["arm"] == contrast.arm) & (comparison["against"] == contrast.against)
    return comparison[is_contrast].reset_index(drop=True)


def _verdict(
    finding: Finding, words: Words, *, beats_controls: bool, has_helping_control: bool
) -> Verdict:
    if finding != "better" or beats_controls:
        return words[finding]
    if has_helping_control:
        return "helps, and so does the control"
    return "helps, but not shown to beat the control"


def summarise(verdicts: pd.DataFrame, *, slice_name: str, split: str = "test") -> list[str]:
    """For each arm what holds over all rows, then for which groups of a slice it helps or hurts.

    By the primary metric; the others are told of all rows.
    """
    split_verdicts = verdicts[verdicts["split"] == split]
    sentences = []
    for (task, corpus, arm), arm_rows in split_verdicts.groupby(
        ["task", "corpus", "arm"], sort=False
    ):
        is_primary = arm_rows["is_primary"].astype(bool)
        is_overall = (arm_rows["slice"] == "all") & (arm_rows["group"] == "all")
        overall = arm_rows[is_primary & is_overall].iloc[0]
        groups = arm_rows[is_primary & (arm_rows["slice"] == slice_name)]
        other_metrics = "".join(
            f"; in {metric_name_of(str(row['metric']))} {_signed(row)}"
            for _, row in arm_rows[~is_primary & is_overall].iterrows()
        )
        sentences.append(
            f"{task}, {corpus}, {arm}: {overall['verdict']} over all {overall['n']:,} rows "
            f"({_signed(overall)} in {metric_name_of(str(overall['metric']))}{other_metrics}). "
            f"By {slice_name}, {_by_verdict(groups)}."
        )
    return sentences


def _by_verdict(groups: pd.DataFrame) -> str:
    groups_by_verdict = {str(verdict): rows for verdict, rows in groups.groupby("verdict")}
    return "; ".join(
        f"{verdict}: {_listed(groups_by_verdict[verdict], with_numbers=verdict in SHOWN)}"
        for verdict in get_args(Verdict)
        if verdict in groups_by_verdict
    )


SHOWN: frozenset[str] = frozenset(
    verdict for verdict in get_args(Verdict) if verdict.startswith(("h", "transfer"))
)
"""Verdicts whose groups are told with their numbers."""


def _listed(groups: pd.DataFrame, *, with_numbers: bool) -> str:
    return ", ".join(
        f"{row['group']} ({_signed(row)})" if with_numbers else str(row["group"])
        for _, row in groups.iterrows()
    )


def _signed(row: "pd.Series[float]") -> str:
    value, low, high = (
        100 * float(row[name]) for name in ("difference", "difference_low", "difference_high")
    )
    if math.isnan(value):
        return "no score"
    interval = "without an interval" if math.isnan(low) else f"{low:+.1f} to {high:+.1f}"
    return f"{value:+.1f}, {interval}"
