"""Whether a new model takes the champion's place, and why."""

import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from ccnlp.errors import CcnlpError, ConfigurationError, did_you_mean
from ccnlp.evaluation.scores import ALL, lookup

Alias = Literal["champion", "challenger"]
Verdict = Literal["improved", "regressed", "inconclusive", "too small"]


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
        ge=0, le=1, description="loss of a group that is tolerated, in macro-F1"
    )
    slices: tuple[str, ...] = Field(description="slices whose groups must not surely lose more")


@dataclass(frozen=True)
class Comparison:
    """The new model against the champion on one group of test rows; differences in macro-F1.

    The verdict is by the interval of this group alone; `too small` has none.
    """

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


def decide_promotion(
    scores: pd.DataFrame,
    champion_comparison: pd.DataFrame,
    *,
    why_not_compared: Mapping[str, str | None],
    lost_tasks: Collection[str],
    confidence: float,
    parameters: GateParameters,
) -> PromotionDecision:
    """The decision over all tasks: each must pass.

    A model must have the minimal score and beat the baseline. Where there is a champion, it must
    answer every task of it, gain on it by the paired interval, and lose more than is tolerated
    for sure in no group. For sure: the upper end of the difference's interval lies below the
    tolerance, at the level of Bonferroni over all groups that are large enough to be judged
    (`_upper_end`). Small groups and those whose loss is open do not hinder, but are told.

    Args:
        scores: of `score_predictions`.
        champion_comparison: the new model's scores with their differences to the champion.
        why_not_compared: by scored task why the champion can't be judged on it, or `None`.
        lost_tasks: those that the champion answers and the new model does not.
        confidence: of the intervals, such as 0.95.
        parameters: thresholds.

    Raises:
        CcnlpError: there are no test scores of the new model.
        ConfigurationError: a slice of the gate was not scored.
    """
    if len(scores):
        _check_slices(scores, parameters)
    comparisons = {
        task: _compare(champion_comparison, task, parameters)
        for task, why_not in sorted(why_not_compared.items())
        if why_not is None
    }
    num_judged = sum(_is_judged(part) for parts in comparisons.values() for part in parts)
    judgements = [_judge_tasks(why_not_compared, lost_tasks)]
    for task, why_not in sorted(why_not_compared.items()):
        judgements.append(_judge_alone(scores, task, parameters))
        judgements.append(
            _Judgement((f"{task}: {why_not}",))
            if why_not is not None
            else _judge_against_champion(
                comparisons[task],
                task,
                parameters,
                widening=_widening(confidence, num_groups=num_judged),
            )
        )
    failures = [sentence for judgement in judgements for sentence in judgement.failures]
    findings = [sentence for judgement in judgements for sentence in judgement.findings]
    return PromotionDecision(
        alias="challenger" if failures else "champion",
        reasons=tuple(failures or findings),
        comparisons=tuple(part for parts in comparisons.values() for part in parts),
    )


def _check_slices(scores: pd.DataFrame, parameters: GateParameters) -> None:
    known = set(scores["slice"])
    for name in parameters.slices:
        if name not in known:
            raise ConfigurationError(
                f"registration.gate.slices names {name!r}, which was not scored; "
                f"{did_you_mean(name, known)} (parameters/registration.yml)"
            )


def _judge_tasks(scored: Collection[str], lost: Collection[str]) -> _Judgement:
    failures = [
        f"{task}: the champion answers this task, and the new model was not trained on it"
        for task in sorted(lost)
    ]
    if not scored:
        failures.append("no task of the model has one label a row, so nothing was judged")
    return _Judgement(failures=tuple(failures))


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
    if row["is_small"]:
        failures.append(
            f"{task}: {row['n']} test rows are too few to tell a gain over {row['baseline']} from "
            "chance (evaluation.min_group_size)"
        )
    elif not row["difference_low"] > parameters.min_gain_over_baseline:
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
    """All rows first, then the groups of each slice; empty where no row can be compared."""
    parts = [
        lookup(champion_comparison, task=task, slice_name=name)
        for name in (ALL, *parameters.slices)
    ]
    parts[0] = parts[0][parts[0]["group"] == ALL]
    return [_compare_group(task, row) for part in parts for _, row in part.iterrows()]


def _compare_group(task: str, row: "pd.Series[Any]") -> Comparison:
    difference, low, high = _interval_of(row)
    verdict: Verdict = "improved" if low > 0 else "regressed" if high < 0 else "inconclusive"
    return Comparison(
        task,
        str(row["slice"]),
        str(row["group"]),
        int(row["n"]),
        difference,
        low,
        high,
        "too small" if row["is_small"] else verdict,
    )


def _is_judged(part: Comparison) -> bool:
    return part.slice != ALL and part.verdict != "too small"


def _widening(confidence: float, *, num_groups: int) -> float:
    """How much wider an interval is at the level corrected for the number of groups (Bonferroni).

    By the normal distribution: the far tails of a thousand resamples are a handful of draws.
    """
    tail = (1 - confidence) / 2
    quantile = NormalDist().inv_cdf
    return quantile(1 - tail / max(1, num_groups)) / quantile(1 - tail)


def _upper_end(part: Comparison, widening: float) -> float:
    return (part.low + part.high) / 2 + widening * (part.high - part.low) / 2


def _judge_against_champion(
    comparisons: list[Comparison], task: str, parameters: GateParameters, *, widening: float
) -> _Judgement:
    if not comparisons:
        return _Judgement((f"{task}: the champion was trained on all the test rows",))
    overall, *groups = comparisons
    if overall.verdict == "too small":
        few = f"the champion was not trained on {overall.n} of the test rows, too few to compare on"
        return _Judgement((f"{task}: {few}",))
    against = (
        f"{task}: {_difference('the champion', overall.difference, overall.low, overall.high)}, "
        f"{overall.verdict}"
    )
    failures = []
    if not overall.low > parameters.min_gain_over_champion:
        needed = 100 * parameters.min_gain_over_champion
        failures.append(f"{against}; the whole interval must lie above {needed:+.1f}")
    limit = -parameters.max_regression
    large = [part for part in groups if _is_judged(part)]
    losers = [part for part in large if _upper_end(part, widening) < limit]
    for part in losers:
        loss = _difference("the champion", part.difference, part.low, part.high)
        failures.append(f"{task}: {part.slice} {part.group} loses: {loss}, n = {part.n}")
    is_open = [part for part in large if part not in losers and not part.low >= limit]
    small = [part for part in groups if part.verdict == "too small"]
    tolerated = f"a loss above {-100 * limit:.1f}"
    findings = [
        f"{task}: {why} {', '.join(part.group for part in parts)}"
        for why, parts in (
            (f"too few test rows to rule out {tolerated} for", is_open),
            ("too small to judge:", small),
        )
        if parts
    ]
    return _Judgement((against, *findings), tuple(failures))


def _none_for_nan(value: object) -> object:
    return None if isinstance(value, float) and math.isnan(value) else value
