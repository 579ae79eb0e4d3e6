import json

import pandas as pd
import pytest

from ccnlp.behaviour.cases import TEXT_COLUMNS, Case, case_table
from ccnlp.behaviour.swaps import make_swaps
from ccnlp.behaviour.tables import (
    behaviour_metrics,
    failure_interval,
    rates,
    tabulate_behaviour,
)

NO_TEXTS = pd.DataFrame(columns=[*TEXT_COLUMNS])


def make_predictions(*rows):
    """Rows of kind, test, language, unit, whether it failed, and optionally label and columns."""
    cases, failures = [], []
    for kind, test, language, unit, is_failure, *more in rows:
        expected, further = (*more, None, None)[:2]
        suite = "mini" if kind == "functional" else ""
        cases.append(
            Case(kind, suite, "sentiment", test, language, "und", "und", unit, "text",
                 expected=expected, further=json.dumps(further) if further else None)
        )  # fmt: skip
        failures.append(is_failure)
    distance = [None if case.kind == "functional" else 0.5 for case in cases]
    return case_table(cases).assign(is_failure=failures, distance=pd.Series(distance, dtype=float))


def row_of(table, **values):
    chosen = table
    for name, value in values.items():
        chosen = chosen[chosen[name] == value]
    assert len(chosen) == 1, chosen
    return chosen.iloc[0]


def test_swaps_of_one_text_are_no_independent_observations(make_parameters):
    predictions = make_predictions(
        ("swap", "names", "en", "a", True),
        ("swap", "names", "en", "a", False),
        ("swap", "names", "en", "b", False),
    )
    table = tabulate_behaviour(predictions, NO_TEXTS, make_parameters())
    row = row_of(table, test="names", language="en")
    assert (row["n"], row["num_texts"]) == (3, 2)
    assert row["measure"] == "flip_rate"
    assert row["rate"] == row["failure_rate"] == pytest.approx(1 / 3)
    # Wilson for 9 / (4 + 1) = 1.8 cases: (1/3 + 1.0671 ± 1.2700) / 3.1342
    assert (row["low"], row["high"]) == pytest.approx((0.0416, 0.8520), abs=5e-5)
    assert row["mean_change"] == 0.5


def test_passes_and_unchanged_answers_are_the_rate_of_the_other_kinds(make_parameters):
    predictions = make_predictions(
        ("functional", "praise", "en", "a", True, "positive"),
        ("functional", "praise", "en", "b", False, "positive"),
        ("functional", "praise", "en", "c", False, "positive"),
        ("functional", "praise", "en", "d", False, "positive"),
        ("invariance", "upper_case", "en", "a", False),
    )
    table = tabulate_behaviour(predictions, NO_TEXTS, make_parameters())
    row = row_of(table, test="praise", language="en")
    assert (row["measure"], row["rate"], row["failure_rate"]) == ("pass_rate", 0.75, 0.25)
    assert failure_interval(row) == pytest.approx((1 - row["high"], 1 - row["low"]))
    assert row["expected"] == "positive"
    assert pd.isna(row["mean_change"])
    same = row_of(table, test="upper_case", language="en")
    assert (same["measure"], same["rate"]) == ("same_rate", 1.0)


def test_rows_over_all_languages_and_tests_stand_first(make_parameters):
    predictions = make_predictions(
        ("invariance", "upper_case", "en", "a", True),
        ("invariance", "upper_case", "de", "b", False),
        ("invariance", "lower_case", "de", "b", False),
    )
    table = tabulate_behaviour(predictions, NO_TEXTS, make_parameters())
    assert table[["test", "language"]].to_numpy().tolist() == [
        ["all", "all"],
        ["all", "de"],
        ["all", "en"],
        ["lower_case", "all"],
        ["lower_case", "de"],
        ["upper_case", "all"],
        ["upper_case", "de"],
        ["upper_case", "en"],
    ]
    assert table["n"].tolist() == [3, 2, 1, 1, 1, 2, 1, 1]
    assert table["num_texts"].tolist() == [2, 1, 1, 1, 1, 2, 1, 1]
    assert table["failure_rate"].tolist() == [1 / 3, 0, 1, 0, 0, 0.5, 0, 1]


