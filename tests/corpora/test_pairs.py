"""Pairs of texts, and texts with marked entities, from files to curated rows."""

import json

import pandas as pd
import pytest

from ccnlp.corpora.curation import curate_corpus
from ccnlp.corpora.reading import read_corpus
from ccnlp.corpora.selection import select_rejected
from ccnlp.corpora.similarity import parts_jaccard, parts_key
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

TASKS = build_tasks(
    TasksParameters.model_validate(
        {
            "inference": {
                "kind": "pair_classification",
                "loss_weight": 1,
                "labels": ["entailment", "contradiction"],
            },
            "similarity": {
                "kind": "pair_similarity",
                "loss_weight": 1,
                "options": {"score_range": [0, 5]},
            },
            "relation": {
                "kind": "relation_classification",
                "loss_weight": 1,
                "labels": ["none", "owns(e1,e2)"],
            },
        }
    )
)
COLUMNS = {
    "inference": {"text": "a", "other_text": "b", "label": "y"},
    "similarity": {"text": "a", "other_text": "b", "score": "y"},
    "relation": {"text": "a", "first_entity": "e", "second_entity": "f", "label": "y"},
}
PREMISE = "The old mill by the river was sold to a family from the next valley last spring"
ITALIAN = "Questo telefono è davvero ottimo, lo consiglio a tutti senza esitazione"


@pytest.fixture
def curate_records(tmp_path, make_entry, ingestion):
    """Reads and curates records as the corpus of a task."""

    def curate(task, records, **changes):
        lines = "\n".join(map(json.dumps, records))
        (tmp_path / "corpus.jsonl").write_text(lines, encoding="utf-8")
        entry = make_entry(
            **{"reader": "json_lines", "path": "corpus.jsonl", "split": "train"},
            **{"task": task, "columns": COLUMNS[task]} | changes,
        )
        batches = list(read_corpus("reviews", entry, raw_folder=tmp_path, tasks=TASKS))
        rows = curate_corpus(
            "reviews", batches, task=TASKS[task], ratios=entry.ratios, parameters=ingestion
        )
        assert len(rows) == len(records)
        return rows

    return curate


def reasons(rows):
    return rows["rejection_reason"].fillna("").tolist()


def test_pair_with_an_empty_side_is_rejected_with_its_name(curate_records):
    rows = curate_records(
        "inference",
        [
            {"a": "It rains", "b": " ", "y": "entailment"},
            {"a": None, "b": "It rains", "y": "entailment"},
            {"a": "It rains", "b": "\u200b", "y": "entailment"},
        ],
    )

    assert reasons(rows) == ["other_text is empty", "text is empty", "the other_text is empty"]


def test_score_that_is_none_is_rejected_with_its_value(curate_records):
    rows = curate_records(
        "similarity",
        [
            {"a": "It rains", "b": "It pours", "y": 4.5},
            {"a": "It rains", "b": "It snows", "y": 7},
            {"a": "It rains", "b": "It hails", "y": "much"},
        ],
    )

    assert reasons(rows) == [
        "",
        "score '7' is not within 0 to 5",
        "score 'much' is no number",
    ]
    assert rows["score"].tolist()[0] == "4.5"


def test_hypotheses_of_one_premise_are_pairs_of_their_own(curate_records):
    rows = curate_records(
        "inference",
        [
            {"a": PREMISE, "b": "A mill was sold", "y": "entailment"},
            {"a": PREMISE, "b": "It stood near water", "y": "entailment"},
            {"a": PREMISE + "!", "b": "A mill was sold.", "y": "entailment"},
        ],
    )

    first = rows["id"].iloc[0]
    assert reasons(rows) == ["", "", f"nearly the same text as example {first}"]


def test_where_one_side_ends_tells_pairs_apart(curate_records):
    rows = curate_records(
        "inference",
        [
            {"a": "It rains", "b": "today and tomorrow", "y": "entailment"},
            {"a": "It rains today", "b": "and tomorrow", "y": "entailment"},
            {"a": "it  RAINS", "b": "today and tomorrow", "y": "entailment"},
            {"a": "It rains", "b": "today and tomorrow", "y": "contradiction"},
        ],
    )

    first = rows["id"].iloc[0]
    assert reasons(rows) == ["", "", f"the same text as example {first}", ""]
    assert rows["conflicting_labels"].fillna("").tolist() == [
        *("'contradiction'", "", "", "'entailment'")
    ]


