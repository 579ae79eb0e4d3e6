"""Relevant pairs on their way to examples: optional columns, ids, duplicates and leaks."""

import json

import pandas as pd
import pytest

from ccnlp.corpora.curation import curate_corpus, find_held_out_texts, keep_out
from ccnlp.corpora.entry import CorporaParameters
from ccnlp.corpora.reading import read_corpus
from ccnlp.corpora.selection import select_examples, select_rejected
from ccnlp.errors import ConfigurationError
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

RETRIEVAL = {
    "query_prefix": "",
    "passage_prefix": "",
    "temperature": 0.05,
    "is_symmetric": True,
    "negatives": "given",
    "num_negatives": 1,
    "dimensions": [],
}
COLUMNS = {"query": "query", "passage": "passage", "passage_language": "to"}
LONG = "A long passage of a hundred characters and more that several questions can be asked about. "


@pytest.fixture
def tasks():
    entry = {"kind": "retrieval", "loss_weight": 1, "options": RETRIEVAL}
    return build_tasks(TasksParameters.model_validate({"finding": entry}))


@pytest.fixture
def curate_pairs(tmp_path, tasks, ingestion):
    """Reads and curates rows of a file as one corpus."""

    def curate(rows, columns=COLUMNS, **changes):
        path = tmp_path / "pairs.jsonl"
        lines = [json.dumps({"to": "en", "split": "train"} | row) for row in rows]
        path.write_text("\n".join(lines), encoding="utf-8")
        entry = {
            "reader": "json_lines",
            "path": "pairs.jsonl",
            "task": "finding",
            "columns": columns,
            "language": "en",
            "split": {"column": "split"},
            "licence": "mine",
        } | changes
        batches = read_corpus(
            "pairs",
            CorporaParameters.model_validate({"pairs": entry}).entries()["pairs"],
            raw_folder=tmp_path,
            tasks=tasks,
        )
        return curate_corpus(
            "pairs", batches, task=tasks["finding"], ratios=None, parameters=ingestion
        )

    return curate


def reasons(rows):
    return ["" if pd.isna(reason) else reason for reason in rows["rejection_reason"]]


def test_optional_columns_may_be_missing_in_an_entry_and_empty_in_a_row(curate_pairs, tasks):
    columns = {**COLUMNS, "negatives": "negatives", "query_group": "key"}
    plain = [{"query": "who is it", "passage": "She is."}]
    rows = [
        {**plain[0], "negatives": ["  not\tso. ", " "], "key": 1},
        {"query": "when was it", "passage": "Now.", "negatives": [], "key": " "},
        {"query": "where was it", "passage": "Here.", "negatives": None},
    ]

    without = select_examples(curate_pairs(plain), tasks=tasks)
    kept = select_examples(curate_pairs(rows, columns), tasks=tasks)

    assert "negatives" not in without
    assert [texts if texts is None else list(texts) for texts in kept["negatives"]] == [
        ["not so."],
        None,
        None,
    ]
    assert kept["query_group"].fillna("").tolist() == ["1", "", ""]


def test_optional_column_of_another_type_is_rejected(curate_pairs):
    rows = curate_pairs(
        [{"query": "who", "passage": "She.", "negatives": "no list"}] * 2,
        {**COLUMNS, "negatives": "negatives"},
    )

    assert reasons(rows) == ["negatives is no list"] * 2


def test_negative_that_is_too_long_or_binary_rejects_its_row(curate_pairs, ingestion):
    most = ingestion.cleaning.max_characters
    rows = curate_pairs(
        [
            {"query": "who", "passage": "She.", "negatives": ["He.", "n" * (most + 1)]},
            {"query": "when", "passage": "Now.", "negatives": ["a\x00b"]},
        ],
        {**COLUMNS, "negatives": "negatives"},
    )

    assert rows["rejected_by"].tolist() == ["cleaning", "reading"]
    assert reasons(rows)[0].startswith(f"the text in negatives has {most + 1:,} characters")
    assert reasons(rows)[1] == "negatives has an item that is no text"


def test_unknown_column_of_an_entry_suggests_an_optional_one(curate_pairs):
    with pytest.raises(ConfigurationError, match=r"no column 'negative'; did you mean 'negatives'"):
        curate_pairs([{}], {**COLUMNS, "negative": "x"})


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"passage": "She."}, "query is empty"),
        ({"query": " ", "passage": "She."}, "query is empty"),
        ({"query": "who"}, "passage is empty"),
        ({"query": "who", "passage": "\u200b"}, "the passage is empty"),
        ({"query": "who", "passage": "who"}, "the passage is the query itself"),
        ({"query": "who", "passage": "She.", "to": "eng"}, "did you mean 'en'"),
    ],
)
def test_pair_that_is_none_is_rejected(curate_pairs, row, reason):
    rows = curate_pairs([row, {"query": "when", "passage": "Now."}])

    assert reason in reasons(rows)[0]
    assert reasons(rows)[1] == ""


def test_query_may_have_several_passages_without_conflict(curate_pairs, tasks):
    rows = curate_pairs(
        [
            {"query": "who", "passage": "She."},
            {"query": "who", "passage": "Ella.", "to": "es"},
            {"query": "who", "passage": "She."},
        ]
    )

    assert rows["conflicting_labels"].isna().all()
    assert reasons(rows)[:2] == ["", ""]
    assert reasons(rows)[2] == f"the same text as example {rows['id'][0]}"
    assert select_examples(rows, tasks=tasks)["id"].is_unique
    assert json.loads(select_rejected(rows, tasks=tasks)["content"][0])["passage"] == "She."


def test_questions_about_one_long_passage_are_not_nearly_the_same(curate_pairs):
    rows = curate_pairs(
        [
            {"query": "Who wrote it down at first?", "passage": LONG * 3},
            {"query": "When did all that happen?", "passage": LONG * 3},
        ]
    )

    assert reasons(rows) == ["", ""]


def test_language_is_that_of_the_query(curate_pairs):
    english = "This is a sentence that is surely written in the English language by somebody."
    german = "Das hier ist ein Satz, der ganz sicher in deutscher Sprache geschrieben worden ist."

    rows = curate_pairs([{"query": english, "passage": german, "to": "de"}])

    assert rows["detected_language"].tolist() == ["en"]


def test_query_of_train_that_stands_in_test_leaves_and_a_passage_may_stay(
    curate_pairs, tasks, ingestion
):
    rows = curate_pairs(
        [
            {"query": "who is it", "passage": "She is."},
            {"query": "when is it", "passage": "He is."},
            {"query": "who is it", "passage": "He is.", "split": "test"},
        ]
    )
    held_out = find_held_out_texts(rows, tasks=tasks, parameters=ingestion.deduplication)

    checked = keep_out(
        rows,
        held_out={"pairs": lambda: held_out},
        tasks=tasks,
        parameters=ingestion.deduplication,
    )

    assert [reason.startswith("the same text stands in test") for reason in reasons(checked)] == [
        True,
        False,
        False,
    ]
