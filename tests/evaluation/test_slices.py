import pandas as pd
import pytest

from ccnlp.errors import ConfigurationError
from ccnlp.evaluation.slices import (
    check_slices,
    groups_by_length,
    members,
)


def test_length_groups_hold_their_upper_end():
    groups = groups_by_length(pd.Series([1, 40, 41, 80, 81]), [40, 80])
    assert groups.tolist() == ["1–40", "1–40", "41–80", "41–80", "over 80"]


def test_members_of_length_groups_run_from_short_to_long():
    groups = groups_by_length(pd.Series([200, 90, 5, 7]), [40, 140])
    assert [(name, rows.tolist()) for name, rows in members(groups)] == [
        ("1–40", [2, 3]),
        ("41–140", [1]),
        ("over 140", [0]),
    ]


def test_no_rows_have_no_members():
    assert not list(members(pd.Series([], dtype="str")))


def test_slices_of_too_many_groups_are_refused_with_the_column_and_a_way_on(parameters):
    slices = {"text": ("domain", "culture"), "culture": ("culture",)}
    few = parameters.model_copy(update={"slices": slices, "max_groups": 10})
    rows = pd.DataFrame(
        {"domain": [f"d{row // 11}" for row in range(99)], "culture": ["MX", None, "ES"] * 33}
    )
    message = (
        r"evaluation\.slices\.text has 27 groups, 9 of them by the column 'domain'; at most 10 .*"
        r"Set text: null to drop the slice, or bin the column's values"
    )
    with pytest.raises(ConfigurationError, match=message):
        check_slices(rows, few)
    check_slices(rows, few.model_copy(update={"max_groups": 27}))


def test_slice_of_a_column_that_the_rows_lack_is_refused(parameters):
    with pytest.raises(ConfigurationError, match=r"slices\.language is made of the column 'lang"):
        check_slices(pd.DataFrame({"culture": ["MX"]}), parameters)
