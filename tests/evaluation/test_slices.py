import pandas as pd

from ccnlp.evaluation.slices import groups_by_columns, groups_by_length, members


def test_groups_join_the_columns():
    rows = pd.DataFrame({"language": ["es", "zh-Hant"], "culture": ["MX", None]})
    groups = groups_by_columns(rows, ["language", "culture"])
    assert groups.tolist() == ["es-MX", "zh-Hant-und"]


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
