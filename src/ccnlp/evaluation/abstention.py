"""On what each system abstains: its threshold from validation, and what that means on test."""

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ccnlp.evaluation.bootstrap import Floats, Ints, Seed, percentile_interval, units_of
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.selective import Choice, choose_threshold, risk_curve
from ccnlp.evaluation.slices import ALL, members, slices_of
from ccnlp.evaluation.thresholds import Choices, Thresholds

logger = logging.getLogger(__name__)

COLUMNS = [
    "task", "split", "system", "slice", "group", "n", "threshold", "coverage", "coverage_low",
    "coverage_high", "error_rate", "error_rate_low", "error_rate_high", "area", "is_small",
]  # fmt: skip

ABSTAINED, RIGHT, WRONG = 0, 1, 2
"""What may come of a row."""


def thresholds_of(
    predictions: pd.DataFrame,
    parameters: EvaluationParameters,
    *,
    weights: str | None,
    languages: Sequence[str] | None,
) -> Thresholds:
    """The thresholds of every system on every task.

    Args:
        predictions: without those of rows that a system was trained on.
        parameters: the largest error rate, and with what confidence it is kept.
        weights: digest of the fine-tuned model's.
        languages: `training.languages`: rows of others have no say, or they would have been seen.
    """
    abstention = parameters.abstention
    if languages is not None:
        predictions = predictions[predictions["language"].isin(languages)]
    return Thresholds(
        weights=weights,
        max_error_rate=abstention.max_error_rate if abstention else None,
        confidence=parameters.confidence,
        min_disagreement=parameters.by_culture.min_disagreement,
        tasks=choose_thresholds(predictions, parameters),
    )


def choose_thresholds(
    predictions: pd.DataFrame, parameters: EvaluationParameters
) -> dict[str, dict[str, Choice]]:
    """By task and system, from which confidence on it answers.

    Chosen on the validation rows that have a label, of all corpora together. Empty where
    `evaluation.abstention` is null.

    Args:
        predictions: every system's answers.
        parameters: the largest error rate, and with what confidence it is kept.
    """
    if parameters.abstention is None:
        return {}
    chosen: dict[str, dict[str, Choice]] = {}
    for task, system, rows in _by_system(predictions):
        validation = rows[rows["split"] == "validation"]
        choice = choose_threshold(
            risk_curve(validation["confidence"], _is_wrong(validation), _clusters(validation)),
            max_error_rate=parameters.abstention.max_error_rate,
            confidence=parameters.confidence,
        )
        chosen.setdefault(task, {})[system] = choice
        if choice.threshold is None:
            logger.info(
                "%s: %s has no threshold; of %s validation rows, no part that it is surest of has "
                "an error rate that is surely at most %s %%",
                task,
                system,
                f"{choice.n:,}",
                f"{100 * parameters.abstention.max_error_rate:g}",
            )
    return chosen