def test_language_of_the_second_side_is_looked_at_too(curate_records):
    rows = curate_records(
        "inference",
        [
            {"a": PREMISE, "b": ITALIAN, "y": "entailment"},
            {"a": PREMISE, "b": "A mill was sold to a family", "y": "entailment"},
        ],
    )

    assert rows["is_language_suspect"].tolist() == [True, False]
    assert rows["detected_language"].tolist() == ["it", "en"]


def test_quarantine_holds_both_sides(curate_records):
    rows = curate_records("inference", [{"a": "x", "b": "\u200b", "y": "entailment"}])

    (content,) = select_rejected(rows, tasks=TASKS)["content"]

    assert json.loads(content) == {"text": "x", "other_text": "\u200b", "label": "entailment"}


def test_labels_of_several_corpora_are_those_of_the_task(curate_records):
    """A corpus may have some of them alone; one that the task lacks is rejected row by row."""
    some = curate_records("inference", [{"a": "x", "b": "y", "y": "entailment"}])
    other = curate_records(
        "inference",
        [{"a": "x", "b": "y", "y": "entailment"}, {"a": "x", "b": "y", "y": "neutral"}],
    )

    assert reasons(some) == [""]
    assert reasons(other) == ["", "label 'neutral' is not one of 'entailment', 'contradiction'"]


def test_other_entities_of_a_sentence_are_another_example(curate_records):
    sentence = {"a": PREMISE, "y": "none"}
    rows = curate_records(
        "relation",
        [
            {**sentence, "e": [0, 12], "f": [20, 25]},
            {**sentence, "e": [0, 12], "f": [38, 44]},
            {**sentence, "e": [0, 12], "f": [20, 25]},
            {**sentence, "e": [0, 12], "f": [38, 44], "y": "owns(e1,e2)"},
        ],
    )

    first = rows["id"].iloc[0]
    assert reasons(rows) == ["", "", f"the same text as example {first}", ""]
    assert rows["id"].nunique() == 3
    assert rows["group_id"].nunique() == 1
    assert rows["conflicting_labels"].fillna("").tolist() == ["", "'owns(e1,e2)'", "", "'none'"]


def test_entities_move_with_the_text_that_is_cleaned(curate_records):
    rows = curate_records(
        "relation", [{"a": "  Ada   owns a  mill ", "e": [2, 5], "f": [16, 20], "y": "none"}]
    )

    assert rows["text"].tolist() == ["Ada owns a mill"]
    assert rows["first_entity"].tolist() == [["0", "3"]]
    assert rows["second_entity"].tolist() == [["11", "15"]]


def test_entity_outside_the_text_is_rejected(curate_records):
    rows = curate_records("relation", [{"a": "Ada owns", "e": [0, 3], "f": [4, 90], "y": "none"}])

    assert reasons(rows) == ["second_entity is 4 to 90, which is no place in 8 characters"]


def test_parts_are_as_alike_as_the_two_that_are_least_alike():
    long = "the same long premise of two pairs"

    assert parts_jaccard(f"{long}\nyes", f"{long}\nno", ngram=5) == 0
    assert parts_jaccard(f"{long}\nyes", f"{long}\nYes", ngram=5) == 1
    assert parts_jaccard(long, f"{long}\nno", ngram=5) > 0.8
    assert parts_key("a B\nc") == parts_key("A  b\nC")
    assert parts_key("a b\nc") != parts_key("a\nb c")


def test_sides_of_a_pair_are_no_group_unless_they_are_named(curate_records):
    records = [
        {"a": PREMISE, "b": "A mill was sold", "y": "entailment"},
        {"a": PREMISE, "b": "It stood near water", "y": "entailment"},
    ]

    alone, grouped = (
        curate_records("inference", records),
        curate_records("inference", records, group={"column": "a"}),
    )

    assert alone["group_id"].nunique() == 2
    assert grouped["group_id"].nunique() == 1
    assert pd.notna(grouped["id"]).all()
