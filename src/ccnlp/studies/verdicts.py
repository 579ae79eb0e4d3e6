"""What a study found, for each group in a word and over all in a sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from ccnlp.studies.comparison import PLACE, Contrast, Finding

Verdict = Literal[
    "helps",
    "helps, and so does the control",
    "hurts",
    "no evidence",
    "no evidence, as the seeds disagree",
    "too small",
]

COLUMNS = [*PLACE, "arm", "difference", "difference_low", "difference_high", "n", "verdict"]


@dataclass(frozen=True)
class Question:
    """What is asked of an arm.

    Attributes:
        contrast: the arm, and what it must beat to help.
        controls: arms that have all but what is said to help; a gain that one of them has as well
            has another cause.
    """

    contrast: Contrast
    controls: tuple[str, ...] = ()

    @property
    def contrasts(self) -> tuple[Contrast, ...]:
        """All comparisons that the answer needs."""
        arm = self.contrast.arm
        return (self.contrast, *(Contrast(arm, control) for control in self.controls))


def contrasts_of(questions: Sequence[Question]) -> list[Contrast]:
    """All comparisons that the questions need, each once."""
    return list(dict.fromkeys(c for question in questions for c in question.contrasts))


def judge(comparison: pd.DataFrame, questions: Sequence[Question]) -> pd.DataFrame:
    """A row for each question and group, with the verdict; columns `COLUMNS`.

    Args:
        comparison: of `compare_arms`, with all contrasts of the questions.
        questions: what was asked.
    """
    return pd.concat([_judge(comparison, question) for question in questions], ignore_index=True)


def _judge(comparison: pd.DataFrame, question: Question) -> pd.DataFrame:
    own = _of(comparison, question.contrast)
    controls = [
        _of(comparison, contrast).set_index(PLACE)["finding"] for contrast in question.contrasts[1:]
    ]
    places = pd.MultiIndex.from_frame(own[PLACE])
    verdicts = [
        _verdict(finding, [control[place] for control in controls])
        for finding, place in zip(own["finding"], places, strict=True)
    ]
    return own.assign(verdict=verdicts)[COLUMNS]


def _of(comparison: pd.DataFrame, contrast: Contrast) -> pd.DataFrame:
    is_own = (comparison["arm"] == contrast.arm) & (comparison["against"] == contrast.against)
    return comparison[is_own].reset_index(drop=True)


def _verdict(finding: Finding, controls: Sequence[Finding]) -> Verdict:
    named: Mapping[Finding, Verdict] = {
        "worse": "hurts",
        "open": "no evidence",
        "seeds disagree": "no evidence, as the seeds disagree",
        "too small": "too small",
    }
    if finding != "better":
        return named[finding]
    return "helps" if all(c == "better" for c in controls) else "helps, and so does the control"


def summarise(verdicts: pd.DataFrame, *, slice_name: str, split: str = "test") -> list[str]:
    """For each arm a sentence on all rows, and one for each verdict on the groups of a slice."""
    sentences = []
    chosen = verdicts[verdicts["split"] == split]
    for (task, corpus, arm), own in chosen.groupby(["task", "corpus", "arm"], sort=False):
        overall = own[(own["slice"] == "all") & (own["group"] == "all")].iloc[0]
        sentences.append(
            f"{task}, {corpus}: {arm}: {overall['verdict']} over all rows "
            f"({_signed(overall)} macro-F1, n = {overall['n']:,})"
        )
        groups = own[own["slice"] == slice_name]
        for verdict, part in groups.groupby("verdict", sort=False):
            named = [f"{row['group']} ({_signed(row)})" for _, row in part.iterrows()]
            sentences.append(f"{task}, {corpus}: {arm}: {verdict}: {', '.join(named)}")
    return sentences


def _signed(row: "pd.Series[float]") -> str:
    value, low, high = (
        100 * float(row[name]) for name in ("difference", "difference_low", "difference_high")
    )
    return f"{value:+.1f}, {low:+.1f} to {high:+.1f}"
