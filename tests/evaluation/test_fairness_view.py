import math

import numpy as np
import pandas as pd
import pytest

from ccnlp.evaluation import disparities, gaps
from ccnlp.evaluation.fairness_view import FairnessTables, view_fairness

GATE = {"alias": "champion", "outcome": "passed", "reasons": ["good"], "comparisons": []}
SHARED = {"task": "sentiment", "corpus": "seed", "split": "test", "system": "finetuned"}


def group(name, verdict="open", *, n=100, score=0.7, difference=0.0, needed=300, **more):
    ends = {"low": score - 0.1, "high": score + 0.1}
    gap = {"difference_low": difference - 0.05, "difference_high": difference + 0.05}
    row = {"slice": "culture", "group": name, "n": n, "num_unlabelled": 0, "score": score}
    about = {"rest": 0.7, "difference": difference, "verdict": verdict, "num_needed": needed}
    return SHARED | row | ends | gap | about | more


def gap_row(**more):
    row = {"slice": "culture", "num_groups": 3, "num_too_small": 1, "worst_group": "KE"}
    row |= {"worst_score": 0.5, "best_group": "MX", "best_score": 0.7}
    row |= {f"{name}{end}": 0.2 for name in gaps.ESTIMATES for end in ("", "_low", "_high")}
    row |= {"equalised_odds_label": "negative", "demographic_parity_label": "neutral"}
    return SHARED | row | {"gap_low": 0.05, "gap_high": 0.35} | more


@pytest.fixture
def view(parameters):
    def view(*groups, rows=(), **more):
        tables = FairnessTables(
            pd.DataFrame(list(groups), columns=disparities.COLUMNS),
            pd.DataFrame(list(rows), columns=gaps.COLUMNS),
            GATE,
        )
        return view_fairness(tables, "sentiment", parameters)

    return view


def test_group_that_is_surely_worse_leads(view):
    section = view(
        group("MX"), group("ES", "better", difference=0.1),
        group("KE", "worse", score=0.5, difference=-0.2), rows=[gap_row()],
    )  # fmt: skip
    assert [line.key for line in section.groups] == ["KE", "MX", "ES"]
    assert section.sentences == (
        "Of the 3 groups by culture that have 30 test rows or more, the model serves worse than "
        "the rest, for sure: Kenya (KE), -20.0 (-25.0 to -15.0) points.",
        "Between the worst and the best group, KE and MX, lie 20.0 points; with 95 % confidence "
        "the true distance is between 5.0 and 35.0.",
    )


def test_lowest_score_that_is_not_surely_worse_is_told_beside(view):
    section = view(
        group("MX", "worse", n=5000, score=0.6, difference=-0.1),
        group("KE", score=0.5, difference=-0.2), group("ES"),
    )  # fmt: skip
    assert section.sentences[0].endswith(
        "The lowest score is that of Kenya (KE), 50.0 (40.0 to 60.0)."
    )


def test_without_a_sure_difference_the_lowest_is_told_as_open(view):
    section = view(group("MX"), group("KE", score=0.5, difference=-0.2))
    assert section.sentences[0] == (
        "None of the 2 groups by culture that have 30 test rows or more is shown to be served "
        "worse than the others. The lowest score is that of Kenya (KE), 50.0 (40.0 to 60.0), "
        "-20.0 (-25.0 to -15.0) points to the rest: chance may explain it."
    )


def test_groups_too_small_are_counted_with_what_they_need(view):
    section = view(
        group("MX"), group("ES"), group("KE", "too small", n=12, needed=200),
        group("SN", "too small", n=12, needed=312),
    )  # fmt: skip
    assert [line.num_missing for line in section.groups] == [200, 200, 188, 300]
    assert section.sentences[1] == (
        "2 groups are too small to say anything. To know a score to 5 points to either side takes "
        "188 to 300 more labelled test examples in each of them."
    )


def test_group_without_labels_needs_nobody_knows_how_many(view):
    nothing = group("NA", "no labels", n=0, score=np.nan, needed=np.nan, num_unlabelled=7)
    section = view(group("MX"), group("ES"), nothing)
    assert section.groups[-1].num_missing is None
    assert math.isnan(section.groups[-1].score.value)
    assert section.sentences[1:] == (
        "1 group is too small to say anything.",
        "7 test rows have no label, and no part in scores of labels.",
    )


def test_small_groups_alone_say_nothing(view):
    section = view(group("MX", "too small", n=9), group("ES", "too small", n=9))
    assert section.sentences[0].startswith("Who is served worse can't be said yet: fewer than two")


def test_group_with_rows_enough_needs_no_more(view):
    section = view(group("MX", n=900), group("ES"))
    assert {line.key: line.num_missing for line in section.groups} == {"MX": 0, "ES": 200}


@pytest.mark.parametrize(
    ("slices", "chosen"),
    [
        (["language", "culture"], "culture"),
        (["length", "language"], "language"),
        (["length", "annotator_age"], "length in characters"),
    ],
)
def test_slice_that_people_ask_about_is_shown(view, slices, chosen):
    rows = [group(name, slice=slice_) for slice_ in slices for name in ("a", "b")]
    assert view(*rows).slice_name == chosen


def test_all_corpora_together_are_shown(view):
    one = [group(name, score=0.4) for name in ("MX", "ES")]
    both = [group(name, corpus="all", score=0.6) for name in ("MX", "ES")]
    assert [line.score.value for line in view(*one, *both).groups] == pytest.approx([60, 60])


def test_nothing_to_compare_has_no_section(view):
    assert view() is None
