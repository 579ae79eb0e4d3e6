import pytest

from ccnlp.augmentation.translator import TRANSLATORS, TranslatorParameters, build_translator
from ccnlp.errors import ConfigurationError, TranslationError


def test_translate_keeps_order_and_blank_texts(toy_translator):
    texts = ["a b", "", "c", " \n"]
    assert toy_translator().translate(texts, source="en", target="es") == [
        "es b a",
        "",
        "es c",
        " \n",
    ]


def test_translate_no_texts(toy_translator):
    assert toy_translator().translate([], source="en", target="es") == []


@pytest.mark.parametrize("given", [[], ["x"], ["x", "y", "z"]])
def test_translate_refuses_another_number_of_texts(toy_translator, given, monkeypatch):
    translator = toy_translator()
    monkeypatch.setattr(translator, "translate_rows", lambda texts, **_: given)
    with pytest.raises(TranslationError, match=rf"toy en>es: 2 texts in, {len(given)} out"):
        translator.translate(["a", "b"], source="en", target="es")


def test_translate_without_the_direction_names_both_ways_on(toy_translator):
    with pytest.raises(TranslationError) as caught:
        toy_translator().translate(["a"], source="en", target="tlh")
    assert "en>tlh" in str(caught.value)
    assert "toy-get install" in str(caught.value)
    assert "augmentation.is_enabled=false" in str(caught.value)


def test_build_translator_suggests_the_near_name():
    with pytest.raises(ConfigurationError, match="did you mean 'apertium'"):
        build_translator(TranslatorParameters(name="apertum", timeout_seconds=1))


def test_registered_names_are_the_classes_own():
    assert {name: TRANSLATORS.get(name).name for name in TRANSLATORS} == {"apertium": "apertium"}
