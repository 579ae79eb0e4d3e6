import pandas as pd

from ccnlp.behaviour.failures import COLUMNS, examples_of, list_failures


def make_predictions():
    rows = [
        ("names", "en", "a", 0.6, True),
        ("names", "en", "b", 0.9, True),
        ("names", "de", "c", 0.7, True),
        ("names", "de", "d", 0.7, False),
        ("cities", "de", "e", 0.5, True),
    ]
    table = pd.DataFrame(rows, columns=["test", "language", "text", "confidence", "is_failure"])
    constants = {"kind": "swap", "suite": "", "task": "sentiment"}
    return table.assign(**constants).reindex(columns=[*COLUMNS, "is_failure"])


def test_failures_are_listed_the_surest_first():
    failures = list_failures(make_predictions())
    assert failures.columns.tolist() == COLUMNS
    assert failures["text"].tolist() == ["e", "b", "c", "a"]


def test_examples_take_turns_between_languages():
    examples = examples_of(list_failures(make_predictions()), per_test=2)
    assert examples["text"].tolist() == ["e", "b", "c"]
    assert examples_of(list_failures(make_predictions()), per_test=0).empty
