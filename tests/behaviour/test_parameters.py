import pytest
from pydantic import ValidationError

from ccnlp.behaviour.words import find_words


def swaps(**others):
    return {"swaps_per_text": 1, "terms": {}, "unless": {}, **others}


def switching(partners, words):
    return {"typography": {}, "code_switching": {"partners": partners, "words": words}}


AND = {"and": {"en": "and", "es": "y"}}


@pytest.mark.parametrize(
    ("group", "values", "message"),
    [
        ("swaps", swaps(terms={"n": {"en": [["Anna"]]}}), "has nothing to swap with"),
        ("swaps", swaps(terms={"n": {"en": [["Anna", "Anna"]]}}), "'Anna' more than once"),
        ("swaps", swaps(terms={"n": {"en": [["A", "B"], ["B", "C"]]}}), "'B' in two sets"),
        ("swaps", swaps(terms={"n": {"swa": [["A", "B"]]}}), "did you mean 'sw'?"),
        ("swaps", swaps(terms={"n": {False: [["A", "B"]]}}), "put the tag in quotes"),
        ("swaps", swaps(terms={"n": {"ja": [["A", "B"]]}}), "written without spaces"),
        ("swaps", swaps(terms={"n": {"en": [["A ", "B"]]}}), "ends with a space"),
        ("swaps", swaps(terms={"names": {}}, unless={"name": {}}), "did you mean 'names'?"),
        ("invariance", {"typography": {"uper_case": "all"}, "code_switching": None}, "upper_case"),
        ("invariance", {"typography": {"upper_case": "en"}, "code_switching": None}, "or all"),
        ("invariance", switching({"en": ["fr"]}, AND), "words has no word of"),
        ("invariance", switching({"en": ["en"]}, AND), "its own partner"),
        ("invariance", switching({"zh": ["en"]}, AND), "written without spaces"),
        ("model", "winner", "'finetuned' or 'champion'"),
        ("modl", "champion", "Extra inputs"),
    ],
)
def test_what_is_wrong_is_said(make_parameters, group, values, message):
    with pytest.raises(ValidationError, match=message):
        make_parameters(**{group: values})


def test_null_removes_a_group_a_language_and_a_perturbation(make_parameters):
    terms = {"names": {"en": [["A", "B"]], "de": None}, "places": None}
    invariance = {"typography": {"upper_case": None, "lower_case": "all"}, "code_switching": None}

    parameters = make_parameters(swaps=swaps(terms=terms), invariance=invariance)

    assert parameters.swaps.terms == {"names": {"en": (("A", "B"),)}}
    assert list(parameters.invariance.typography) == ["lower_case"]


def test_default_terms_are_found_as_whole_words(default_parameters):
    """A term with a sign at its edge could never be."""
    for by_language in default_parameters.swaps.terms.values():
        for sets in by_language.values():
            for term in (term for terms in sets for term in terms):
                assert find_words(f"x {term} x", [term]) == [term]


def test_default_words_of_a_language_stand_for_one_meaning(default_parameters):
    words = default_parameters.invariance.code_switching.words
    for language in {language for by_language in words.values() for language in by_language}:
        words_of_language = [
            by_language[language] for by_language in words.values() if language in by_language
        ]
        assert len(set(words_of_language)) == len(words_of_language)
