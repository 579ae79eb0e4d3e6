import json

import numpy as np
import pytest

from ccnlp.agreement.plots import (
    MAX_CULTURES_WITH_NUMBERS,
    MAX_PAIRS,
    draw_alphas,
    draw_disagreement,
)
from ccnlp.agreement.tables import agreement_tables

LABELS = ("none", "mild", "hate")
TEXTS = {
    "a": {"SG": "hhn", "US": "hh", "ZA": "hh"},
    "b": {"SG": "nnn", "US": "hh", "ZA": "nn"},
    "c": {"SG": "nn", "US": "nn", "ZA": "mm"},
    "d": {"SG": "hh", "US": "hn"},
}


@pytest.fixture
def agreement(annotate, parameters):
    return agreement_tables(annotate(TEXTS), LABELS, parameters).agreement


def contents(figure):
    return json.loads(figure.to_json())


def title_of(figure):
    return contents(figure)["layout"]["title"]["text"]


def test_heat_map_has_numbers_and_an_empty_diagonal(agreement):
    trace = contents(draw_disagreement(agreement))["data"][0]
    assert [row[i] for i, row in enumerate(trace["z"])] == [None] * 3
    assert trace["text"][0][0] == ""
    row, column = (trace["y"].index(culture) for culture in ("SG", "US"))
    assert trace["z"][row][column] == pytest.approx(100 / 3)
    assert trace["text"][row][column] == "33.3"
    hover = trace["customdata"][row][column]
    assert hover.startswith("Singapore and United States: 33.3 % of 3 texts<br>")


def test_numbers_of_few_texts_are_in_brackets(agreement):
    trace = contents(draw_disagreement(agreement.assign(is_small=True)))["data"][0]
    assert "(33)" in {text for row in trace["text"] for text in row}


def test_heat_map_title_names_the_most_different_pair(agreement):
    assert title_of(draw_disagreement(agreement)) == (
        "Two countries differ on 33 to 67 % of texts, most the United States and South Africa"
    )


def test_heat_map_of_many_cultures_has_no_numbers(annotate, parameters):
    groups = [f"group {number:02}" for number in range(MAX_CULTURES_WITH_NUMBERS + 1)]
    table = annotate(
        {"a": dict.fromkeys(groups, "h") | {"group 00": "n"}, "b": dict.fromkeys(groups, "n")}
    )
    agreement = agreement_tables(table, LABELS, parameters).agreement
    assert "text" not in contents(draw_disagreement(agreement))["data"][0]
    ticks = contents(draw_alphas(agreement))["layout"]["yaxis"]["ticktext"]
    assert sum("·" in tick for tick in ticks) == MAX_PAIRS


def test_names_of_cultures_are_escaped(annotate, parameters):
    table = annotate({"a": {"<b>": "h", "US": "n"}, "b": {"<b>": "n", "US": "n"}})
    agreement = agreement_tables(table, LABELS, parameters).agreement
    for figure in (draw_disagreement(agreement), draw_alphas(agreement)):
        layout = contents(figure)["layout"]
        assert "<b>" not in layout["title"]["text"]
        assert any("&lt;b&gt;" in tick for tick in layout["yaxis"]["ticktext"])


def test_alphas_are_in_two_blocks_from_high_to_low(agreement):
    figure = contents(draw_alphas(agreement))
    ticks = figure["layout"]["yaxis"]["ticktext"]
    assert [tick for tick in ticks if tick.startswith("<b>")] == [
        "<b>single annotations</b>",
        "<b>majorities</b>",
    ]
    single, majorities = figure["data"]
    assert len(single["x"]) == len(majorities["x"]) == 4
    for trace in (single, majorities):
        within = trace["x"][1:]
        assert within == sorted(within, reverse=True)
        assert ticks[trace["y"][0]].startswith("all ")


def test_dots_of_few_texts_are_hollow(agreement):
    small = agreement.assign(is_small=agreement["kind"] == "pair")
    single, majorities = contents(draw_alphas(small))["data"]
    assert set(single["marker"]["color"]) == {"#14507d"}
    assert majorities["marker"]["color"][1:] == ["#ffffff"] * 3
    assert title_of(draw_alphas(small)).endswith("; hollow dots: few texts")


def test_alpha_title_names_the_ends_within_cultures(agreement):
    title = title_of(draw_alphas(agreement))
    assert title.startswith("Krippendorff's alpha within one country runs from ")
    assert title.endswith("to 1.00 (ZA)")


@pytest.mark.parametrize(
    ("draw", "title"),
    [
        (draw_disagreement, "No two cultures judged the same texts"),
        (draw_alphas, "Krippendorff's alpha is undefined here"),
    ],
)
def test_nothing_to_draw_is_said(draw, title, annotate, parameters):
    tables = agreement_tables(annotate({"a": {"US": "n"}}), LABELS, parameters)
    assert title_of(draw(tables.agreement)) == title


def test_two_cultures_differ_on_one_share(annotate, parameters):
    table = annotate({"a": {"SG": "h", "US": "n"}, "b": {"SG": "n", "US": "n"}})
    agreement = agreement_tables(table, LABELS, parameters).agreement
    assert title_of(draw_disagreement(agreement)) == "The countries differ on 50.0 % of texts"


def test_axis_holds_negative_alphas(annotate, parameters):
    table = annotate({"a": {"SG": "h", "US": "n"}, "b": {"SG": "n", "US": "h"}})
    agreement = agreement_tables(table, LABELS, parameters).agreement
    low, high = contents(draw_alphas(agreement))["layout"]["xaxis"]["range"]
    assert low < np.nanmin(agreement["low"]) < 0
    assert high > 1
