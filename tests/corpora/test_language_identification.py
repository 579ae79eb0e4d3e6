import socket

import pytest
from pydantic import TypeAdapter, ValidationError

from ccnlp.corpora.language_identification import (
    MODEL_CODES,
    LanguageIdentificationParameters,
    detect_language,
    identify_languages,
    known_languages,
    score_languages,
)
from ccnlp.cultures import LanguageTag

ITALIAN = "Questo telefono è davvero ottimo, lo consiglio a tutti senza esitazione"
HINDI = "यह फ़ोन बहुत अच्छा है और मुझे इसका कैमरा पसंद आया"
ROMANISED = "Today is a great day yaar, movie bahut acchi thi and everyone loved it so much"
CROATIAN = "Ovaj film je bio stvarno odličan i preporučujem ga svima koji vole drame"
YORUBA = "Ounjẹ yìí dùn gan-an, mo fẹ́ràn rẹ̀ púpọ̀"
INDONESIAN = "Makanan di sini enak sekali dan pelayanannya sangat ramah"


def identify(make_rows, ingestion, rows, **changes):
    parameters = ingestion.language_identification.model_copy(update=changes)
    table = make_rows([{"language": language, "text": text} for language, text in rows])
    return identify_languages(table, table["text"], parameters)


def test_detect_language_needs_no_network(monkeypatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("asked for a network")

    monkeypatch.setattr(socket, "socket", refuse)
    language, score = detect_language(ITALIAN)
    assert language == "it"
    assert score > 0.9


def test_score_languages_gives_the_best_first() -> None:
    scores = score_languages(ITALIAN, num_languages=3)
    assert next(iter(scores)) == "it"
    assert len(scores) == 3
    assert list(scores.values()) == sorted(scores.values(), reverse=True)


def test_score_languages_reads_capitals_as_small_letters() -> None:
    small = score_languages(ITALIAN.lower(), num_languages=2)
    assert score_languages(ITALIAN.upper(), num_languages=2) == small


def test_known_languages_are_those_of_the_model() -> None:
    assert len(known_languages()) == 176
    assert {"sw", "yo", "zh", "arz"} <= known_languages()


def test_model_codes_are_those_that_are_no_tags() -> None:
    tag = TypeAdapter(LanguageTag)
    others = set()
    for code in known_languages():
        try:
            tag.validate_python(code)
        except ValidationError:
            others.add(code)
    assert others == MODEL_CODES


@pytest.mark.parametrize(
    "values",
    [
        {"thresholds": {"swa": 0.9}},
        {"unjudged": ["swa"]},
        {"romanised": ["swa"]},
        {"alike": [["sh", "als", "swa"]]},
    ],
)
def test_languages_that_are_none_are_refused_with_the_near_one(ingestion, values) -> None:
    defaults = ingestion.language_identification.model_dump()
    with pytest.raises(ValidationError, match="'swa' is not a BCP-47 tag; did you mean 'sw'"):
        LanguageIdentificationParameters.model_validate({**defaults, **values})


def test_identify_languages_flags_another_language(make_rows, ingestion) -> None:
    rows = identify(make_rows, ingestion, [("de", ITALIAN), ("it", ITALIAN), ("it-CH", ITALIAN)])

    assert rows["detected_language"].tolist() == ["it", "it", "it"]
    assert rows["detected_language_score"].between(0.9, 1).all()
    assert rows["is_language_suspect"].tolist() == [True, False, False]
    assert rows["rejected_by"].isna().all()


def test_identify_languages_rejects_where_configured(make_rows, ingestion) -> None:
    rows = identify(make_rows, ingestion, [("de", ITALIAN), ("it", ITALIAN)], action="reject")

    assert rows["rejected_by"].fillna("").tolist() == ["language_identification", ""]
    reason = rows["rejection_reason"].iloc[0]
    assert reason.startswith("the text seems to be in 'it' (score ")
    assert reason.endswith("), not in 'de'")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "ok 👍"),  # too short
        ("de", "@anna https://example.org/una-pagina-molto-lunga #bellissimo"),  # no words
        ("tlh", ITALIAN),  # the model doesn't know Klingon
        ("yo", ITALIAN),  # nor Yoruba well
        ("und", ITALIAN),
        ("sr", CROATIAN),
        ("bs", CROATIAN),
        ("ms", INDONESIAN),
        ("hi", ROMANISED),
        ("hi-Latn", ROMANISED),
        ("yo", YORUBA),
        ("zh-Hant", "這家店的服務真的非常好，下次一定還會再來光顧，推薦給大家"),
        ("nb", "Dette var en veldig god film som jeg vil anbefale til alle"),
    ],
)
def test_identify_languages_is_tolerant(make_rows, ingestion, language: str, text: str) -> None:
    rows = identify(make_rows, ingestion, [(language, text)], action="reject")

    assert rows["is_language_suspect"].tolist() == [False]
    assert rows["rejected_by"].isna().all()


def test_identify_languages_knows_scripts(make_rows, ingestion) -> None:
    rows = identify(make_rows, ingestion, [("hi", HINDI), ("it", HINDI), ("hi", INDONESIAN)])

    assert rows["detected_language"].tolist() == ["hi", "hi", "id"]
    assert rows["is_language_suspect"].tolist() == [False, True, False]


def test_identify_languages_takes_capitals_for_letters(make_rows, ingestion) -> None:
    rows = identify(make_rows, ingestion, [("it", ITALIAN.upper())])
    assert rows["detected_language"].tolist() == ["it"]


def test_identify_languages_has_thresholds_by_language(make_rows, ingestion) -> None:
    wrong = [("de", ITALIAN), ("de-AT", ITALIAN), ("fr", ITALIAN)]
    rows = identify(make_rows, ingestion, wrong, thresholds={"de": 1.0, "de-AT": 0.5})

    assert rows["is_language_suspect"].tolist() == [False, True, True]


@pytest.mark.parametrize("changes", [{"unjudged": ["de-AT"]}, {"romanised": ["de-AT"]}])
def test_identify_languages_leaves_a_regional_tag_unjudged(make_rows, ingestion, changes) -> None:
    rows = identify(make_rows, ingestion, [("de", ITALIAN), ("de-AT", ITALIAN)], **changes)
    assert rows["is_language_suspect"].tolist() == [True, False]


def test_identify_languages_gives_short_and_rejected_rows_no_verdict(make_rows, ingestion) -> None:
    table = make_rows(
        [{"text": "kurz"}, {"text": ITALIAN, "rejected_by": "reading", "rejection_reason": "x"}]
    )
    rows = identify_languages(table, table["text"], ingestion.language_identification)

    assert rows["detected_language"].isna().all()
    assert rows["detected_language_score"].isna().all()
    assert not rows["is_language_suspect"].any()
