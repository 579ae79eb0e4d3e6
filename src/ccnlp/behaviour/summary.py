"""What the tests say, in a few sentences."""

from typing import Any

import pandas as pd

from ccnlp.behaviour.cases import FUNCTIONAL, SWAP, Kind, keys_of, of_key
from ccnlp.behaviour.naming import percent, test_name
from ccnlp.behaviour.tables import ALL, EXPECTED, failure_interval, rates
from ccnlp.cultures import language_name

FEW = "These are few texts: look at the interval."


def summarise(table: pd.DataFrame, *, min_group_size: int) -> list[str]:
    """A paragraph for each kind of test, suite and task, the worst test named.

    Args:
        table: of `tabulate_behaviour`.
        min_group_size: texts below which a test or language is not called the worst.
    """
    has_many_tasks = table["task"].nunique() > 1
    paragraphs = []
    for kind, suite, task in keys_of(table):
        rows = of_key(table, (kind, suite, task))
        overall = rates(rows, kind=kind)
        total = overall[overall["test"] == ALL]
        prefix = f"{task}: " if has_many_tasks else ""
        if total.empty:
            paragraphs.append(prefix + _nothing(kind))
            continue
        tests = overall[overall["test"] != ALL]
        sentences = [
            _opening(kind, suite, total.iloc[0]),
            _by_label(rows) if kind == FUNCTIONAL else "",
            FEW if total.iloc[0]["num_texts"] < min_group_size else "",
            _worst_test(tests, min_group_size),
            _worst_language(rates(rows, kind=kind, language=None), min_group_size),
        ]
        paragraphs.append(prefix + " ".join(sentence for sentence in sentences if sentence))
    return paragraphs


def _nothing(kind: Kind) -> str:
    if kind == SWAP:
        return (
            "No test text has a term of the lists, so that no swap could be tried: this says "
            "nothing about the model. Add terms that occur."
        )
    return "No perturbation changes any test text: this says nothing about the model."


def _opening(kind: Kind, suite: str, row: "pd.Series[Any]") -> str:
    low, high = failure_interval(row)
    share = f"{percent(row['failure_rate'])} ({percent(low)} to {percent(high)})"
    if kind == FUNCTIONAL:
        return f"{suite}: {share} of {row['n']:,} cases get the wrong label."
    if kind == SWAP:
        return (
            f"Another name, place or group in the same text changes the answer in {share} of "
            f"swaps, in {row['num_texts']:,} texts."
        )
    return (
        f"The same text written another way gets another answer in {share} of cases, in "
        f"{row['num_texts']:,} texts."
    )


def _by_label(table: pd.DataFrame) -> str:
    """What a model that always says the same would hide."""
    labels = rates(table, kind=FUNCTIONAL, slice_name=EXPECTED)
    shares = [f"{percent(row['failure_rate'])} of {row['group']}" for _, row in labels.iterrows()]
    return f"By the label that is right: {', '.join(shares)}." if len(shares) > 1 else ""


def _worst_test(tests: pd.DataFrame, min_group_size: int) -> str:
    worst = _worst(tests, min_group_size)
    if worst is None:
        return ""
    return f"Most in “{test_name(worst['test'])}”: {percent(worst['failure_rate'])}."


def _worst_language(rows: pd.DataFrame, min_group_size: int) -> str:
    totals = rows[rows["test"] == ALL]
    worst = _worst(totals, min_group_size) if len(totals) > 1 else None
    if worst is None:
        return ""
    name = language_name(worst["language"]) or worst["language"]
    return f"Of the languages most in {name}: {percent(worst['failure_rate'])}."


def _worst(rows: pd.DataFrame, min_group_size: int) -> "pd.Series[Any] | None":
    large = rows[(rows["num_texts"] >= min_group_size) & (rows["failure_rate"] > 0)]
    return None if large.empty else large.iloc[int(large["failure_rate"].argmax())]
