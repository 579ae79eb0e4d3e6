import pytest

from ccnlp.cultures import (
    base_language,
    canonical_culture,
    for_language,
    language_name,
    parse_culture,
    parse_language,
    parse_region,
    regions,
)
from ccnlp.errors import ConfigurationError

WHERE = "corpus 'afro'"


@pytest.mark.parametrize(
    ("tag", "canonical"),
    [
        ("sw", "sw"),
        ("pt_br", "pt-BR"),
        ("ZH-hant", "zh-Hant"),
        ("es-419", "es-419"),
        ("tl", "tl"),
        ("und", "und"),
    ],
)
def test_language_is_given_in_its_canonical_form(tag, canonical):
    assert parse_language(tag, where=WHERE) == canonical


@pytest.mark.parametrize(
    ("tag", "hint"),
    [
        ("swa", "did you mean 'sw'?"),
        ("en_UK", "did you mean 'en-GB'?"),
        ("english", "did you mean 'en'?"),
        ("Yoruba", "did you mean 'yo'?"),
        ("12", "known are 'aa', 'ab'"),
    ],
)
def test_language_that_is_no_tag_is_refused_with_the_near_one(tag, hint):
    with pytest.raises(ConfigurationError) as error:
        parse_language(tag, where=WHERE)
    assert f"corpus 'afro': language {tag!r} is not a BCP-47 tag; {hint}" in str(error.value)
    assert str(error.value).endswith("(parameters/corpora.yml)")


def test_region_is_given_in_upper_case():
    assert parse_region("ke", where=WHERE) == "KE"
    assert parse_region("und", where=WHERE) == "und"


@pytest.mark.parametrize(
    ("code", "hint"),
    [("UK", "did you mean 'GB'?"), ("Kenya", "did you mean 'KE'?"), ("EU", "map it to one")],
)
def test_region_that_is_none_is_refused(code, hint):
    with pytest.raises(ConfigurationError) as error:
        parse_region(code, where=WHERE)
    assert f"region {code!r} is no ISO 3166 region such as 'GB'; {hint}" in str(error.value)


def test_culture_is_a_region_or_a_declared_group():
    assert parse_culture("ng", groups=["andes"], where=WHERE) == "NG"
    assert parse_culture("andes", groups=["andes"], where=WHERE) == "andes"


@pytest.mark.parametrize(
    ("code", "hint"), [("Andes", "did you mean 'andes'?"), ("nowhere", "map it to one")]
)
def test_culture_that_is_none_is_refused(code, hint):
    with pytest.raises(ConfigurationError) as error:
        parse_culture(code, groups=["andes"], where=WHERE)
    assert f"culture {code!r} is no ISO 3166 region" in str(error.value)
    assert "not in the entry's culture_groups" in str(error.value)
    assert hint in str(error.value)


def test_culture_of_a_parameter_is_given_in_its_canonical_form():
    assert canonical_culture("ng") == "NG"
    assert canonical_culture("andes", groups=["andes"]) == "andes"


@pytest.mark.parametrize(
    ("code", "groups", "message"),
    [
        ("UK", [], r"'UK' is no ISO 3166 region such as 'GB'; did you mean 'GB'\?"),
        ("Andes", ["andes"], "'GB' and no declared group; did you mean 'andes'"),
        (False, [], "YAML reads NO as a truth value; put the region in quotes"),
        (276, [], "276 is no ISO 3166 region"),
        ("und", [], "'und' is no ISO 3166 region"),
    ],
)
def test_culture_of_a_parameter_that_is_none_is_refused(code, groups, message):
    with pytest.raises(ValueError, match=message):
        canonical_culture(code, groups=groups)


def test_regions_are_iso_3166_with_english_names():
    assert regions()["KE"] == "Kenya"
    assert len(regions()) == 249 + 1  # Kosovo
    assert not {"EU", "ZZ", "001", "AC", "IC", "TA"} & regions().keys()


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("sw", "Swahili"),
        ("zh-Hant", "Chinese (Traditional)"),
        ("es-419", "Spanish (Latin America)"),
        ("sr-Latn-RS", "Serbian (Latin, Serbia)"),
        ("und", ""),
        ("qaa", ""),
        ("qaa-Latn", ""),
    ],
)
def test_language_name_is_english(tag, name):
    assert language_name(tag) == name


def test_base_language_is_the_primary_subtag():
    assert base_language("zh-Hant-TW") == "zh"


@pytest.mark.parametrize(("language", "value"), [("es-MX", 2), ("es-AR", 1), ("es", 1), ("fr", 0)])
def test_value_for_a_language_else_for_its_base_else_the_default(language, value):
    assert for_language({"es": 1, "es-MX": 2}, language, 0) == value
