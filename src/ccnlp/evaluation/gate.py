"""Whether a new model takes the champion's place, and why."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, field_validator

from ccnlp.errors import ConfigurationError, did_you_mean
from ccnlp.evaluation.group_comparison import (
    Comparison,
    compare_groups,
    decide_groups,
    interval_of,
    is_judged,
)
from ccnlp.evaluation.judged_tasks import ON_THE_SAME_ROWS, JudgedTask, NotCompared
from ccnlp.evaluation.naming import metric_name_of
from ccnlp.evaluation.scores import lookup
from ccnlp.evaluation.slices import ALL

Alias = Literal["champion", "challenger"]
Outcome = Literal["passed", "failed", "inconclusive"]


class GateParameters(BaseModel):
    """`gate` in `parameters/registration.yml`; scores are those of a task's primary metric."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_score: float = Field(
        ge=0,
        le=1,
        description="score on test that a champion must have: macro-F1, or "
        "distribution_similarity where a task's target is a distribution",
    )
    min_gain_over_baseline: float = Field(
        ge=-1, le=1, description="the interval of the difference to the baseline lies above it"
    )
    min_gain_over_champion: float = Field(
        ge=-1,
        le=1,
        description="the interval of the difference to the champion lies above it, unless a group "
        "improves for sure and all rows lose no more than `max_regression`",
    )
    max_regression: float = Field(
        ge=0, le=1, description="loss of a group that is tolerated, in the same metric"
    )
    slices: tuple[str, ...] = Field(description="slices whose groups must not surely lose more")

    @field_validator("slices")
    @classmethod
    def _check_once(cls, slices: tuple[str, ...]) -> tuple[str, ...]:
        """Groups that are judged twice would halve the doubt that is left for each."""
        twice = sorted({name for name in slices if slices.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(map(repr, twice))} is named twice; name each slice once")
        return slices


@dataclass(frozen=True)
class PromotionDecision:
    """What becomes of the new model.

    Attributes:
        alias: `champion` or `challenger`.
        outcome: `passed`; `inconclusive` where nothing but a lack of evidence stands against the
            model, which is no pass; else `failed`.
        reasons: sentences; where the model is no champion, only those that say why; in any case
            how a champion differs that it was compared with.
        comparisons: by task and group, where there is a champion to compare with.
        tasks: by name, how each was judged.
    """

    alias: Alias
    outcome: Outcome
    reasons: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    tasks: Mapping[str, JudgedTask]

    @property
    def table(self) -> pd.DataFrame:
        """A row a comparison."""
        columns = list(Comparison.__dataclass_fields__)
        return pd.DataFrame(
            [asdict(comparison) for comparison in self.comparisons], columns=columns
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; no value where there is none."""
        rows = [asdict(comparison) for comparison in self.comparisons]
        return {
            "alias": self.alias,
            "outcome": self.outcome,
            "reasons": list(self.reasons),
            "metrics": {name: task.metric for name, task in self.tasks.items()},
            "champion_differs": {
                name: list(task.champion_differs)
                for name, task in self.tasks.items()
                if task.champion_differs
            },
            "comparisons": [{k: _none_for_nan(v) for k, v in row.items()} for row in rows],
        }


@dataclass(frozen=True)
class _Judgement:
    """Sentences about one task: what was found, stands against the model, stays open; and notes."""

    findings: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def decide_promotion(
    scores: pd.DataFrame,
    champion_comparison: pd.DataFrame,
    *,
    tasks: Mapping[str, JudgedTask],
    lost_tasks: Collection[str],
    confidence: float,
    parameters: GateParameters,
) -> PromotionDecision:
    """The decision over all tasks: each must pass, by its own metric.

    A model must have the minimal score and beat the baseline. Where there is a champion, it must
    answer every task of it and either gain on it on all rows, or improve a group for sure while a
    loss of all rows beyond the tolerance is ruled out; and no group may surely lose more than is
    tolerated. All rows are judged by their own interval, groups at the level of Holm over all that
    are large enough. Small groups and those whose loss is open do not hinder, but are told. What
    can't be compared with a champion that is there is inconclusive, and no pass.

    Args:
        scores: of `score_predictions`.
        champion_comparison: the new model's scores with their differences to the champion.
        tasks: by name, those that are judged, and how.
        lost_tasks: those that the champion answers and the new model does not.
        confidence: of the intervals, such as 0.95.
        parameters: thresholds.

    Raises:
        ConfigurationError: a slice of the gate was not scored.
    """
    if len(scores):
        check_slices(parameters, scored=set(scores["slice"]))
    comparisons = [
        comparison
        for name, task in sorted(tasks.items())
        if task.why_not_compared is None
        for comparison in compare_groups(champion_comparison, name, task, parameters.slices)
    ]
    decided = decide_groups(comparisons, confidence=confidence, tolerance=parameters.max_regression)
    judgements = [_judge_tasks(tasks, lost_tasks)]
    for name, task in sorted(tasks.items()):
        judgements.append(_judge_alone(scores, name, task.metric, parameters))
        task_comparisons = [comparison for comparison in decided if comparison.task == name]
        judgements.append(_judge_beside_champion(task_comparisons, name, task, parameters))
    return _conclude(judgements, decided, tasks)


def _conclude(
    judgements: Sequence[_Judgement],
    comparisons: Sequence[Comparison],
    tasks: Mapping[str, JudgedTask],
) -> PromotionDecision:
    """One sentence that stands against the model, or stays open, is enough to hold it back."""
    failures = [sentence for judgement in judgements for sentence in judgement.failures]
    open_ = [sentence for judgement in judgements for sentence in judgement.open]
    findings = [sentence for judgement in judgements for sentence in judgement.findings]
    notes = [sentence for judgement in judgements for sentence in judgement.notes]
    return PromotionDecision(
        alias="challenger" if failures or open_ else "champion",
        outcome="failed" if failures else "inconclusive" if open_ else "passed",
        reasons=(*([*failures, *open_] or findings), *notes),
        comparisons=tuple(comparisons),
        tasks=tasks,
    )


def check_slices(parameters: GateParameters, *, scored: Collection[str]) -> None:
    """Checks that the gate's slices divide the rows and are scored.

    Raises:
        ConfigurationError: one is none of `scored`, or has no groups of rows.
    """
    sliceable = sorted(set(scored) - {ALL, "label"})
    for name in parameters.slices:
        if name not in sliceable:
            raise ConfigurationError(
                f"registration.gate.slices names {name!r}, and no slice of that name divides the "
                f"scored rows; {did_you_mean(name, sliceable)} (parameters/registration.yml, or "
                "evaluation.slices in parameters/evaluation.yml)"
            )


def _judge_tasks(scored: Collection[str], lost: Collection[str]) -> _Judgement:
    failures = [
        f"{task}: the champion answers this task, and the new model was not trained on it"
        for task in sorted(lost)
    ]
    if not scored:
        failures.append("no task of the model can be judged, so nothing was")
    return _Judgement(failures=tuple(failures))


def _judge_alone(
    scores: pd.DataFrame, task: str, metric: str, parameters: GateParameters
) -> _Judgement:
    table = lookup(scores, task=task, metric=metric)
    overall = table[(table["system"] == "finetuned") & (table["group"] == ALL)]
    if not len(overall):
        reason = "there are no scores on test; give a corpus a test split (parameters/corpora.yml)"
        if len(lookup(scores, task=task)):
            reason = f"the scores on test have no {metric}, the task's primary metric"
        return _Judgement(open=(f"{task}: inconclusive, as {reason}",))
    row = overall.iloc[0]
    if not row["n"]:
        reason = f"none of the {int(row['num_unlabelled']):,} test rows has a label"
        return _Judgement(open=(f"{task}: {reason}, so nothing was judged",))
    failures = []
    score = f"{task}: {metric_name_of(metric)} on test is {100 * row['score']:.1f}"
    if not row["score"] >= parameters.min_score:
        needed = 100 * parameters.min_score
        failures.append(f"{score}, below the {needed:.1f} that a champion needs")
    if not row["baseline"]:
        reason = "the baseline knows no way to answer it, so that no gain is shown"
        return _Judgement((score,), tuple(failures), (f"{task}: inconclusive, as {reason}",))
    gain = f"{task}: {_spell_difference(row['baseline'], *interval_of(row))}"
    if row["is_small"]:
        failures.append(
            f"{task}: {row['n']} test rows are too few to tell a gain over {row['baseline']} from "
            "chance (evaluation.min_group_size)"
        )
    elif not row["difference_low"] > parameters.min_gain_over_baseline:
        needed = 100 * parameters.min_gain_over_baseline
        failures.append(f"{gain}; the whole interval must lie above {needed:+.1f}")
    return _Judgement((score, gain), tuple(failures))


def _spell_difference(rival: str, difference: float, low: float, high: float) -> str:
    return f"{100 * difference:+.1f} against {rival} ({100 * low:+.1f} to {100 * high:+.1f})"


def _judge_beside_champion(
    comparisons: Sequence[Comparison], name: str, task: JudgedTask, parameters: GateParameters
) -> _Judgement:
    if task.why_not_compared is not None:
        return _judge_uncompared(name, task.why_not_compared)
    judgement = _judge_against(comparisons, name, parameters)
    if not task.champion_differs:
        return judgement
    note = f"{name}: {'; '.join(task.champion_differs)}; {ON_THE_SAME_ROWS}"
    return replace(judgement, notes=(note,))


def _judge_uncompared(task: str, why_not: NotCompared) -> _Judgement:
    if why_not.is_obstacle:
        return _Judgement(open=(f"{task}: inconclusive, as {why_not.reason}",))
    return _Judgement((f"{task}: {why_not.reason}",))


def _judge_against(
    comparisons: Sequence[Comparison], task: str, parameters: GateParameters
) -> _Judgement:
    if not comparisons:
        reason = "there is no test row that the champion was not trained on"
        return _Judgement(open=(f"{task}: inconclusive, as {reason}",))
    overall, *groups = comparisons
    if overall.verdict == "too small":
        few = f"the champion was not trained on {overall.n} of the test rows, too few to compare on"
        return _Judgement(open=(f"{task}: inconclusive, as {few}",))
    gain = _spell_difference("the champion", overall.difference, overall.low, overall.high)
    finding = f"{task}: {gain}, {overall.verdict}"
    failures: list[str] = []
    open_: list[str] = []
    missing = _missing_gain(overall, groups, parameters)
    if missing:
        (failures if overall.verdict == "regressed" else open_).append(f"{finding}; {missing}")
    for comparison in groups:
        if comparison.is_beyond_tolerance:
            loss = _spell_difference(
                "the champion", comparison.difference, comparison.low, comparison.high
            )
            failures.append(
                f"{task}: {comparison.slice} {comparison.group} loses: {loss}, n = {comparison.n}"
            )
    findings = [f"{task}: {sentence}" for sentence in _tell_groups(groups, parameters)]
    return _Judgement((finding, *findings), tuple(failures), tuple(open_))


def _missing_gain(
    overall: Comparison, groups: Sequence[Comparison], parameters: GateParameters
) -> str:
    """What the model lacks of an improvement; empty where it has one."""
    if overall.low > parameters.min_gain_over_champion:
        return ""
    needed = f"the whole interval must lie above {100 * parameters.min_gain_over_champion:+.1f}"
    improved = [comparison.group for comparison in groups if comparison.verdict == "improved"]
    if not improved:
        return f"{needed}, or a group improve for sure"
    if overall.low >= -parameters.max_regression:
        return ""
    tolerated = f"{100 * parameters.max_regression:.1f}"
    return f"{', '.join(improved)} improved, but a loss above {tolerated} is not ruled out"


def _tell_groups(groups: Sequence[Comparison], parameters: GateParameters) -> list[str]:
    """Which groups got better, worse, or can't be told."""
    tolerance = parameters.max_regression
    tolerated = f"a loss above {100 * tolerance:.1f}"
    large = [comparison for comparison in groups if is_judged(comparison)]
    comparisons_by_heading = {
        "improved:": [comparison for comparison in large if comparison.verdict == "improved"],
        "regressed:": [comparison for comparison in large if comparison.verdict == "regressed"],
        f"too few test rows to rule out {tolerated} for": [
            comparison
            for comparison in large
            if not comparison.low >= -tolerance and not comparison.is_beyond_tolerance
        ],
        "too small to judge:": [
            comparison for comparison in groups if comparison.verdict == "too small"
        ],
    }
    return [
        f"{heading} {', '.join(comparison.group for comparison in comparisons)}"
        for heading, comparisons in comparisons_by_heading.items()
        if comparisons
    ]


def _none_for_nan(value: object) -> object:
    return None if isinstance(value, float) and math.isnan(value) else value
