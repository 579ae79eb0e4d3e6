"""Whether a new model takes the champion's place, and why."""

import math
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from ccnlp.errors import CcnlpError, ConfigurationError, did_you_mean
from ccnlp.evaluation.scores import ALL, lookup

Alias = Literal["champion", "challenger"]
Verdict = Literal["improved", "regressed", "inconclusive"]


class GateParameters(BaseModel):
    """`gate` in `parameters/registration.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_score: float = Field(ge=0, le=1, description="macro-F1 on test that a champion must have")
    min_gain_over_baseline: float = Field(
        ge=-1, le=1, description="the interval of the difference to the baseline lies above it"
    )
    min_gain_over_champion: float = Field(
        ge=-1, le=1, description="the interval of the difference to the champion lies above it"
    )
    max_regression: float = Field(
        ge=0, le=1, description="loss of a language or culture that is tolerated, in macro-F1"
    )
    slices: tuple[str, ...] = Field(description="slices whose groups must not regress")


@dataclass(frozen=True)
class Comparison:
    """The new model against the champion on one group of test rows; differences in macro-F1."""

    task: str
    slice: str
    group: str
    n: int
    difference: float
    low: float
    high: float
    verdict: Verdict


@dataclass(frozen=True)
class PromotionDecision:
    """What becomes of the new model.

    Attributes:
        alias: `champion` or `challenger`.
        reasons: sentences; where the model is no champion, only those that say why.
        comparisons: by task and group, where there is a champion to compare with.
    """

    alias: Alias
    reasons: tuple[str, ...]
    comparisons: tuple[Comparison, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; no value where there is none."""
        table = [asdict(comparison) for comparison in self.comparisons]
        return {
            "alias": self.alias,
            "reasons": list(self.reasons),
            "comparisons": [{k: _none_for_nan(v) for k, v in row.items()} for row in table],
        }


@dataclass(frozen=True)
class _Judgement:
    """Sentences about one task: what was found, and what stands against the model."""

    findings: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


def check_champion(champion_comparison: pd.DataFrame, champion_version: str | None) -> None:
    """Checks that the comparison was made with the present champion.

    Raises:
        CcnlpError: with another one; says how to compare again.
    """
    compared = {str(version) for version in champion_comparison["champion_version"].unique()}
    if compared and compared != {str(champion_version)}:
        raise CcnlpError(
            f"the scores compare with version {', '.join(sorted(compared))}, but the champion is "
            f"version {champion_version} now; evaluate again: kedro run --pipelines "
            "evaluation,registration"
        )


def decide_promotion(
    scores: pd.DataFrame,
    champion_comparison: pd.DataFrame,
    *,
    tasks: Iterable[str],
    comparable_tasks: Collection[str],
    parameters: GateParameters,
) -> PromotionDecision:
    """The decision over all tasks: each must pass.

    A model must have the minimal score and beat the baseline. Where there is a champion, it must
    besides gain on it by the paired interval, and no group may certainly lose more than is
    tolerated. A group whose interval spans 0 is inconclusive: it does not hinder, but is told.

    Args:
        scores: of `score_predictions`.
        champion_comparison: the new model's scores with their differences to the champion.
        tasks: that are scored.
        comparable_tasks: the tasks that the present champion can be judged on.
        parameters: thresholds.

    Raises:
        CcnlpError: there are no test scores of the new model, or none of a champion that exists.
        ConfigurationError: a slice of the gate was not scored.
    """
    _check_slices(scores, parameters)
    judgements: list[_Judgement] = []
    comparisons: list[Comparison] = []
    for task in sorted(tasks):
        judgements.append(_judge_alone(scores, task, parameters))
        if task in comparable_tasks:
            compared = _compare(champion_comparison, task, parameters)
            comparisons += compared
            judgements.append(_judge_against_champion(compared, task, parameters))
        else:
            judgements.append(_Judgement((f"{task}: there is no champion to compare with",)))
    failures = [sentence for judgement in judgements for sentence in judgement.failures]
    findings = [sentence for judgement in judgements for sentence in judgement.findings]
    return PromotionDecision(
        alias="challenger" if failures else "champion",
        reasons=tuple(failures or findings),
        comparisons=tuple(comparisons),
    )


