import json

import pytest

from ccnlp.agreement.summary import summarise_agreement
from ccnlp.agreement.tables import agreement_tables

LABELS = ("none", "mild", "hate")


@pytest.fixture
def sum_up(annotate, parameters):
    def make(texts):
        return summarise_agreement(agreement_tables(annotate(texts), LABELS, parameters))

    return make


def many(**kinds):
    """Texts of each kind, given as `name=(number, cultures)`."""
    return {
        f"{name} {number}": cultures
        for name, (count, cultures) in kinds.items()
        for number in range(count)
    }


def test_sentences_name_the_share_and_the_pairs(sum_up):
    summary = sum_up(
        many(
            same=(6, {"GB": "n", "SG": "n", "US": "n"}),
            hate=(1, {"GB": "h", "SG": "h", "US": "h"}),
            odd=(2, {"GB": "h", "SG": "n", "US": "h"}),
            british=(1, {"GB": "h", "SG": "n", "US": "n"}),
        )
    )
    first, second, third, fourth = summary["sentences"]
    assert first.startswith(
        "On 30.0 % of texts the three countries do not all agree (10.8 to 60.3 %"
    )
    assert first.endswith("; 10 texts compared).")
    assert second == (
        "Of all pairs, the United Kingdom and Singapore differ most, on 30.0 % of texts; the "
        "United Kingdom and the United States least, on 10.0 %."
    )
    assert third.startswith("No country has two annotations of a text")
    assert fourth.startswith("Between the majorities of the countries Krippendorff's alpha is 0.")


def test_pairs_that_differ_alike_are_not_ranked(sum_up):
    summary = sum_up(many(same=(8, {"GB": "n", "SG": "n", "US": "n"})))
    assert "All pairs differ alike, on 0.0 % of texts." in summary["sentences"]
    assert not any("Of all pairs" in sentence for sentence in summary["sentences"])


def test_two_groups_are_cultures_and_not_all(sum_up):
    summary = sum_up(many(same=(3, {"north": "n", "US": "n"}), odd=(1, {"north": "h", "US": "n"})))
    assert summary["sentences"][0].startswith("On 25.0 % of texts the two cultures do not agree (")
    assert not any("Of all pairs" in sentence for sentence in summary["sentences"])


def test_texts_of_some_cultures_are_said_to_be(sum_up):
    summary = sum_up({"a": {"SG": "n", "US": "h"}, "b": {"US": "n", "ZA": "n"}})
    assert "the countries that judged a text do not all agree" in summary["sentences"][0]
    assert "3 of 3 pairs share too few texts to be ranked." in summary["sentences"]
    assert summary["most_different"] is None


@pytest.mark.parametrize(
    ("cultures", "ending"),
    [
        ({"SG": "hhn", "US": "nnn"}, "so much is between persons; the countries add 6"),
        ({"SG": "hnn", "US": "hnn"}, "the countries agree more than that."),
    ],
)
def test_disagreement_is_set_beside_that_of_shuffled_cultures(sum_up, cultures, ending):
    sentence = sum_up(many(text=(100, cultures)))["sentences"][1]
    assert sentence.startswith("With the same annotations dealt to the countries at random it ")
    assert ending in sentence


def test_no_sign_of_culture_is_said(sum_up):
    differing = {"SG": "hhn", "US": "nnn"}
    agreeing = {"SG": "hnn", "US": "hnn"}
    sentences = sum_up(many(a=(40, differing), b=(60, agreeing)))["sentences"]
    assert sentences[1].endswith("no sign that the country matters as a whole.")


def test_ties_and_unknown_cultures_are_told(sum_up):
    summary = sum_up(
        {
            "a": {"SG": "hn", "US": "hh", "und": "n"},
            "b": {"SG": "hh", "US": "hn"},
            "c": {"SG": "nn", "US": "nn", "und": "h"},
        }
    )
    sentences = summary["sentences"]
    assert "Two texts are left out of this because the vote within a country was tied." in sentences
    assert sentences[-1].startswith("Annotations by people of an unknown culture: 2;")
    assert summary["num_unknown_culture"] == 2


def test_agreement_within_countries_runs_from_lowest_to_highest(sum_up):
    sentences = sum_up(many(a=(3, {"SG": "hn", "US": "hh"}), b=(3, {"SG": "hh", "US": "nn"})))[
        "sentences"
    ]
    within = next(sentence for sentence in sentences if sentence.startswith("Among single"))
    assert within.endswith("(Singapore) to 1.00 (United States).")


def test_one_culture_and_one_label_are_said(sum_up):
    assert sum_up({"a": {"US": "nn"}})["sentences"] == [
        "There is one known culture: nothing to compare.",
        "The agreement of single annotators is unknown: only one label was given, so that chance "
        "alone would agree everywhere.",
    ]


def test_all_ties_are_said(sum_up):
    sentences = sum_up({"a": {"SG": "hn", "US": "hn"}})["sentences"]
    assert sentences[0] == (
        "How often the countries agree is unknown: no text has majorities of two cultures and no "
        "tie."
    )


def test_undefined_figures_are_null_in_json(sum_up):
    summary = json.loads(json.dumps(sum_up({"a": {"US": "nn"}}), allow_nan=False))
    assert summary["alpha_all"]["value"] is None
    assert summary["consensus"]["n"] == 0
    assert summary["alpha_within"]["US"]["note"]
    assert (summary["num_texts"], summary["num_annotations"]) == (1, 2)
