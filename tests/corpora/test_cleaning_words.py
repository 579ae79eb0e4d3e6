import pandas as pd
import pytest

from ccnlp.corpora.cleaning import CleaningParameters
from ccnlp.corpora.cleaning_words import clean_words


@pytest.fixture
def clean():
    def clean(*lists, **changes):
        parameters = CleaningParameters(
            **({"max_characters": 20, "mends_mojibake": True} | changes)
        )
        rows = pd.DataFrame({"tokens": lists, "rejected_by": None, "rejection_reason": None})
        strings = dict.fromkeys(["rejected_by", "rejection_reason", "mended"], "string")
        return clean_words(rows.assign(mended=None).astype(strings), ["tokens"], parameters)

    return clean


def test_words_are_cleaned_one_by_one(clean):
    rows = clean(["schÃ¶n", "e\u0301"], ["ok"], [" a\x07 "])

    assert rows["tokens"].tolist() == [["schön", "é"], ["ok"], ["a"]]
    assert rows["mended"].fillna("").tolist() == ["encoding", "", "characters"]
    assert rows["rejected_by"].isna().all()


def test_word_of_which_nothing_is_left_stays_as_it_is(clean):
    rows = clean(["\ufeff", "a", "\u200b"])

    assert rows["tokens"].tolist() == [["\ufeff", "a", "\u200b"]]
    assert rows["mended"].isna().all()


def test_lists_that_say_nothing_or_too_much_are_rejected(clean):
    rows = clean(["\u200b", "\u200d"], ["a" * 10, "b" * 10], ["\ufeff", "\x01"], ["a"])

    assert rows["rejected_by"].fillna("").tolist() == ["cleaning"] * 3 + [""]
    assert rows["rejection_reason"].tolist()[:3] == [
        "the tokens is empty",
        "the tokens has 21 characters, more than 20 (ingestion.cleaning.max_characters)",
        "the tokens is empty",
    ]


def test_rejected_rows_stay_as_they_are(clean):
    rows = pd.DataFrame({"tokens": [None, ["e\u0301"]], "rejected_by": ["reading", pd.NA]})
    strings = dict.fromkeys(["rejected_by", "rejection_reason", "mended"], "string")
    rows = rows.assign(rejection_reason=pd.NA, mended=pd.NA).astype(strings)

    cleaned = clean_words(
        rows, ["tokens"], CleaningParameters(max_characters=9, mends_mojibake=True)
    )

    assert cleaned["tokens"].tolist() == [None, ["é"]]
