"""What rows tell of each other: passages that answer a query are negatives of none of its rows."""

import logging

import numpy as np
import pandas as pd
import pytest
from tests.tasks.retrieval_options import OPTIONS

from ccnlp.errors import ConfigurationError
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tasks.retrieval_features import relevance
from ccnlp.tasks.retrieval_texts import RelatedTexts, relate, text_key
from ccnlp.tokenisation import encoding
from ccnlp.tokenisation.encoding import encode_examples
from ccnlp.tokenisation.notes import check_encoded_for


def build(**changes):
    entry = {"kind": "retrieval", "loss_weight": 1, "options": OPTIONS | changes}
    return build_tasks(TasksParameters.model_validate({"t": entry}))


@pytest.fixture
def task():
    return build()["t"]


@pytest.fixture
def rows() -> pd.DataFrame:
    """One question that two sentences answer, each of which has the other as a negative."""
    return pd.DataFrame(
        [
            ("who?", "First.", "Q", ["Second.", "Neither."]),
            ("who?", "Second.", "Q", ["First.", "Neither."]),
            ("when?", "Neither.", "R", ["First."]),
            ("where?", "Nowhere.", "S", None),
        ],
        columns=["query", "passage", "query_group", "negatives"],
    ).assign(
        id=[f"{i:016x}" for i in range(4)], corpus="c", task="t", split="train", language="en",
        passage_language="en", culture="und", domain="und", origin="native", weight=1.0,
    )  # fmt: skip


def features_of(rows):
    related = relate(rows)
    return [dict(zip(related, row, strict=True)) for row in zip(*related.values(), strict=True)]


def test_passage_that_answers_is_no_negative(task, rows, caplog):
    with caplog.at_level(logging.INFO):
        prepared = task.prepare(rows)

    assert prepared["negatives"].tolist() == [["Neither."], ["Neither."], ["First."], []]
    message = "t: 2 negatives are left out, for other rows say that they answer the query"
    assert caplog.messages == [message]


def test_passage_in_another_language_stays_a_negative(task, rows):
    rows.loc[0, "passage_language"] = "de"

    # The row's negatives are German: "Second." answers in English.
    first, second, *_ = task.prepare(rows)["negatives"]
    assert (first, second) == (["Second.", "Neither."], ["First.", "Neither."])


def test_rows_of_another_split_tell_nothing(task, rows):
    rows["split"] = ["train", "test", "train", "train"]

    assert task.prepare(rows)["negatives"].tolist()[0] == ["Second.", "Neither."]


def test_pool_stays_the_same(task, rows):
    prepared = task.prepare(rows)

    before, after = (RelatedTexts.of_rows(table) for table in (rows, prepared))
    assert set(before.passage_keys) == set(after.passage_keys)
    pd.testing.assert_frame_equal(before.relevant(before.rows), after.relevant(after.rows))


def test_rows_without_negatives_have_none(task, rows):
    assert "negatives" not in task.prepare(rows.drop(columns="negatives"))


@pytest.mark.parametrize("rows_at_once", [1, 10_000])
def test_relevance_is_known_beyond_a_slice_of_rows(rows, tiny_encoder, monkeypatch, rows_at_once):
    monkeypatch.setattr(encoding, "ROWS_AT_ONCE", rows_at_once)

    table = encode_examples(rows, build(), tiny_encoder.load_tokenizer(), max_length_tokens=16)["t"]

    keys = [text_key(text, "en") for text in ("Neither.", "First.")]
    assert table["negative_keys"].to_pylist() == [keys[:1], keys[:1], keys[1:], []]


def test_relevance_is_known_beyond_a_batch(task, rows):
    shared = pd.DataFrame(
        [("who?", "She."), ("which?", "She."), ("which?", "It.")], columns=["query", "passage"]
    )

    without, known = (
        relevance([features_of(table)[row] for row in (0, 2)]).int().tolist()
        for table in (shared, task.prepare(shared))
    )

    # That "She." answers "which?" as well is told by the row between.
    assert without == [[1, 0], [0, 1]]
    assert known == [[1, 0], [1, 1]]


def test_query_that_asks_for_two_things_finds_both_in_a_batch(task):
    rows = pd.DataFrame(
        [("when?", "One.", "Q"), ("when?", "Two.", "R"), ("wann?", "Two.", "R")],
        columns=["query", "passage", "query_group"],
    )

    features = [features_of(task.prepare(rows))[row] for row in (0, 2)]

    # "when?" asks for R in a row that is not of the batch; "wann?" never asks for Q.
    assert relevance(features).int().tolist() == [[1, 1], [0, 1]]


def test_keys_of_answers_are_told_once_a_passage(task, rows):
    answered = task.prepare(rows)["answered_keys"]

    assert [len(keys) for keys in answered] == [1, 1, 1, 1]
    assert np.array_equal(answered[0], answered[1])


def test_training_refuses_other_negatives_than_were_tokenised(rows, tiny_encoder):
    features = encode_examples(rows, build(), tiny_encoder.load_tokenizer(), max_length_tokens=16)

    check_encoded_for(features, build(), max_length_tokens=16)
    with pytest.raises(ConfigurationError, match=r"^task 't' was tokenised .*negatives given.*yml"):
        check_encoded_for(features, build(negatives="mined"), max_length_tokens=16)
