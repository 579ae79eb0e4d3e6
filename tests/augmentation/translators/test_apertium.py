import os
import stat

import pytest

from ccnlp.augmentation.translator import TranslatorParameters
from ccnlp.augmentation.translators.apertium import Apertium
from ccnlp.errors import TranslationError

BLEEDING = [
    *("The kick the", "bucket of water", "I don't", "know what", "New", "York is nice", "take"),
    *("off the plane", "It looks nothing", "like", "The United States of", "America", "would have"),
    *(
        "been nice",
        "because",
        "of",
        "not",
        "at all",
        "as soon",
        "as possible",
        "12",
        "th of May",
        "Mr.",
    ),
]
"""Neighbours that make an expression together, most without a full stop."""


@pytest.mark.parametrize(("source", "target"), [("en", "es"), ("pt", "es")])
def test_no_word_crosses_rows(apertium, source, target):
    if not apertium.supports(source, target):
        pytest.skip(apertium.missing_message([(source, target)]))
    together = apertium.translate(BLEEDING, source=source, target=target)
    alone = [apertium.translate([text], source=source, target=target)[0] for text in BLEEDING]
    assert together == alone
    backwards = apertium.translate(BLEEDING[::-1], source=source, target=target)
    assert backwards[::-1] == together


def test_translations_are_translations(apertium):
    texts = ["The house is white.", "my friend", "She reads a book"]
    expected = ["La casa es blanca.", "mi amigo", "Lee un libro"]
    assert apertium.translate(texts, source="en", target="es") == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "[x] {y} ^z$ \\ / @ < >",
            "😀😀",
            "مرحبا بالعالم",
            "@user https://x.y/z #tag",
            "***",
            "12%",
        ),
        *("\\[", "^", "a" * 100_000, "[][0]", ".[][7]", "<b>", "\ud800"),
    ],
)
def test_what_is_no_english_comes_back_as_it_was(apertium, text):
    assert apertium.translate(["my house", text, "my dog"], source="en", target="es") == [
        "mi casa",
        text,
        "mi perro",
    ]


def test_marks_of_the_user_survive_and_the_engine_adds_none(apertium):
    text = "blarghify *really* the #house of @maria, the C# book :)"
    (translation,) = apertium.translate([text], source="en", target="es")
    assert translation == "blarghify *really* el #house de @maria, el C# libro :)"


def test_line_breaks_and_null_bytes_stay_inside_their_row(apertium):
    texts = ["my house\nmy dog", "my\0dog", "my cat"]
    expected = ["mi casa\nmi perro", "mi\0perro", "mi gato"]
    assert apertium.translate(texts, source="en", target="es") == expected


def test_long_text_is_translated(apertium):
    (translation,) = apertium.translate(["my house. " * 10_000], source="en", target="es")
    assert translation.casefold() == "mi casa. " * 10_000


def test_supports_by_bcp_47_and_region(apertium):
    assert apertium.supports("es-MX", "en")
    assert not apertium.supports("en", "tlh")
    assert not apertium.supports("es-Cyrl", "en")
    if apertium.supports("es", "pt"):
        assert "es-pt_BR" in apertium.revision("es", "pt-BR")
        assert "es-pt " in apertium.revision("es", "pt-PT")


def test_revision_names_engine_mode_and_data(apertium):
    engine, mode, data = apertium.revision("en", "es").rsplit(" ", 2)
    assert engine[0].isdigit()
    assert mode == "eng-spa"
    assert len(data) == 8


def test_missing_pair_names_its_package(apertium):
    with pytest.raises(
        TranslationError, match=r"is>en.*apt-get install apertium apertium-isl-eng;.*is_enabled"
    ):
        apertium.translate(["x"], source="is", target="en")


def test_pair_without_a_package_says_so(apertium):
    assert "no package has yo>en: mend augmentation.routes" in apertium.how_to_install(
        [("yo", "en")]
    )


def test_without_the_engine_nothing_is_supported(monkeypatch):
    monkeypatch.setenv("PATH", "")
    translator = Apertium(TranslatorParameters(name="apertium", timeout_seconds=1))
    assert not translator.supports("en", "es")
    with pytest.raises(TranslationError, match="sudo apt-get install apertium apertium-eng-spa"):
        translator.translate(["x"], source="en", target="es")


@pytest.fixture
def fake_engine(tmp_path, monkeypatch):
    """A script in the place of `apertium`, with a mode for English to Spanish."""

    def make(script, timeout_seconds=5.0):
        command = tmp_path / "apertium"
        command.write_text(f"#!/bin/sh\n{script}\n")
        command.chmod(command.stat().st_mode | stat.S_IEXEC)
        (tmp_path / "modes").mkdir()
        (tmp_path / "modes" / "eng-spa.mode").write_text("cat")
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        monkeypatch.setenv("APERTIUM_DATADIR", str(tmp_path))
        return Apertium(TranslatorParameters(name="apertium", timeout_seconds=timeout_seconds))

    return make


def test_timeout_ends_the_whole_pipe(fake_engine):
    translator = fake_engine("sleep 60 | cat", timeout_seconds=0.2)
    with pytest.raises(
        TranslationError, match=r"longer than 0\.2 s for 1 texts; raise augmentation"
    ):
        translator.translate(["x"], source="en", target="es")


@pytest.mark.parametrize(
    "script", ["exit 1", "kill -9 $$", "printf 'other[][7]\\0'", "cat >/dev/null"]
)
def test_crash_names_the_text(fake_engine, script):
    with pytest.raises(TranslationError, match="crashed on 'my house'; leave its route out"):
        fake_engine(script).translate(["my house"], source="en", target="es")


def test_rows_that_are_lost_are_asked_for_again(fake_engine):
    translator = fake_engine("head -z -n 2")
    texts = ["one", "two", "three", "four", "five"]
    assert translator.translate(texts, source="en", target="es") == texts
