"""The case: a text put to the model, and what its answer should be."""

from collections.abc import Hashable, Iterable, Mapping
from typing import Literal, NamedTuple

import pandas as pd

from ccnlp.conditioning.keys import COLUMNS
from ccnlp.examples import stable_hash

Kind = Literal["functional", "swap", "invariance"]
KINDS: tuple[Kind, ...] = ("functional", "swap", "invariance")

FUNCTIONAL, SWAP, INVARIANCE = KINDS

ARROW = " → "
"""Between a term and the one that takes its place."""

INPUT_COLUMNS = ("text", *COLUMNS)
"""What a model may read of a case: the text, and what a conditioning may tell of it."""

TEXT_COLUMNS = ("task", "unit", *INPUT_COLUMNS)
"""Of the table of texts that swaps and perturbations are made of."""

TextRow = Mapping[Hashable, str]
"""A row of that table."""


class Case(NamedTuple):
    """One text for the model.

    Attributes:
        kind: what should hold: `functional` cases have an expected label, the others the answer
            that the model gives for their original.
        suite: key of the suite; empty for the others.
        task: of the model.
        test: the functionality, the group of terms or the perturbation.
        language: BCP-47 tag of the original.
        culture: of the original, or `und`.
        domain: of the original, or `und`.
        unit: cases with the same one are no more than one observation: all of one text, or those
            made from one template.
        text: what the model reads.
        original: the text before the change; missing for functional cases.
        change: what was changed, such as `Anna → Fatma`; missing where the test says it all.
        expected: the label; missing for the others.
        further: the suite's further columns, as JSON; missing for the others.
    """

    kind: Kind
    suite: str
    task: str
    test: str
    language: str
    culture: str
    domain: str
    unit: str
    text: str
    original: str | None = None
    change: str | None = None
    expected: str | None = None
    further: str | None = None


def changed_case(
    original: TextRow, *, kind: Kind, test: str, text: str, change: str | None
) -> Case:
    """The case of a text that was changed.

    Args:
        original: before the change.
        kind: of the case.
        test: the group of terms or the perturbation.
        text: after the change.
        change: what was changed.
    """
    unchanged = {name: original[name] for name in TEXT_COLUMNS if name != "text"}
    before = original["text"]
    return Case(
        kind=kind, suite="", test=test, text=text, original=before, change=change, **unchanged
    )


Key = tuple[Kind, str, str]
"""Kind, suite and task: what one section of a report is about."""


def keys_of(table: pd.DataFrame) -> list[Key]:
    """The kinds, suites and tasks in a table of cases or rates, in its order."""
    keys = table[["kind", "suite", "task"]].drop_duplicates()
    return list(keys.itertuples(index=False, name=None))


def of_key(table: pd.DataFrame, key: Key) -> pd.DataFrame:
    """The rows of one kind, suite and task."""
    kind, suite, task = key
    return table[(table["kind"] == kind) & (table["suite"] == suite) & (table["task"] == task)]


def case_table(cases: Iterable[Case]) -> pd.DataFrame:
    """A row a case, columns as in `Case`, text as `string` with `pd.NA` where missing."""
    return pd.DataFrame(list(cases), columns=list(Case._fields)).astype("string")


def draw_order(seed: int, *parts: str) -> str:
    """A key that sorts alike in every run: the order by it is random, and fixed by the seed."""
    return stable_hash([str(seed), *parts])
