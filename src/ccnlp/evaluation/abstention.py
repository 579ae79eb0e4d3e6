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
    choices: dict[str, dict[str, Choice]] = {}
    for task, system, rows in _by_system(predictions):
        validation = rows[rows["split"] == "validation"]
        choice = choose_threshold(
            risk_curve(validation["confidence"], _is_wrong(validation), _clusters(validation)),
            max_error_rate=parameters.abstention.max_error_rate,
            confidence=parameters.confidence,
        )
        choices.setdefault(task, {})[system] = choice
        if choice.threshold is None:
            logger.info(
                "%s: %s has no threshold; of %s validation rows, no part that it is surest of has "
                "an error rate that is surely at most %s %%",
                task,
                system,
                f"{choice.n:,}",
                f"{100 * parameters.abstention.max_error_rate:g}",
            )
    return choices


def with_abstentions(predictions: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """The predictions with `abstains`, which of them a system that may abstain would not give.

    A system without a threshold gives all of them.
    """
    min_confidences = np.full(len(predictions), -np.inf)
    for task, systems in choices.items():
        for system, choice in systems.items():
            if choice.threshold is not None:
                is_of_system = (predictions["task"] == task) & (predictions["system"] == system)
                min_confidences[is_of_system] = choice.threshold
    return predictions.assign(
        abstains=predictions["confidence"].astype("float64") < min_confidences
    )


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
    records: list[dict[str, object]] = []
    for task, system, system_rows in _by_system(predictions):
        choice = choices.get(task, {}).get(system)
        threshold = choice.threshold if choice else None
        for split, split_rows in system_rows.groupby("split", sort=True, observed=True):
            common = {
                "task": task,
                "split": str(split),
                "system": system,
                "threshold": math.nan if threshold is None else threshold,
            }
            is_small = len(split_rows) < parameters.min_group_size
            whole_columns = {"slice": ALL, "group": ALL, "n": len(split_rows), "is_small": is_small}
            area = risk_curve(split_rows["confidence"], _is_wrong(split_rows)).area
            group_records: list[dict[str, object]] = [{**common, **whole_columns}]
            if threshold is not None:
                group_records = list(
                    _measure(split_rows.reset_index(drop=True), common, parameters)
                )
            records += [{**group_records[0], "area": area}, *group_records[1:]]
    return pd.DataFrame(records, columns=COLUMNS)


def _measure(
    rows: pd.DataFrame, common: Mapping[str, Any], parameters: EvaluationParameters
) -> Iterator[dict[str, object]]:
    """The whole, then each group of each slice."""
    is_answered = rows["confidence"].to_numpy(np.float64) >= common["threshold"]
    cells = np.where(is_answered, np.where(_is_wrong(rows), WRONG, RIGHT), ABSTAINED)
    clusters = _clusters(rows)
    seed_names = common["task"], common["split"], common["system"]
    one_group = pd.Series(ALL, index=rows.index)
    for slice_name, groups in {ALL: one_group, **slices_of(rows, parameters)}.items():
        for group, row_indices in members(groups):
            seed = Seed(parameters.seed, (*seed_names, slice_name, group, "abstention"))
            rates = _draw(
                cells[row_indices], clusters[row_indices], cells, parameters.num_draws, seed
            )
            if len(rows) < parameters.min_group_size:
                rates[1:] = np.nan
            yield {
                **common,
                "slice": slice_name,
                "group": group,
                "n": len(row_indices),
                **_with_interval("coverage", rates[:, 0], parameters.confidence),
                **_with_interval("error_rate", rates[:, 1], parameters.confidence),
                "is_small": len(row_indices) < parameters.min_group_size,
            }


def _draw(cells: Ints, clusters: Ints, whole_cells: Ints, num_draws: int, seed: Seed) -> Floats:
    """Coverage and error rate as observed, then in each draw; shape (1 + draws, 2)."""
    units = units_of(cells, clusters).with_prior(whole_cells)
    counts = np.concatenate([units.counts[None], *units.draw(num_draws, seed)])
    num_answered, num_wrong = (
        counts[:, np.isin(units.cells, outcomes)].sum(axis=1)
        for outcomes in ((RIGHT, WRONG), WRONG)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        rates: Floats = np.stack(
            [num_answered / counts.sum(axis=1), num_wrong / num_answered], axis=1
        )
    return rates


def _with_interval(name: str, rates: Floats, confidence: float) -> dict[str, float]:
    """Without one for a rate that was not observed: the prior alone knows nothing of the group."""
    if math.isnan(rates[0]):
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"), math.nan)
    low, high = percentile_interval(rates[1:, None], confidence)
    return {name: float(rates[0]), f"{name}_low": float(low[0]), f"{name}_high": float(high[0])}


def _by_system(predictions: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """The rows with a label of each task and system."""
    labelled = predictions[predictions["reference"].notna()]
    for (task, system), rows in labelled.groupby(["task", "system"], sort=False, observed=True):
        yield str(task), str(system), rows


def _is_wrong(rows: pd.DataFrame) -> "pd.Series[bool]":
    return (rows["reference"] != rows["prediction"]).astype(bool)


def _clusters(rows: pd.DataFrame) -> Ints:
    """Rows of one number stand or fall together."""
    return pd.factorize(rows["group_id"].fillna(rows["example_id"]))[0].astype(np.int64)