def test_functional_cases_are_sliced_by_label_and_further_columns(make_parameters):
    predictions = make_predictions(
        ("functional", "praise", "en", "a", True, "positive", {"target": "cooks"}),
        ("functional", "negation", "en", "b", False, "negative", {"target": ""}),
        ("functional", "negation", "es", "c", False, "negative", {"target": "cooks"}),
    )
    table = tabulate_behaviour(predictions, NO_TEXTS, make_parameters())

    labels = rates(table, kind="functional", slice_name="expected label")
    assert dict(zip(labels["group"], labels["rate"], strict=True)) == {
        "negative": 1.0,
        "positive": 0.0,
    }
    targets = rates(table, kind="functional", slice_name="target")
    assert dict(zip(targets["group"], targets["rate"], strict=True)) == {"cooks": 0.5, "none": 1.0}
    in_english = rates(table, kind="functional", slice_name="target", language="en")
    assert dict(zip(in_english["group"], in_english["n"], strict=True)) == {"cooks": 1, "none": 1}


def test_what_changes_no_text_is_said(make_parameters, make_texts):
    texts = pd.concat([make_texts("x"), make_texts("y", language="fr")])
    predictions = make_predictions(("swap", "names", "de", "a", True))
    typography = {"upper_case": "all", "full_width": ["fr"]}
    switching = make_parameters().invariance.code_switching.model_dump()
    invariance = {"typography": typography, "code_switching": switching}

    table = tabulate_behaviour(predictions, texts, make_parameters(invariance=invariance))

    empty = table[table["n"] == 0]
    assert empty["failure_rate"].isna().all()
    notes = {(row["test"], row["language"]): row["note"] for _, row in empty.iterrows()}
    assert notes == {
        ("names", "en"): "no test text has a term of it",
        ("names", "fr"): "no terms of this language",
        ("upper_case", "en"): "changes no test text",
        ("upper_case", "fr"): "changes no test text",
        ("full_width", "en"): "not tried in this language",
        ("full_width", "fr"): "changes no test text",
        ("code_switching", "en"): "changes no test text",
        ("code_switching", "fr"): "no words of this language",
        ("upper_case", "all"): "changes no test text",
        ("full_width", "all"): "changes no test text",
        ("code_switching", "all"): "changes no test text",
    }


def test_row_of_a_swap_says_how_many_terms_occur(make_parameters, make_texts):
    parameters = make_parameters()
    texts = make_texts("Anna", "Anna and Mei")
    cases = make_swaps(texts, parameters.swaps, seed=0).assign(is_failure=False, distance=0.0)
    table = tabulate_behaviour(cases, texts, parameters)
    assert row_of(table, test="names", language="en")["note"] == "2 of 3 terms occur"
    assert row_of(table, test="names", language="all")["note"] == ""


def test_metrics_are_named_by_measure_test_and_language(make_parameters):
    predictions = make_predictions(
        ("swap", "names", "en", "a", True),
        ("functional", "praise", "en", "a", True, "positive", {"target": "cooks"}),
    )
    table = tabulate_behaviour(predictions, NO_TEXTS, make_parameters())
    assert behaviour_metrics(table) == {
        "behaviour/flip_rate/all": 1.0,
        "behaviour/flip_rate/all/en": 1.0,
        "behaviour/flip_rate/names": 1.0,
        "behaviour/flip_rate/names/en": 1.0,
        "behaviour/mini/pass_rate/all": 0.0,
        "behaviour/mini/pass_rate/all/en": 0.0,
        "behaviour/mini/pass_rate/praise": 0.0,
        "behaviour/mini/pass_rate/praise/en": 0.0,
    }
