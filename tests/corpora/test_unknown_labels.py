"""Labels that the task of a corpus lacks: their rows are rejected, or they end the run."""

import pandas as pd
import pytest
from pydantic import ValidationError

from ccnlp.corpora.curation import IngestionParameters, curate_corpus
from ccnlp.corpora.reading import read_corpus
from ccnlp.corpora.unknown_labels import count_unknown_labels, require_known_labels
from ccnlp.errors import CorpusError
from ccnlp.tasks.base import TASKS, build_tasks
from ccnlp.tasks.parameters import TasksParameters

LABELS = {"labels": ["bad", "good"]}
SLOTS = {"labels": ["ask", "tell"], "options": {"slot_types": ["date"]}}
SCORES = {"options": {"score_range": [0, 5]}}
ANSWERS = {"options": {"max_tokens": 8, "stride_tokens": 4, "may_be_missing": True}}
KINDS = {
    "sequence_classification": (LABELS, {"label": ["bad", "fine", "fine"]}, {"fine": 2}),
    "pair_classification": (LABELS, {"label": ["bad", "fine", "good"]}, {"fine": 1}),
    "relation_classification": (LABELS, {"label": ["bad", "Bad", None]}, {"Bad": 1}),
    "label_distribution": (
        LABELS | {"options": {"view": "majority"}},
        {"label": ["bad", "fine", None]},
        {"fine": 1},
    ),
    "multi_label_classification": (
        LABELS,
        {"labels": [["bad", "fine"], ["fine", "fine"], []]},
        {"fine": 2},
    ),
    "token_classification": (
        {"labels": ["PER", "LOC"]},
        {"tags": [["O", "B-PER"], ["B-ORG", "I-ORG"], ["B-ORG", "PER"]]},
        {"B-ORG": 2, "I-ORG": 1, "PER": 1},
    ),
    "intent_slots": (
        SLOTS,
        {"label": ["ask", "shout", None], "tags": [["B-date"], ["B-time"], None]},
        {"shout": 1, "B-time": 1},
    ),
    "pair_similarity": (SCORES, {"score": ["3", "9", "x"]}, {}),
    "question_answering": (ANSWERS, {"answer": [["a"]], "answer_start": [["0"]]}, {}),
}
"""By kind, what its entry has, targets, and how many rows have each label that is none of it."""


def build(kind, entry):
    tasks = {"own": {"kind": kind, "loss_weight": 1} | entry}
    return build_tasks(TasksParameters.model_validate(tasks))["own"]


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_labels_of_every_kind_are_counted_by_rows(kind):
    entry, targets, expected = KINDS[kind]

    assert count_unknown_labels(pd.DataFrame(targets), build(kind, entry)) == expected


def test_every_kind_that_has_labels_is_among_them():
    kinds = {kind for kind in TASKS if kind != "toy_words"}  # which other tests register
    assert kinds - {*KINDS} == {"retrieval"}


@pytest.fixture
def stopping(ingestion):
    return IngestionParameters.model_validate(ingestion.model_dump() | {"unknown_labels": "stop"})


@pytest.fixture
def curate_file(tmp_path, make_entry, sentiment):
    """Curates the corpus `reviews` of a csv, of which rows 2 to 4 have labels of its own."""

    def curate(parameters, **changes):
        lines = ["a fine film,positive", "a film,mixed", "dull,mixed", "so so,meh", "bad,negative"]
        (tmp_path / "corpus.csv").write_text("\n".join(["text,label", *lines]))
        entry = make_entry(split="train", **changes)
        batches = read_corpus("reviews", entry, raw_folder=tmp_path, tasks=sentiment)
        task = sentiment["sentiment"]
        return curate_corpus("reviews", batches, task=task, ratios=None, parameters=parameters)

    return curate


def test_unknown_labels_end_the_run_with_their_numbers(curate_file, stopping):
    with pytest.raises(CorpusError) as error:
        curate_file(stopping)

    assert str(error.value) == (
        "corpus 'reviews': the task 'sentiment' does not have its labels 'mixed' (2 rows), 'meh' "
        "(1 row); it has 'negative', 'neutral', 'positive'. Map them to these (label_map, "
        "parameters/corpora.yml), or give them to the task (tasks.sentiment, "
        "parameters/tasks.yml); with ingestion.unknown_labels: reject their rows go to quarantine "
        "(parameters/ingestion.yml)"
    )


def test_mapped_labels_end_no_run(curate_file, stopping):
    rows = curate_file(stopping, label_map={"mixed": "neutral", "meh": "neutral"})

    assert rows["rejected_by"].isna().all()


def test_rows_of_unknown_labels_are_rejected_unless_these_stop(curate_file, ingestion):
    rows = curate_file(ingestion)

    assert rows["rejected_by"].astype("string").fillna("").tolist() == [
        *("", "reading", "reading", "reading", "")
    ]


def test_many_unknown_labels_are_told_in_part(sentiment):
    labels = [f"label {i:02}" for i in range(14)] + ["label 13"]
    batches = [pd.DataFrame({"task": "sentiment", "label": [label]}) for label in labels]

    with pytest.raises(CorpusError, match=r"'label 13' \(2 rows\), .* \(1 row\) and 2 more; it"):
        list(require_known_labels(batches, sentiment["sentiment"], corpus="reviews"))


def test_other_words_than_reject_and_stop_are_refused(ingestion):
    with pytest.raises(ValidationError, match="unknown_labels"):
        IngestionParameters.model_validate(ingestion.model_dump() | {"unknown_labels": "keep"})
