"""Public corpora, defects and all, read by configuration alone."""

import os
from pathlib import Path

import pandas as pd
import pytest

from ccnlp.corpora.entry import CorporaParameters
from ccnlp.corpora.reading import read_corpus
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

pytestmark = pytest.mark.corpora

CORPORA = Path(os.environ.get("CCNLP_CORPORA_DIR", "not set"))
NEWS = ["business", "entertainment", "health", "politics", "religion", "sports", "technology"]
TOPICS = [
    "entertainment",
    "geography",
    "health",
    "politics",
    "science/technology",
    "sports",
    "travel",
]


def read(labels, **entry):
    if not CORPORA.is_dir():
        pytest.skip(f"CCNLP_CORPORA_DIR names no folder of corpora: {CORPORA}")
    kind = {"kind": "sequence_classification", "loss_weight": 1.0, "labels": labels}
    tasks = build_tasks(TasksParameters.model_validate({"topic": kind}))
    corpora = CorporaParameters.model_validate({"c": {"task": "topic", "licence": "x"} | entry})
    batches = read_corpus("c", corpora.entries()["c"], raw_folder=CORPORA, tasks=tasks)
    return pd.concat(list(batches), ignore_index=True)


def test_umsab_has_its_published_counts():
    languages = ["arabic", "english", "french", "german", "hindi", "italian", "portuguese"]
    rows = read(
        ["0", "1", "2"],
        reader="parallel_lines",
        path="umsab/{language}/{split}_text.txt",
        path_values={"language": [*languages, "spanish"]},
        options={"files": {"label": "umsab/{language}/{split}_labels.txt"}},
        columns={"text": "text", "label": "label"},
        language={"column": "language", "default": "und", "map": {"arabic": "ar"}},
        split={"column": "split"},
    )
    assert rows["rejected_by"].isna().all()
    assert rows["split"].value_counts().to_dict() == {
        "train": 8 * 1839,
        "test": 8 * 870,
        "validation": 8 * 324,
    }
    assert rows.groupby(["split", "label"]).size().nunique() == 3  # balanced in each split


def test_quoted_tsv_of_long_articles_is_read_whole():
    rows = read(
        NEWS,
        reader="delimited",
        path="masakhanews/{language}/{split}.tsv",
        columns={"text": "text", "label": "category"},
        language={
            "column": "language",
            "map": {"eng": "en", "fra": "fr", "lug": "lg", "pcm": "pcm"},
        },
        split={"column": "split"},
    )
    assert rows["rejected_by"].isna().all()
    assert rows.groupby("language").size().to_dict() == {
        "en": 948,
        "fr": 422,
        "lg": 1104,
        "pcm": 1517,
    }


def test_tsv_with_quotes_around_some_sentences_is_read_whole():
    rows = read(
        TOPICS,
        reader="delimited",
        path="sib200/{language}/{split}.tsv",
        path_values={"language": ["swh_Latn", "tur_Latn"]},
        columns={"text": "text", "label": "category"},
        language={"column": "language", "map": {"swh_Latn": "sw", "tur_Latn": "tr"}},
        split={"column": "split"},
        group={"column": "index_id"},
    )
    assert rows["rejected_by"].isna().all()
    assert len(rows) == 2 * 1004
    assert rows["group"].nunique() == 1004
    assert not rows["text"].str.contains('""', regex=False).any()
    assert (rows.groupby("group")[["split", "label"]].nunique() == 1).all(axis=None)


def test_csv_with_line_breaks_and_quotes_in_posts_is_read_whole():
    rows = read(
        ["hate", "not hate"],
        reader="delimited",
        path="crehate/data/CREHate_final_annotations.csv",
        columns={"text": "Text", "label": "Singapore_Hate"},
        label_map={0: "not hate", 1: "hate"},
        language="en",
        culture="SG",
        ratios={"train": 0.8, "validation": 0.1, "test": 0.1},
    )
    assert rows["rejected_by"].isna().all()
    assert len(rows) == 1580


def test_conll_with_comments_gives_texts_and_intents():
    rows = read(
        ["AddToPlaylist", "BookRestaurant"],
        reader="conll",
        path="xsid/{language}.test.conll",
        path_values={"language": ["de-st", "gsw", "tr"]},
        options={"column_names": ["index", "token", "intent", "tag"], "delimiter": "\t"},
        columns={"text": "text", "label": "intent"},
        language={"column": "language", "map": {"de-st": "de"}},
        split="test",
    )
    assert rows.groupby("source").size().tolist() == [500, 500, 500]
    assert rows["text"].notna().all()


def test_document_of_records_by_key_is_read_whole():
    rows = read(
        ["irony detection", "other"],
        reader="json_lines",
        path="multipico/MP_{part}.json",
        path_values={"part": ["dev", "test"]},
        options={"records": "."},
        columns={"text": "text.reply", "label": "annotation task"},
        language={"column": "lang"},
        split={"column": "part"},
    )
    assert rows["rejected_by"].isna().all()
    assert rows["split"].value_counts().to_dict() == {"test": 3756, "validation": 3005}
