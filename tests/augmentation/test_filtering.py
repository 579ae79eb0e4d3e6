import numpy as np

from ccnlp.augmentation.filtering import (
    FILTERS,
    FilterContext,
    rejections,
    remembering,
    score_round_trips,
)
from ccnlp.augmentation.parameters import FilterParameters


def test_registered_names_are_the_classes_own():
    names = {name: FILTERS.get(name).name for name in FILTERS}
    assert names == {name: name for name in names}
    assert len(names) == 12


def test_bands_have_open_ends_and_keep_their_bounds(make_round_trips):
    scored = make_round_trips([("a", "b")] * 5).assign(x_score=[0.1, 0.2, 0.5, 0.6, np.nan])
    band = FilterParameters.model_validate(
        {"default": {"at_least": 0.2, "at_most": 0.5}, "by_language": {"es": {"at_most": 0.1}}}
    )
    assert rejections(scored, "x", band).tolist() == [True, False, False, True, False]
    scored["language"] = "es-MX"
    assert rejections(scored, "x", band).tolist() == [False, True, True, True, False]


def test_remembering_asks_for_each_text_once():
    asked_texts = []

    def embed(texts):
        asked_texts.extend(texts)
        return np.array([[len(text)] for text in texts], dtype="float32").reshape(-1, 1)

    remember = remembering(embed)
    assert remember(["aa", "b", "aa"]).ravel().tolist() == [2, 1, 2]
    assert remember(["b", "cccc"]).ravel().tolist() == [1, 4]
    assert asked_texts == ["aa", "b", "cccc"]
    assert remember([]).shape == (0, 1)


def test_all_filters_texts_are_embedded_in_one_call(
    make_round_trips, make_examples, make_parameters, embed_words
):
    calls = []

    def embed(texts):
        calls.append(list(texts))
        return embed_words(texts)

    train = make_examples([{"text": "a"}, {"text": "b"}, {"text": "c", "label": "negative"}])
    context = FilterContext(remembering(embed), train, make_parameters())
    scored = score_round_trips(make_round_trips([("a", "x"), ("b", "y")]), context)
    assert len(calls) == 1
    assert sorted(calls[0]) == ["a", "b", "c", "x", "y"]
    assert [f"{name}_score" in scored for name in FILTERS] == [True] * 12