def with_abstentions(predictions: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """The predictions with `abstains`, which of them a system that may abstain would not give.

    A system without a threshold gives all of them.
    """
    least = np.full(len(predictions), -np.inf)
    for task, systems in choices.items():
        for system, choice in systems.items():
            if choice.threshold is not None:
                is_own = (predictions["task"] == task) & (predictions["system"] == system)
                least[is_own] = choice.threshold
    return predictions.assign(abstains=predictions["confidence"].astype("float64") < least)


def measure_abstention(
    predictions: pd.DataFrame, choices: Choices, parameters: EvaluationParameters
) -> pd.DataFrame:
    """How much each system answers and how much of that is wrong: a row a split and group.

    Columns: `COLUMNS`. The slice `all` also has `area`, that under the risk-coverage curve, which
    needs no threshold; a system without one has no other rows. Intervals are those of `tallies`:
    rows of a `group_id` are drawn together, and each group has a prior of the whole. There are none
    where the whole is below the minimum size, and no error rate where nothing is answered.

    Args:
        predictions: without those of rows that a system was trained on.
        choices: of `choose_thresholds`.
        parameters: slices, resamples and group sizes.
    """
    lines: list[dict[str, object]] = []
    for task, system, own in _by_system(predictions):
        choice = choices.get(task, {}).get(system)
        threshold = choice.threshold if choice else None
        for split, rows in own.groupby("split", sort=True, observed=True):
            about = {
                "task": task,
                "split": str(split),
                "system": system,
                "threshold": math.nan if threshold is None else threshold,
            }
            is_small = len(rows) < parameters.min_group_size
            whole = {"slice": ALL, "group": ALL, "n": len(rows), "is_small": is_small}
            area = risk_curve(rows["confidence"], _is_wrong(rows)).area
            measured: list[dict[str, object]] = [{**about, **whole}]
            if threshold is not None:
                measured = list(_measure(rows.reset_index(drop=True), about, parameters))
            lines += [{**measured[0], "area": area}, *measured[1:]]
    return pd.DataFrame(lines, columns=COLUMNS)


def _measure(
    rows: pd.DataFrame, about: Mapping[str, Any], parameters: EvaluationParameters
) -> Iterator[dict[str, object]]:
    """The whole, then each group of each slice."""
    is_answered = rows["confidence"].to_numpy(np.float64) >= about["threshold"]
    cells = np.where(is_answered, np.where(_is_wrong(rows), WRONG, RIGHT), ABSTAINED)
    clusters = _clusters(rows)
    names = about["task"], about["split"], about["system"]
    everything = pd.Series(ALL, index=rows.index)
    for slice_name, groups in {ALL: everything, **slices_of(rows, parameters)}.items():
        for group, places in members(groups):
            seed = Seed(parameters.seed, (*names, slice_name, group, "abstention"))
            drawn = _draw(cells[places], clusters[places], cells, parameters.num_draws, seed)
            if len(rows) < parameters.min_group_size:
                drawn[1:] = np.nan
            yield {
                **about,
                "slice": slice_name,
                "group": group,
                "n": len(places),
                **_with_interval("coverage", drawn[:, 0], parameters.confidence),
                **_with_interval("error_rate", drawn[:, 1], parameters.confidence),
                "is_small": len(places) < parameters.min_group_size,
            }


def _draw(cells: Ints, clusters: Ints, whole: Ints, num_draws: int, seed: Seed) -> Floats:
    """Coverage and error rate as observed, then in each draw; shape (1 + draws, 2)."""
    units = units_of(cells, clusters).with_prior(whole)
    counts = np.concatenate([units.counts[None], *units.draw(num_draws, seed)])
    answered, wrong = (
        counts[:, np.isin(units.cells, kinds)].sum(axis=1) for kinds in ((RIGHT, WRONG), WRONG)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        shares: Floats = np.stack([answered / counts.sum(axis=1), wrong / answered], axis=1)
    return shares


def _with_interval(name: str, drawn: Floats, confidence: float) -> dict[str, float]:
    """Without one for a rate that was not observed: the prior alone knows nothing of the group."""
    if math.isnan(drawn[0]):
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"), math.nan)
    low, high = percentile_interval(drawn[1:, None], confidence)
    return {name: float(drawn[0]), f"{name}_low": float(low[0]), f"{name}_high": float(high[0])}


def _by_system(predictions: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """The rows with a label of each task and system."""
    known = predictions[predictions["reference"].notna()]
    for (task, system), rows in known.groupby(["task", "system"], sort=False, observed=True):
        yield str(task), str(system), rows


def _is_wrong(rows: pd.DataFrame) -> "pd.Series[bool]":
    return (rows["reference"] != rows["prediction"]).astype(bool)


def _clusters(rows: pd.DataFrame) -> Ints:
    """Rows of one number stand or fall together."""
    return pd.factorize(rows["group_id"].fillna(rows["example_id"]))[0].astype(np.int64)
