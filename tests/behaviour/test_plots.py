import pandas as pd
import pytest

from ccnlp.behaviour.plots import draw_languages, draw_tests
from ccnlp.behaviour.tables import COLUMNS


def make_row(test, language, failure_rate, n, kind="invariance", **others):
    measures = {"invariance": "same_rate", "swap": "flip_rate", "functional": "pass_rate"}
    rate = failure_rate if kind == "swap" else 1 - failure_rate
    low, high = max(0.0, rate - 0.1), min(1.0, rate + 0.1)
    row = {
        "kind": kind, "suite": "", "task": "sentiment", "test": test, "slice": "", "group": "",
        "language": language, "measure": measures[kind], "rate": rate, "low": low, "high": high,
        "n": n, "num_texts": n, "failure_rate": failure_rate, "mean_change": 0.0, "expected": "",
        "note": "",
    }  # fmt: skip
    return {**row, **others}


@pytest.fixture
def table():
    return pd.DataFrame(
        [
            make_row("all", "all", 0.2, 100),
            make_row("lower_case", "all", 0.1, 60),
            make_row("upper_case", "all", 0.3, 50),
            make_row("cities", "all", 0.5, 4, kind="swap"),
            make_row("lower_case", "en", 0.1, 30),
            make_row("upper_case", "en", 0.4, 5),
            make_row("cities", "ar", 0.5, 4, kind="swap"),
        ],
        columns=COLUMNS,
    )


def test_tests_are_drawn_kind_by_kind_the_worst_on_top(table):
    figure = draw_tests(table, min_group_size=30)
    ticks = figure.layout.yaxis.ticktext
    assert [tick.split("<b>")[-1].split("</")[0].split(">")[-1] for tick in ticks] == [
        "swaps", "cities", "spelling and mixing", "all in capitals", "no capitals"
    ]  # fmt: skip
    swaps, invariance = figure.data
    assert list(swaps.x) == [50.0]
    assert swaps.marker.color == ("#ffffff",)  # hollow: few texts
    assert list(invariance.x) == pytest.approx([30.0, 10.0])
    assert list(invariance.y) == [3, 4]
    assert list(invariance.error_x.array) == pytest.approx([10.0, 10.0])
    assert "“all in capitals” goes wrong most: 30 %; hollow" in figure.layout.title.text


def test_languages_are_drawn_with_few_texts_in_brackets(table):
    (heatmap,) = draw_languages(table, min_group_size=30).data
    assert heatmap.x == ("ar", "en")
    assert heatmap.y == ("cities", "all in capitals", "no capitals")  # the worst overall first
    assert [list(row) for row in heatmap.text] == [["(50)", ""], ["", "(40)"], ["", "10"]]
    assert list(heatmap.z[0]) == [50.0, None]


def test_nothing_tested_is_said(table):
    empty = table.assign(n=0)
    for figure in (draw_tests(empty, min_group_size=1), draw_languages(empty, min_group_size=1)):
        assert figure.layout.title.text == "No test changed or judged any text"


def test_names_are_escaped_and_tasks_told_apart(table):
    table = pd.concat([table, table.assign(task="topic", test="<b>x")], ignore_index=True)
    figure = draw_tests(table, min_group_size=30)
    assert any("topic: &lt;b&gt;x" in tick for tick in figure.layout.yaxis.ticktext)
    assert any(name.startswith("sentiment: ") for name in
               draw_languages(table, min_group_size=30).data[0].y)  # fmt: skip