def _check_slices(scores: pd.DataFrame, parameters: GateParameters) -> None:
    known = set(scores["slice"])
    for name in parameters.slices:
        if name not in known:
            raise ConfigurationError(
                f"registration.gate.slices names {name!r}, which was not scored; "
                f"{did_you_mean(name, known)} (parameters/registration.yml)"
            )


def _judge_alone(scores: pd.DataFrame, task: str, parameters: GateParameters) -> _Judgement:
    table = lookup(scores, task=task)
    own = table[(table["system"] == "finetuned") & (table["group"] == ALL)]
    if not len(own):
        raise CcnlpError(
            f"task {task!r}: the new model has no scores on test, so nothing can be decided; give "
            "a corpus a test split (parameters/corpora.yml)"
        )
    row = own.iloc[0]
    failures = []
    score = f"{task}: macro-F1 on test is {100 * row['score']:.1f}"
    if not row["score"] >= parameters.min_score:
        needed = 100 * parameters.min_score
        failures.append(f"{score}, below the {needed:.1f} that a champion needs")
    gain = f"{task}: {_difference(row['baseline'], *_interval_of(row))}"
    if not row["difference_low"] > parameters.min_gain_over_baseline:
        needed = 100 * parameters.min_gain_over_baseline
        failures.append(f"{gain}; the whole interval must lie above {needed:+.1f}")
    return _Judgement((score, gain), tuple(failures))


def _interval_of(row: "pd.Series[Any]") -> tuple[float, float, float]:
    return (
        float(row["difference"]),
        float(row["difference_low"]),
        float(row["difference_high"]),
    )


def _difference(to: str, difference: float, low: float, high: float) -> str:
    return f"{100 * difference:+.1f} against {to} ({100 * low:+.1f} to {100 * high:+.1f})"


def _compare(
    champion_comparison: pd.DataFrame, task: str, parameters: GateParameters
) -> list[Comparison]:
    """All rows first, then the groups of each slice."""
    parts = [
        lookup(champion_comparison, task=task, slice_name=name)
        for name in (ALL, *parameters.slices)
    ]
    parts[0] = parts[0][parts[0]["group"] == ALL]
    if not len(parts[0]):
        raise CcnlpError(
            f"task {task!r}: there is a champion, but the scores are without it; evaluate again: "
            "kedro run --pipelines evaluation,registration"
        )
    return [_compare_group(task, row) for part in parts for _, row in part.iterrows()]


def _compare_group(task: str, row: "pd.Series[Any]") -> Comparison:
    difference, low, high = _interval_of(row)
    verdict: Verdict = "improved" if low > 0 else "regressed" if high < 0 else "inconclusive"
    return Comparison(
        task, str(row["slice"]), str(row["group"]), int(row["n"]), difference, low, high, verdict
    )


def _judge_against_champion(
    comparisons: list[Comparison], task: str, parameters: GateParameters
) -> _Judgement:
    overall, *groups = comparisons
    against = (
        f"{task}: {_difference('the champion', overall.difference, overall.low, overall.high)}, "
        f"{overall.verdict}"
    )
    failures = []
    if not overall.low > parameters.min_gain_over_champion:
        needed = 100 * parameters.min_gain_over_champion
        failures.append(f"{against}; the whole interval must lie above {needed:+.1f}")
    limit = -parameters.max_regression
    for part in groups:
        if part.verdict == "regressed" and part.difference < limit:
            loss = _difference("the champion", part.difference, part.low, part.high)
            failures.append(f"{task}: {part.slice} {part.group} loses: {loss}, n = {part.n}")
    open_groups = [p.group for p in groups if p.verdict == "inconclusive" and not p.low >= limit]
    findings = [against]
    if open_groups:
        findings.append(
            f"{task}: too few test rows to rule out a loss above {-100 * limit:.1f} for "
            f"{', '.join(open_groups)}"
        )
    return _Judgement(tuple(findings), tuple(failures))


def _none_for_nan(value: object) -> object:
    return None if isinstance(value, float) and math.isnan(value) else value
