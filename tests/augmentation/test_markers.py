import pytest
from pydantic import TypeAdapter, ValidationError

from ccnlp.augmentation.markers import MarkersByLanguage, find_markers

FRENCH = {"vous": ("vous", "-ez"), "tu": ("tu", "t'"), "ignored": ("rendez-vous", "chez", "a-tu")}
GERMAN = {"du": ("du",), "Sie": ("Sie", "Ihnen")}
JAPANESE = {"さん": ("さん",), "ignored": ("たくさん",)}


def forms(text, groups):
    return [marker.form for marker in find_markers(text, groups)]


@pytest.mark.parametrize(
    ("text", "groups", "expected"),
    [
        ("Vous avez un rendez-vous chez vous", FRENCH, ["vous", "-ez", "vous"]),
        ("T’es où, tu viens ?", FRENCH, ["t'", "tu"]),
        ("Quelqu'un a-tu vu la statue ?", FRENCH, []),
        ("ASSEZ", {"vous": ("-ez",)}, ["-ez"]),
        ("Kommen Sie, sie wartet auf Ihnen", GERMAN, ["Sie", "Ihnen"]),
        ("Sie kommt. Sie wartet! \n Sie geht", GERMAN, []),
        ("@user Sie kommt 😀 Sie geht", GERMAN, []),
        ("DU und Du und du, Dunkel", GERMAN, ["du", "du", "du"]),
        ("ſie du", GERMAN, ["du"]),
        ("田中さんはたくさん食べた", JAPANESE, ["さん"]),
        ("do the needful, you needful", {"in": ("do the needful",)}, ["do the needful"]),
        ("a.b", {"x": ("a.b",)}, ["a.b"]),
        ("acb", {"x": ("a.b",)}, []),
        ("निशान न", {"x": ("न",)}, ["न"]),
        ("", FRENCH, []),
        ("anything", {}, []),
    ],
)
def test_markers_are_found_as_whole_words(text, groups, expected):
    assert forms(text, groups) == expected


def test_marker_says_its_group():
    (marker,) = find_markers("prenez", FRENCH)
    assert (marker.form, marker.group) == ("-ez", "vous")


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({"tu": ["te"], "vos": ["te"]}, "'te' stands twice, in 'tu' and 'vos'; keep it in one"),
        ({"tu": ["te", "te"]}, "'te' stands twice, in 'tu'; keep it in one group, once"),
        ({"tu": []}, "group 'tu' is empty; list its markers, or leave it out"),
        ({}, "no group has markers; name one beside 'ignored', or leave it out"),
        ({"ignored": ["te"]}, "no group has markers; name one beside 'ignored'"),
        ({"tu": [""]}, "group 'tu': marker '' is empty, or begins or ends with a space"),
        ({"tu": ["-"]}, "marker '-' is empty, or begins or ends with a space"),
        ({"tu": ["te "]}, "marker 'te ' is empty, or begins or ends with a space"),
        ({"tu": [False]}, "Input should be a valid string"),
    ],
)
@pytest.mark.parametrize("name", ["address_forms", "dialect_markers", "switched_words"])
def test_list_that_marks_nothing_or_two_things_is_refused(make_parameters, name, groups, message):
    with pytest.raises(ValidationError, match=message):
        make_parameters(**{name: {"es": groups}})


@pytest.mark.parametrize("name", ["address_forms", "dialect_markers", "switched_words"])
def test_list_of_an_unknown_language_is_refused_with_the_near_one(make_parameters, name):
    with pytest.raises(ValidationError, match="'spa' is not a BCP-47 tag; did you mean 'es'\\?"):
        make_parameters(**{name: {"spa": {"tu": ["te"]}}})


def test_null_takes_a_language_or_a_group_away():
    lists = {"es": None, "fr": {"tu": None, "vous": ["vous"]}}
    markers = TypeAdapter(MarkersByLanguage).validate_python(lists)
    assert markers == {"fr": {"vous": ("vous",)}}
