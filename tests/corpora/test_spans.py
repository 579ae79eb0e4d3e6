"""Places in texts that are cleaned."""

import pandas as pd
import pytest

from ccnlp.corpora.cleaning import clean_rows
from ccnlp.corpora.spans import follow_cleaning


@pytest.fixture
def follow(make_rows, ingestion):
    """Cleans a text and moves the place of an entity in it."""

    def clean(text, span):
        rows = make_rows([{"text": text}]).assign(entity=pd.Series([span], dtype="object"))
        cleaned = clean_rows(rows, ["text"], ingestion.cleaning)
        return follow_cleaning(cleaned, rows["text"], ["entity"], ingestion.cleaning).iloc[0]

    return clean


@pytest.mark.parametrize(
    ("text", "span", "entity"),
    [
        ("Ada has it", ["0", "3"], "Ada"),
        ("  Ada   has  it", ["13", "15"], "it"),
        ("schÃ¶n ist Ada", ["11", "14"], "Ada"),
        ("e\u0301t\u0301e of Ada ", ["8", "12"], "Ada"),
        ("a  Ada  Lovelace  b", ["2", "17"], "Ada Lovelace"),
    ],
)
def test_place_is_that_of_the_same_words_in_the_clean_text(follow, text, span, entity):
    row = follow(text, span)

    start, end = map(int, row["entity"])
    assert row["text"][start:end] == entity
    assert pd.isna(row["rejected_by"])


def test_place_whose_edge_cleaning_moves_within_a_character_rejects_the_row(follow):
    row = follow("cafe\u0301 here", ["0", "4"])

    assert row["rejected_by"] == "cleaning"
    assert row["rejection_reason"] == (
        "cleaning changed the text so that the place ['0', '4'] of entity can't be found in it"
    )
