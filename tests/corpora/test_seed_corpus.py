"""The seed corpus keeps what its README promises."""

import unicodedata
from pathlib import Path

import pandas as pd
import pytest

from ccnlp.corpora.deduplication import DeduplicationParameters, remove_duplicates
from ccnlp.corpora.similarity import text_key
from ccnlp.cultures import base_language
from ccnlp.examples import stable_hash

FOLDER = Path(__file__).parents[2] / "data" / "01_raw" / "seed_corpus"


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    tables = [
        pd.read_csv(path, dtype="str", keep_default_na=False).assign(file=path.stem)
        for path in sorted(FOLDER.glob("*.csv"))
    ]
    return pd.concat(tables, ignore_index=True)


def test_seed_corpus_has_the_sizes_that_its_readme_states(rows):
    assert len(rows) == 1008
    assert rows["language"].nunique() == 18
    assert rows["language"].map(base_language).nunique() == 17
    assert rows["culture"].nunique() == 26
    assert set(rows["file"]) == set(rows["language"] + "-" + rows["culture"])


def test_seed_corpus_has_every_label_equally_often_in_every_file_and_split(rows):
    counts = rows.groupby(["file", "label", "split"]).size().unstack()

    assert set(rows["label"]) == {"negative", "neutral", "positive"}
    assert (counts["train"] == 6).all()
    assert (counts["validation"] == 2).all()
    assert (counts["test"] == 4).all()


def test_seed_corpus_texts_are_normalised_and_about_four_in_ten_plain(rows):
    assert all(unicodedata.is_normalized("NFC", text) for text in rows["text"])
    assert (rows["text"] == rows["text"].str.strip()).all()
    assert 0.35 < (rows["phenomenon"] == "plain").mean() < 0.45


def test_seed_corpus_has_no_duplicates_in_or_across_cultures(rows):
    parameters = DeduplicationParameters(
        conflicting_labels="keep", near_threshold=0.7, ngram=5, min_characters=20
    )
    # One place and one label, so that every text is compared with every other.
    everything = rows.assign(
        id=rows.index.astype("str"),
        text_hash=[stable_hash([text_key(text)]) for text in rows["text"]],
        language="und",
        culture="und",
        split="train",
        label="any",
        rejected_by=pd.Series(pd.NA, index=rows.index, dtype="string"),
        rejection_reason=pd.Series(pd.NA, index=rows.index, dtype="string"),
    )

    kept = remove_duplicates(everything, everything["text"], ["label"], parameters)

    assert kept["rejected_by"].isna().all(), kept["rejection_reason"].dropna().tolist()
