import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccnlp.corpora import cleaning
from ccnlp.corpora.cleaning import CleaningParameters, clean_rows, clean_text

PARAMETERS = CleaningParameters(max_characters=50_000, mends_mojibake=True)

UNTOUCHED = {
    "case": "SO GOOD, Straße, İstanbul",
    "family joined": "👨‍👩‍👧‍👦 at the beach",
    "skin tone": "👍🏽",
    "variation selector": "❤️ and ☺︎",
    "flag": "🇲🇽🇪🇸",
    "zero-width non-joiner": "می‌خواهم",
    "zero-width joiner": "क्‍ष",
    "arabic diacritics": "كِتَابٌ",
    "yoruba tones": "ọjọ́ ìbí",
    "full width": "ＡＢＣ１２３！",
    "right-to-left mark": "שלום\u200f (abc)",
    "isolates": "\u2067مرحبا\u2069 ok",
    "thai": "อร่อยมาก",
    "word boundary of khmer": "ខ្មែរ\u200bល្អ",
    "french accents": "À Â É Ça œuvre Ãâ",
    "portuguese": "NÃO É À TOA",
    "vietnamese": "Tôi không thích nó",
    "cyrillic": "В Риме «всё» ёж",
    "quotes": "“l’été” — 20 €",
    "soft hyphen": "Donau\u00addampf",
    "compatibility": "㎏ ﬁ ½",
}


@pytest.mark.parametrize("text", UNTOUCHED.values(), ids=UNTOUCHED)
def test_clean_text_with_meaning_in_its_form_stays(text: str) -> None:
    assert clean_text(text) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  two \t words\r\n", "two words"),
        ("a\u00a0b\u3000c\u2028d", "a b c d"),
        ("cafe\u0301", "caf\u00e9"),
        ("\ufeffstart", "start"),
        ("a\x07b\x1bc\x7f", "abc"),
        ("one\x1ftwo", "one two"),
        ("schÃ¶n", "schön"),
        ("lâ€™Ã©tÃ©", "l’été"),
        ("don\x92t", "don’t"),
        ("ðŸ˜‚ lol", "😂 lol"),
        ("РџСЂРёРІРµС‚", "Привет"),
        ("Ø§Ù„Ø³Ù„Ø§Ù…", "السلام"),
    ],
)
def test_clean_text_with_damage_is_mended(before: str, after: str) -> None:
    assert clean_text(before) == after


def test_clean_text_keeps_mojibake_where_it_is_told_to() -> None:
    assert clean_text("schÃ¶n", mends_mojibake=False) == "schÃ¶n"


@pytest.mark.parametrize("text", UNTOUCHED.values(), ids=UNTOUCHED)
def test_clean_text_read_with_the_wrong_page_comes_back(text: str) -> None:
    wrong = text.encode().decode("latin-1")
    if text.isascii() or unicodedata.normalize("NFC", text) != text:
        pytest.skip("nothing to mend")
    assert clean_text(wrong) == text


@given(st.text())
def test_clean_text_twice_is_once(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once


@given(st.text(alphabet="Ã¶â€™Ð¿Ñ€ \x80\x92\xa0é̈\u200dabc"))
def test_clean_text_of_what_looks_like_mojibake_twice_is_once(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once


@given(st.text())
def test_clean_text_has_no_stray_blank_and_no_control_character(text: str) -> None:
    cleaned = clean_text(text)
    assert cleaned == " ".join(cleaned.split())
    assert not any(unicodedata.category(c) == "Cc" for c in cleaned.replace("\x00", ""))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the text is empty"),
        (" \n\u3000 ", "the text is empty"),
        ("\u200b\u200d\ufe0f", "the text is empty"),
        ("\u3164 \u2800\uffa0\u115f", "the text is empty"),
        ("a\x00b", "the text has null bytes: it is binary, or UTF-16 read as something else"),
        (
            "x" * 100_000,
            "the text has 100,000 characters, more than 50,000 (ingestion.cleaning.max_characters)",
        ),
    ],
)
def test_clean_rows_rejects_what_is_no_text(make_rows, text: str, reason: str) -> None:
    rows = clean_rows(make_rows([{"text": text}, {"text": "fine"}]), ["text"], PARAMETERS)

    assert rows["rejected_by"].fillna("").tolist() == ["cleaning", ""]
    assert rows["rejection_reason"].fillna("").tolist() == [reason, ""]


def test_mojibake_is_not_looked_for_in_texts_too_long_for_any_mending(
    make_rows, monkeypatch
) -> None:
    looked_at = []

    def look(text: str) -> str:
        looked_at.append(len(text))
        return text

    monkeypatch.setattr(cleaning, "mend_encoding", look)
    texts = ["schÃ¶n " * 100_000, "schÃ¶n" + " " * 500_000, "Ã¶" * 60_000]
    rows = clean_rows(make_rows([{"text": text} for text in texts]), ["text"], PARAMETERS)

    assert rows["rejected_by"].fillna("").tolist() == ["cleaning", "", "cleaning"]
    assert set(looked_at) == {6, 120_000}


def test_clean_rows_says_what_was_mended(make_rows) -> None:
    texts = ["fine", "schÃ¶n", " blank ", "ðŸ˜‚ "]
    rows = clean_rows(make_rows([{"text": text} for text in texts]), ["text"], PARAMETERS)

    assert rows["text"].tolist() == ["fine", "schön", "blank", "😂"]
    assert rows["mended"].fillna("").tolist() == ["", "encoding", "characters", "encoding"]


def test_clean_rows_leaves_rejected_rows_alone(make_rows) -> None:
    read = make_rows([{"text": None, "rejected_by": "reading", "rejection_reason": "ragged"}])
    rows = clean_rows(read, ["text"], PARAMETERS)

    assert rows["rejection_reason"].tolist() == ["ragged"]
    assert rows["text"].isna().all()


def test_text_that_targets_are_cut_out_of_stays_as_it_is(make_rows) -> None:
    texts = ["schÃ¶n  und ", "\u200b", "a\x00b"]
    read = make_rows([{"text": text, "question": " why "} for text in texts])

    rows = clean_rows(read, ["question", "text"], PARAMETERS, quoted_column="text")

    assert rows["text"].tolist() == texts
    assert rows["question"].tolist() == ["why"] * 3
    assert rows["mended"].tolist() == ["characters"] * 3
    assert rows["rejection_reason"].fillna("").tolist() == [
        "",
        "the text is empty",
        "the text has null bytes: it is binary, or UTF-16 read as something else",
    ]
