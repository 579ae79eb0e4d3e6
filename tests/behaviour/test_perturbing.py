import pytest

from ccnlp.behaviour.perturbing import is_tried_in, perturb_texts

SWITCHING = {
    "partners": {"en": ["es", "fr"], "de": ["en"]},
    "words": {
        "and": {"en": "and", "es": "y", "fr": "et"},
        "but": {"en": "but", "es": "pero", "de": "aber"},
    },
}


def perturb(texts, make_parameters, typography=None, switching=None, seed=0):
    invariance = {"typography": typography or {}, "code_switching": switching}
    return perturb_texts(texts, make_parameters(invariance=invariance).invariance, seed=seed)


def test_text_that_stays_as_it_is_is_no_case(make_texts, make_parameters):
    texts = make_texts("good", "GOOD")
    cases = perturb(texts, make_parameters, {"upper_case": "all", "curly_quotes": "all"})
    assert cases[["test", "original", "text"]].to_numpy().tolist() == [
        ["upper_case", "good", "GOOD"]
    ]
    assert cases["domain"].tolist() == ["reviews"]


def test_perturbation_is_tried_in_its_languages_alone(make_texts, make_parameters):
    typography = {"missing_diacritics": ["fr"]}
    assert perturb(make_texts("été", language="fr-CA"), make_parameters, typography)["text"][0] == (
        "ete"
    )
    assert perturb(make_texts("élite"), make_parameters, typography).empty


@pytest.mark.parametrize(
    ("languages", "language", "expected"),
    [("all", "xx", True), (("pt",), "pt-BR", True), (("pt-BR",), "pt", False), ((), "pt", False)],
)
def test_languages_include_their_variants(languages, language, expected):
    assert is_tried_in(languages, language) is expected


def test_words_become_those_of_one_partner(make_texts, make_parameters):
    texts = make_texts(*(f"Bread and tea {i}, but late" for i in range(20)))

    cases = perturb(texts, make_parameters, switching=SWITCHING)

    assert set(cases["change"]) == {"and → y, but → pero (es)", "and → et (fr)"}
    assert "Bread y tea 0, pero late" in set(cases["text"]) | {"Bread y tea 0, pero late"}
    assert all((" y " in text) != (" et " in text) for text in cases["text"])


def test_partner_without_a_word_for_it_is_passed_over(make_texts, make_parameters):
    texts = make_texts(*(f"late but warm {i}" for i in range(5)))
    cases = perturb(texts, make_parameters, switching=SWITCHING)
    assert set(cases["change"]) == {"but → pero (es)"}


def test_seed_decides(make_texts, make_parameters):
    texts = make_texts(*(f"bread and tea {i}" for i in range(20)))
    runs = [perturb(texts, make_parameters, switching=SWITCHING, seed=seed) for seed in (0, 0, 1)]
    assert runs[0].equals(runs[1])
    assert not runs[0].equals(runs[2])


def test_language_without_words_is_left(make_texts, make_parameters):
    texts = make_texts("und aber", language="ja")
    assert perturb(texts, make_parameters, switching=SWITCHING).empty
