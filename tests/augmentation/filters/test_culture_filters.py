"""Filters of what marks culture: address, variety, names and other languages inside a text."""

import numpy as np
import pytest

from ccnlp.augmentation.filtering import FILTERS, FilterContext
from ccnlp.augmentation.filters.code_switching import words_by_script
from ccnlp.augmentation.filters.names import find_names, fold

LISTS = {
    "address_forms": {
        "es": {"tú": ["tú", "te", "tu"], "usted": ["usted"], "señor": ["señor"]},
        "es-AR": {"vos": ["vos"]},
    },
    "dialect_markers": {"es": {"argentina": ["subte", "pibe"], "spain": ["-áis"]}},
    "switched_words": {"es": {"en": ["user friendly", "fake"]}},
}


@pytest.fixture
def score(make_round_trips, make_parameters):
    """The score of one filter, by name, for one pair."""

    def run(name, original, candidate, language="es"):
        context = FilterContext(lambda texts: texts, None, make_parameters(**LISTS))
        trips = make_round_trips([(original, candidate)], language=language)
        return FILTERS.get(name)().score(trips, context).tolist()

    return run


@pytest.mark.parametrize(
    ("name", "original", "candidate", "expected"),
    [
        ("honorifics", "¿Usted viene, señor?", "¿Tú vienes, señor?", 1 / 3),
        ("honorifics", "Te lo doy a ti, tú", "Te lo doy", 1.0),
        ("honorifics", "Viene", "Te viene", 0.0),
        ("honorifics", "Viene", "Vino", 1.0),
        ("dialect", "El pibe toma el subte", "El pibe toma el metro", 0.5),
        ("dialect", "El subte y el subte", "El subte y el metro", 0.5),
        ("dialect", "¿Cantáis?", "¿Tocáis?", 1.0),
        ("dialect", "¿Cantan?", "¿Cantáis?", 0.0),
        ("code_switching", "Es súper user friendly", "Es súper usar friendly", 0.0),
        ("code_switching", "Puro fake, ¿no?", "Puro fake", 1.0),
        ("code_switching", "Ella dice привет y 你好", "Ella dice hola y 你好", 0.5),
        ("code_switching", "Dice hola", "Dice привет", 0.0),
        ("code_switching", "Mira https://пример.рф 😀", "Mira 😀", 1.0),
        ("names", "Voy de Dakar a Thiès", "Voy de Dakar a Tiempo", 0.5),
        ("names", "Vive en Mar del Plata", "Vive en Mar de la Plata", 0.0),
        ("names", "Vive en São Paulo", "vive en SAO PAULO", 1.0),
        ("names", "Cargué la SUBE.", "Cargué la Sube.", 1.0),
        ("names", "Viene el Señor Paz", "Viene el caballero Paz", 1.0),
    ],
)
def test_scores_worked_by_hand(score, name, original, candidate, expected):
    assert score(name, original, candidate) == pytest.approx([expected])


@pytest.mark.parametrize("name", ["honorifics", "dialect"])
def test_language_without_lists_has_no_verdict(score, name):
    assert np.isnan(score(name, "te", "usted", language="yo")).all()


def test_regional_lists_take_the_place_of_the_languages(score):
    assert score("honorifics", "vos, usted", "vos", language="es-AR") == [1.0]
    assert score("honorifics", "vos, usted", "vos", language="es-MX") == [0.0]


def test_text_without_a_name_has_no_verdict(score):
    assert np.isnan(score("names", "Hola a todos", "Hola a Todos")).all()


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        (
            "Tomorrow I'm in Lagos and I see Ada's Bank of Accra",
            "en",
            {"lagos", "ada bank of accra"},
        ),
        ("Sorry. Next! @user Hello 😀 Nice", "en", set()),
        ("ASUU and McKay met", "en", {"asuu", "mckay"}),
        ("selon l'AIE et l’ONU", "fr", {"aie", "onu"}),
        ("I AM SO HAPPY", "en", set()),
        ("she is SO VERY happy, REALLY", "en", set()),
        ("Mexico is far from the Gulf of Guinea", "en", {"mexico", "gulf of guinea"}),
        ("le bus de Point E, à Saint-Louis", "fr", {"point e", "saint louis"}),
        ("der Zug nach Berlin hält in Österreich und beim TÜV", "de", {"osterreich", "tuv"}),
        ("मैं भारत में रहता हूँ", "hi", {"भारत"}),
        ("私は日本に住んでいます", "ja", {"日本"}),
        ("Nuna gaslae Xyz", "qaa", {"xyz"}),
        ("#Lagos and @Accra at https://Abuja.ng", "en", set()),
        ("", "en", set()),
    ],
)
def test_find_names(text, language, expected):
    assert find_names(text, language, {}) == expected


def test_titles_part_names_and_are_none():
    titles = {"doctor": ("dr",), "sir": ("sir",)}
    text = "She met Ada Dr Obi, and Sir, at the Bank of Lagos"
    assert find_names(text, "en", titles) == {"ada", "obi", "bank of lagos"}


def test_fold_keeps_the_vowel_signs_of_other_scripts():
    assert fold("São Tomé’s") == "sao tome"
    assert fold("हिन्दी") == "हिन्दी"


def test_japanese_is_one_script():
    assert words_by_script("東京でカレーを食べるtest") == {
        "Han": ["東京", "で", "カレ", "を", "食", "べる"],
        "Latin": ["test"],
    }


@pytest.mark.parametrize("name", ["honorifics", "dialect", "names", "code_switching"])
def test_bad_input_is_taken(score, name):
    for text in ("", "😀", "a\0b", "İstanbul'da ſ", "word " * 20_000, "\n", "'" * 1000):
        assert len(score(name, text, text)) == 1
