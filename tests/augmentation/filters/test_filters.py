import numpy as np
import pytest

from ccnlp.augmentation.filtering import FILTERS, FilterContext
from ccnlp.augmentation.filters.entities import share_kept
from ccnlp.augmentation.filters.label_agreement import LabelAgreement, sample_rows
from ccnlp.augmentation.filters.polarity import count_cues


@pytest.fixture
def score(make_round_trips, make_parameters, make_examples, embed_words):
    """Scores of one filter, by name, for pairs of original and candidate."""

    def run(name, pairs, **columns):
        train = make_examples([{"text": original} for original, _ in pairs])
        context = FilterContext(embed_words, train, make_parameters())
        return FILTERS.get(name)().score(make_round_trips(pairs, **columns), context).tolist()

    return run


@pytest.mark.parametrize(
    ("name", "original", "candidate", "expected"),
    [
        ("length_ratio", "abcd", "ab", 0.5),
        ("length_ratio", "a b", "ab  ab", 0.5),
        ("length_ratio", "abc", "", 0.0),
        ("length_ratio", "", "", 0.0),
        ("numbers", "at 5 or 1.5", "to 5 or 1,5", 1.0),
        ("numbers", "room 12", "room 13", 0.0),
        ("numbers", "१२ रुपये", "12 रुपये", 1.0),
        ("numbers", "2 and 3", "2 and 2", 1 / 3),
        ("numbers", "none", "nothing", 1.0),
        ("entities", "see https://a.b @x #y 😀", "look https://a.b @x #y 😀", 1.0),
        ("entities", "see @x #y", "look @x #z", 1 / 3),
        ("entities", "nice 😀😀", "nice 😀", 0.5),
        ("entities", "good :)", "good", 0.0),
        ("entities", "plain", "words", 1.0),
        ("novelty", "The food was good!", "the FOOD was good", 0.0),
        ("novelty", "a b c d", "a b x d", 0.25),
        ("novelty", "a b", "c d", 1.0),
        ("novelty", "😀", "😀", 0.0),
        ("meaning", "good", "good bad", 2 / np.sqrt(2 * 3)),
        ("meaning", "bad", "bad", 1.0),
        ("polarity", "I don't like it", "I do like it", 0.0),
        ("polarity", "It looks nothing like it", "It looks at all like it", 0.0),
        ("polarity", "Not good, not bad", "not good", 0.5),
        ("polarity", "I don’t know", "I do not know", 1.0),
        ("polarity", "fine", "good", 1.0),
    ],
)
def test_scores_worked_by_hand(score, name, original, candidate, expected):
    assert score(name, [(original, candidate)]) == pytest.approx([expected])


def test_every_filter_takes_bad_input(score):
    texts = ["", "😀", "مرحبا بالعالم", "a\0b", "word " * 20_000, "\n"]
    for name in FILTERS:
        scores = score(name, [(text, text) for text in texts], label=["a", "b"] * 3)
        assert len(scores) == len(texts)


def test_language_scores_the_change(score):
    english = "This is a sentence about the weather and the sea."
    spanish = "Esta es una frase sobre el tiempo y sobre el mar."
    stays, leaves = score("language", [(english, english), (english, spanish)])
    assert stays == 0
    assert leaves < -0.5
    assert np.isnan(score("language", [("short", "corto")])).all()


def test_polarity_takes_the_list_of_the_language_else_of_its_base(
    make_round_trips, make_parameters
):
    cues = {"pt": ["não"], "pt-BR": ["nem"]}
    context = FilterContext(lambda texts: texts, None, make_parameters(polarity_cues=cues))
    trips = make_round_trips([("não", "não nem")] * 3, language=["pt-PT", "pt-BR", "yo"])
    scores = FILTERS.get("polarity")().score(trips, context)
    assert scores.tolist() == pytest.approx([1.0, 0.0, np.nan], nan_ok=True)


def test_polarity_without_a_list_has_no_verdict(score):
    assert np.isnan(score("polarity", [("a", "b")], language="yo")).all()


@pytest.mark.parametrize(
    ("text", "cues", "expected"),
    [
        ("I can't and won’t, NEVER", ["never", "-n't"], 3),
        ("knot nothing", ["not"], 0),
        ("नहीं अच्छा नहीं", ["नहीं"], 2),
        ("", ["not"], 0),
        ("anything", [], 0),
    ],
)
def test_count_cues(text, cues, expected):
    assert count_cues(text, cues) == expected


def test_share_kept_counts_repeats():
    assert share_kept(["a", "a", "b"], ["a", "b", "c"]) == 0.5


@pytest.fixture
def reviews(make_examples):
    return make_examples(
        [
            {"text": f"{word} film {n}", "label": label}
            for n in range(20)
            for word, label in (("good", "positive"), ("bad", "negative"))
        ]
    )


def test_label_agreement_falls_where_a_judgement_is_turned_round(
    reviews, make_round_trips, make_parameters, embed_words
):
    trips = make_round_trips(
        [("good film", "good film"), ("bad film", "good film"), ("good film", "bad film")],
        label=["positive", "negative", "positive"],
    ).assign(parent_id=["row0", "row1", "row2"])
    parameters = make_parameters(
        label_classifier={"num_folds": 5, "max_rows": 40, "regularisation": 0.1}
    )
    scores = LabelAgreement().score(trips, FilterContext(embed_words, reviews, parameters))
    assert scores[0] == 0
    assert (scores[1:] < -0.5).all()


def test_no_row_is_judged_by_a_model_that_saw_its_group(reviews, make_round_trips, make_parameters):
    """An encoder that knows rows by heart: a model that saw the row would be sure of its label."""
    train = reviews.assign(label=["positive", "negative", "negative", "positive"] * 10)
    indices = {text: index for index, text in enumerate(train["text"])}

    def embed(texts):
        vectors = np.zeros((len(texts), len(indices) + 1), dtype="float32")
        vectors[np.arange(len(texts)), [indices.get(text, -1) for text in texts]] = 1
        return vectors

    trips = make_round_trips([(text, "something new") for text in train["text"]])
    trips = trips.assign(label=train["label"], parent_id=train["id"])
    scores = LabelAgreement().score(trips, FilterContext(embed, train, make_parameters()))
    np.testing.assert_allclose(scores, 0, atol=1e-6)


def test_label_agreement_of_a_single_label_has_no_verdict(score):
    assert np.isnan(score("label_agreement", [("a", "b"), ("c", "d")])).all()


def test_classifier_learns_from_wanted_rows_first(reviews):
    chosen = sample_rows(reviews, {"row3", "row30"}, 5)
    assert {"row3", "row30"} < set(chosen["id"])
    assert len(chosen) == 5
    assert (
        sample_rows(reviews.iloc[::-1], {"row3", "row30"}, 5)["id"].tolist()
        == (chosen["id"].tolist()[::-1])
    )


FLIPPED = [
    *("It looks nothing like the picture.", "No complaints whatsoever", "Nobody was rude to us."),
    "There was nothing to dislike.",
]
"""What English to Spanish and back turns round, at least as this was written."""


def test_round_trips_that_apertium_flips_are_caught(apertium, score):
    pivots = apertium.translate(FLIPPED, source="en", target="es")
    candidates = apertium.translate(pivots, source="es", target="en")
    flipped = score("polarity", list(zip(FLIPPED, candidates, strict=True)))
    assert candidates[0] == "It looks at all like the picture."
    assert max(flipped[:2]) < 1
