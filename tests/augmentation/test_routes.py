import pytest

from ccnlp.augmentation.routes import Route, check_routes, routes_for, without_region
from ccnlp.errors import TranslationError

ROUTES = {"es": (("en",), ("ca", "fr")), "es-AR": (("pt",),), "hi": None}


@pytest.mark.parametrize(
    ("language", "pivots"),
    [
        ("es", ["en", "ca>fr"]),
        ("es-MX", ["en", "ca>fr"]),
        ("es-AR", ["pt"]),
        ("hi", []),
        ("zh-Hant", []),
        ("es-Cyrl", []),
        ("und", []),
    ],
)
def test_routes_for(language, pivots):
    routes = routes_for(language, ROUTES)
    assert [route.pivot for route in routes] == pivots
    assert {route.language for route in routes} <= {language}


def test_legs_of_a_chain():
    assert Route("es", ("ca", "fr")).legs == (("es", "ca"), ("ca", "fr"), ("fr", "es"))


@pytest.mark.parametrize(
    ("tag", "expected"), [("es-MX", "es"), ("zh-Hant-TW", "zh-Hant"), ("sw", "sw")]
)
def test_without_region(tag, expected):
    assert without_region(tag) == expected


def test_check_routes_passes(toy_translator):
    check_routes(ROUTES, toy_translator())


def test_check_routes_names_every_missing_direction(toy_translator, monkeypatch):
    translator = toy_translator()
    monkeypatch.setattr(translator, "supports", lambda source, target: "ca" not in (source, target))
    with pytest.raises(TranslationError, match="can't translate es>ca, ca>fr; install it: toy-get"):
        check_routes(ROUTES, translator)


def test_check_routes_refuses_no_pivots(toy_translator):
    with pytest.raises(TranslationError, match="'en' has a route without pivots"):
        check_routes({"en": ((),)}, toy_translator())
