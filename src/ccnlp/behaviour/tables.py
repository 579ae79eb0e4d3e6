"""Rates of cases that go right or wrong, by test and language."""

import json
import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from ccnlp.behaviour.cases import ARROW, FUNCTIONAL, INVARIANCE, SWAP, Kind
from ccnlp.behaviour.parameters import CODE_SWITCHING, BehaviourParameters
from ccnlp.behaviour.perturbing import is_tried_in
from ccnlp.cultures import for_language
from ccnlp.intervals import effective_size, wilson_interval

ALL = "all"
EXPECTED = "expected label"
"""The slice of functional cases by the label that they should get."""

NONE = "none"
"""The group of cases whose further column is empty, such as those of no target group."""

MEASURES: dict[Kind, str] = {
    FUNCTIONAL: "pass_rate",
    SWAP: "flip_rate",
    INVARIANCE: "same_rate",
}
KEYS = ["kind", "suite", "task", "test", "slice", "group", "language"]
COLUMNS = [
    *KEYS, "measure", "rate", "low", "high", "n", "num_texts", "failure_rate", "mean_change",
    "expected", "note",
]  # fmt: skip


def tabulate_behaviour(
    predictions: pd.DataFrame, texts: pd.DataFrame, parameters: BehaviourParameters
) -> pd.DataFrame:
    """The table of rates: a row a test and language, with rows over all tests and all languages.

    Columns: `KEYS`; `measure` (pass_rate of functional tests, flip_rate of swaps, same_rate of
    perturbations) with its `rate` 0..1 and Wilson interval `low`, `high`; `n` cases, of `num_texts`
    texts or templates, whose cases the interval takes for no more than one observation;
    `failure_rate`, the share that goes wrong, whichever the measure; `mean_change`, the mean
    probability that moved; `expected`, where all cases of a functionality have one label; `note`,
    why there is no rate, or how many terms of a list occur. What was tried and changed no text has
    a row with `n` 0.

    Args:
        predictions: of `predict_cases`.
        texts: of `select_texts`.
        parameters: what was tried.
    """
    grouped_cases = pd.concat(_roll_up(predictions), ignore_index=True)
    rows = [_row(key, cases, parameters) for key, cases in grouped_cases.groupby(KEYS, sort=False)]
    keys_with_cases = {tuple(row[key] for key in KEYS) for row in rows}
    rows += [
        row for row in _rows_without_rate(texts, parameters) if _key_of(row) not in keys_with_cases
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.sort_values(KEYS, key=_all_first, kind="stable", ignore_index=True)


def _roll_up(predictions: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The cases once for each group that they belong to."""
    plain = predictions.assign(slice="", group="")
    yield plain
    yield plain.assign(language=ALL)
    yield plain.assign(test=ALL)
    yield plain.assign(test=ALL, language=ALL)
    yield from _slices(predictions)


def _slices(predictions: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Functional cases by the label that is right, and by the suite's further columns."""
    functional = predictions[predictions["kind"] == FUNCTIONAL].assign(test=ALL)
    by_label = functional.assign(slice=EXPECTED, group=functional["expected"])
    yield by_label
    yield by_label.assign(language=ALL)
    further_values = [
        json.loads(cell) if isinstance(cell, str) else {} for cell in functional["further"]
    ]
    for name in sorted({name for values in further_values for name in values}):
        group = pd.Series(
            [values.get(name) for values in further_values], functional.index, dtype="string"
        )
        sliced = functional.assign(slice=name, group=group.replace("", NONE))[group.notna()]
        yield sliced
        yield sliced.assign(language=ALL)


def _row(key: Any, cases: pd.DataFrame, parameters: BehaviourParameters) -> dict[str, Any]:
    row_key = dict(zip(KEYS, key, strict=True))
    sizes = cases.groupby("unit", sort=False).size().tolist()
    failure_rate = float(cases["is_failure"].mean())
    measure = MEASURES[row_key["kind"]]
    rate = failure_rate if measure == "flip_rate" else 1 - failure_rate
    low, high = wilson_interval(rate, effective_size(sizes), confidence=parameters.confidence)
    expected = cases["expected"].dropna().unique()
    return row_key | {
        "measure": measure,
        "rate": rate,
        "low": low,
        "high": high,
        "n": len(cases),
        "num_texts": len(sizes),
        "failure_rate": failure_rate,
        "mean_change": float(cases["distance"].mean()),
        "expected": expected[0] if len(expected) == 1 else "",
        "note": _terms_used(row_key, cases, parameters) if row_key["kind"] == SWAP else "",
    }


def _terms_used(key: dict[str, str], cases: pd.DataFrame, parameters: BehaviourParameters) -> str:
    """How many of a language's terms were swapped for another, so that idle lists are seen."""
    if ALL in (key["test"], key["language"]):
        return ""
    term_sets = for_language(parameters.swaps.terms.get(key["test"], {}), key["language"], ())
    terms = {term for term_set in term_sets for term in term_set}
    used = {change.split(ARROW)[0] for change in cases["change"].dropna()} & terms
    return f"{len(used)} of {len(terms)} terms occur"


def _rows_without_rate(
    texts: pd.DataFrame, parameters: BehaviourParameters
) -> Iterator[dict[str, Any]]:
    """A row without a rate for whatever was tried, or left out, in each language of the texts."""
    for task, language in texts[["task", "language"]].drop_duplicates().itertuples(index=False):
        for group, by_language in parameters.swaps.terms.items():
            has_terms = bool(for_language(by_language, language, ()))
            note = "no test text has a term of it" if has_terms else "no terms of this language"
            yield _row_without_rate(SWAP, task, group, language, note)
        for name, languages in parameters.invariance.typography.items():
            is_tried = is_tried_in(languages, language)
            note = "changes no test text" if is_tried else "not tried in this language"
            yield _row_without_rate(INVARIANCE, task, name, language, note)
        switching = parameters.invariance.code_switching
        if switching is not None:
            is_tried = bool(for_language(switching.partners, language, ()))
            note = "changes no test text" if is_tried else "no words of this language"
            yield _row_without_rate(INVARIANCE, task, CODE_SWITCHING, language, note)
    for task in texts["task"].unique():
        for group in parameters.swaps.terms:
            yield _row_without_rate(SWAP, task, group, ALL, "no test text has a term of it")
        names = [*parameters.invariance.typography]
        names += [CODE_SWITCHING] if parameters.invariance.code_switching else []
        for name in names:
            yield _row_without_rate(INVARIANCE, task, name, ALL, "changes no test text")


def _row_without_rate(kind: Kind, task: str, test: str, language: str, note: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "suite": "",
        "task": task,
        "test": test,
        "slice": "",
        "group": "",
        "language": language,
        "measure": MEASURES[kind],
        **dict.fromkeys(("rate", "low", "high", "failure_rate", "mean_change"), math.nan),
        "n": 0,
        "num_texts": 0,
        "expected": "",
        "note": note,
    }


def _key_of(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[key] for key in KEYS)


def _all_first(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Kinds in the order of work; rows over all tests or languages before the others."""
    if column.name == "kind":
        return column.map({kind: position for position, kind in enumerate(MEASURES)})
    return column.astype(str).where(column != ALL, "")


def failure_interval(row: "pd.Series[Any]") -> tuple[float, float]:
    """The interval of a row's `failure_rate`."""
    low, high = float(row["low"]), float(row["high"])
    return (low, high) if row["measure"] == "flip_rate" else (1 - high, 1 - low)


def rates(
    table: pd.DataFrame, *, kind: str, language: str | None = ALL, slice_name: str = ""
) -> pd.DataFrame:
    """The rows of a kind and slice, of one language or of each (`None`), that have a rate."""
    chosen = table[(table["kind"] == kind) & (table["slice"] == slice_name) & (table["n"] > 0)]
    is_language = chosen["language"] == language if language else chosen["language"] != ALL
    return chosen[is_language]


def behaviour_metrics(table: pd.DataFrame) -> dict[str, float]:
    """Rates by name, such as `behaviour/flip_rate/cities` and `…/cities/es`.

    The name has the suite, and the task where there are several.
    """
    has_many_tasks = table["task"].nunique() > 1
    plain = table[(table["slice"] == "") & (table["n"] > 0)]
    metrics = {}
    for row in plain.to_dict("records"):
        name_parts = ["behaviour", *([row["task"]] if has_many_tasks else [])]
        name_parts += [row["suite"]] if row["suite"] else []
        name_parts += [row["measure"], row["test"]]
        name_parts += [row["language"]] if row["language"] != ALL else []
        metrics["/".join(name_parts)] = float(row["rate"])
    return metrics
