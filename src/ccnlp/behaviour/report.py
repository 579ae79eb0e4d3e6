"""One HTML page that says what the model does wrong, with examples."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ccnlp.behaviour.cases import FUNCTIONAL, INVARIANCE, SWAP, Key, Kind, keys_of, of_key
from ccnlp.behaviour.failures import examples_of
from ccnlp.behaviour.naming import KIND_COLOURS, percent, test_name
from ccnlp.behaviour.parameters import BehaviourParameters
from ccnlp.behaviour.summary import summarise
from ccnlp.behaviour.tables import ALL, EXPECTED, failure_interval, rates
from ccnlp.cultures import language_name
from ccnlp.pages.page import render_page

TEMPLATES = Path(__file__).parent / "templates"
MAX_TEXT_CHARACTERS = 400

TITLES: dict[Kind, str] = {
    FUNCTIONAL: "Does it do what it is for?",
    SWAP: "Does it matter who is spoken of?",
    INVARIANCE: "Does it matter how it is written?",
}
INTRODUCTIONS: dict[Kind, str] = {
    FUNCTIONAL: "Cases written to test one thing each; wrong is another label than the expected "
    "one.",
    SWAP: "A name, place or group in a test text is swapped for another that fits in its place; "
    "wrong is another answer than before. Some swaps change what is meant: look at the examples.",
    INVARIANCE: "Test texts are written another way that leaves their meaning; wrong is another "
    "answer than before.",
}


@dataclass(frozen=True)
class Behaviour:
    """What the page tells of.

    Attributes:
        table: of `tabulate_behaviour`.
        failures: of `list_failures`.
        rejected: rows of suites that are no case.
        encoder: name of what the model was trained from.
        weights: the digest of the model's weights.
        parameters: how it was tested.
    """

    table: pd.DataFrame
    failures: pd.DataFrame
    rejected: pd.DataFrame
    encoder: str
    weights: str
    parameters: BehaviourParameters


@dataclass(frozen=True)
class Rate:
    """A share that goes wrong, in percent.

    Attributes:
        name: of the test, language or group.
        value: in percent, with `low` and `high`.
        text: the value as people read it.
        interval: likewise.
        num_texts: or templates.
        n: cases of them.
        moved: mean probability that moved, in points; empty for functional tests.
        expected: the label that is right, where all cases have the same.
        is_small: whether there are few texts.
    """

    name: str
    value: float
    low: float
    high: float
    text: str
    interval: str
    num_texts: int
    n: int
    moved: str
    expected: str
    is_small: bool


@dataclass(frozen=True)
class Section:
    """The tests of one kind, suite and task.

    Attributes:
        title: the question that they answer.
        introduction: what was done.
        colour: of the kind.
        is_functional: whether labels are expected.
        rates: of all cases, then of each test, the worst first.
        languages: the columns of `cells`.
        cells: by test, its rates in each language, `None` where there is none.
        slices: by the name of a further column, the rates of its groups.
        examples: cases that went wrong.
        left_out: what was not tried, or changed no text.
    """

    title: str
    introduction: str
    colour: str
    is_functional: bool
    rates: list[Rate]
    languages: list[str]
    cells: dict[str, list[Rate | None]]
    slices: dict[str, list[Rate]]
    examples: list[dict[str, Any]]
    left_out: list[str]


def render_report(behaviour: Behaviour) -> str:
    """The page: self-contained, readable without a network, all texts escaped."""
    table, parameters = behaviour.table, behaviour.parameters
    examples = examples_of(behaviour.failures, per_test=parameters.failures_shown)
    return render_page(
        "behaviour.html.j2",
        templates=TEMPLATES,
        summary=summarise(table, min_group_size=parameters.min_group_size),
        sections=[_section(key, table, examples, parameters) for key in keys_of(table)],
        rejected=behaviour.rejected.groupby(["suite", "reason"]).size().reset_index(name="num"),
        encoder=behaviour.encoder,
        weights=behaviour.weights,
        parameters=parameters,
        percent=f"{100 * parameters.confidence:g} %",
        language_name=language_name,
    )


def _section(
    key: Key,
    table: pd.DataFrame,
    examples: pd.DataFrame,
    parameters: BehaviourParameters,
) -> Section:
    kind, suite, task = key
    rows = of_key(table, key)
    min_group_size = parameters.min_group_size
    overall = rates(rows, kind=kind).sort_values("failure_rate", ascending=False, kind="stable")
    overall = pd.concat([overall[overall["test"] == ALL], overall[overall["test"] != ALL]])
    tests = overall["test"].tolist()
    by_language = rates(rows, kind=kind, language=None)
    languages = sorted(by_language["language"].unique())
    has_many_tasks = table["task"].nunique() > 1
    heading = ": ".join([*([task] if has_many_tasks else []), *([suite] if suite else [])])
    return Section(
        title=f"{heading}: {TITLES[kind]}" if heading else TITLES[kind],
        introduction=INTRODUCTIONS[kind],
        colour=KIND_COLOURS[kind],
        is_functional=kind == FUNCTIONAL,
        rates=[
            _rate(row, _display_name(row["test"]), min_group_size) for _, row in overall.iterrows()
        ],
        languages=languages,
        cells={
            _display_name(test): _cells(by_language, test, languages, min_group_size)
            for test in tests
        },
        slices=_slices(rows, kind, min_group_size),
        examples=_examples(of_key(examples, key), tests),
        left_out=_left_out(rows),
    )


def _display_name(test: str) -> str:
    return "all of these" if test == ALL else test_name(test)


def _rate(row: "pd.Series[Any]", name: str, min_group_size: int) -> Rate:
    low, high = failure_interval(row)
    moved = row["mean_change"]
    return Rate(
        name=name,
        value=100 * row["failure_rate"],
        low=100 * low,
        high=100 * high,
        text=percent(row["failure_rate"]),
        interval=f"{percent(low)} to {percent(high)}",
        num_texts=int(row["num_texts"]),
        n=int(row["n"]),
        moved="" if pd.isna(moved) else f"{100 * moved:.1f}",
        expected=row["expected"],
        is_small=row["num_texts"] < min_group_size,
    )


def _cells(
    rows: pd.DataFrame, test: str, languages: Sequence[str], min_group_size: int
) -> list[Rate | None]:
    by_language = {
        row["language"]: _rate(row, row["language"], min_group_size)
        for _, row in rows[rows["test"] == test].iterrows()
    }
    return [by_language.get(language) for language in languages]


def _slices(table: pd.DataFrame, kind: str, min_group_size: int) -> dict[str, list[Rate]]:
    names = [name for name in table["slice"].unique() if name]
    ordered = sorted(names, key=lambda name: (name != EXPECTED, name))
    return {
        name: [
            _rate(row, row["group"], min_group_size)
            for _, row in rates(table, kind=kind, slice_name=name)
            .sort_values("failure_rate", ascending=False)
            .iterrows()
        ]
        for name in ordered
    }


def _examples(failures: pd.DataFrame, tests: Sequence[str]) -> list[dict[str, Any]]:
    """The cases in the order of their tests, texts cut to what one reads."""
    failures = failures.sort_values("test", key=lambda names: names.map(tests.index), kind="stable")
    rows = failures.astype(object).where(failures.notna(), "")
    rows["test"] = rows["test"].map(test_name)
    for column in ("text", "original"):
        rows[column] = rows[column].map(_shorten)
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def _left_out(table: pd.DataFrame) -> list[str]:
    """A sentence for each test and reason, with the languages."""
    empty = table[table["n"] == 0]
    everywhere = set(empty.loc[empty["language"] == ALL, "test"])
    sentences = [f"{test_name(test)}: in no language" for test in sorted(everywhere)]
    single = empty[(empty["language"] != ALL) & ~empty["test"].isin(everywhere)]
    for (test, note), rows in single.groupby(["test", "note"], sort=False):
        sentences.append(f"{test_name(str(test))}: {note}: {', '.join(rows['language'])}")
    return sentences


def _shorten(text: str) -> str:
    if len(text) <= MAX_TEXT_CHARACTERS:
        return text
    return text[:MAX_TEXT_CHARACTERS].rstrip() + " …"
