import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccnlp.augmentation.segments import join, split, tidy


def translatable(text):
    return [segment.text for segment in split(text) if segment.is_translatable]


@given(st.text())
def test_joined_segments_are_the_text(text):
    segments = split(text)
    assert "".join(segment.text for segment in segments) == text
    assert all(segment.text for segment in segments)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see https://x.y/z?a=b now", ["see", "now"]),
        ("link: http", ["link:"]),
        ("@maria hola #playa_2024!", ["hola"]),
        ("de l'#écologie", ["de"]),
        ("[#énergie] oui", ["oui"]),
        ("good👍🏽 bad👨‍👩‍👧 🇪🇸", ["good", "bad"]),
        ("nice :) or ;-( <3 xD", ["nice", "or"]),
        ("f**k this *sigh*", ["this"]),
        ("AT&amp;T me@mail.org", ["AT", "T"]),
        ("a\0b\nc", ["a", "b", "c"]),
        ("and/or {x} ^y$ [z] a\\b <i>", ["and", "or", "x", "y", "z", "a", "b", "i"]),
        ("word " + "a" * 100_000, ["word"]),
        ("12:30, 50 % ...", []),
        ("😀😀", []),
        ("", []),
        ("مرحبا @user كيف", ["مرحبا", "كيف"]),
        ("C'est l'été", ["C'est l'été"]),
    ],
)
def test_split_shows_only_words_to_a_translator(text, expected):
    assert translatable(text) == expected


def test_join_keeps_white_space_and_what_is_protected():
    segments = split("  I love  #pizza\tand you 😍")
    assert join(segments, ["Adoro ", "y  tú"]) == "  Adoro  #pizza\ty tú 😍"


@pytest.mark.parametrize(
    ("translation", "like", "expected"),
    [
        ("The comics", "los", "the comics"),
        ("la casa", "The", "La casa"),
        ("I am", "soy", "I am"),
        ("I'm", "soy", "I'm"),
        ("NASA said", "la", "NASA said"),
        ("", "x", ""),
        ("  two   spaces ", "x", "two spaces"),
    ],
)
def test_tidy(translation, like, expected):
    assert tidy(translation, like=like) == expected
