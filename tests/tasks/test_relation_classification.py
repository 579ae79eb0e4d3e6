"""The relation between two marked entities."""

import numpy as np
import pandas as pd
import pytest
import torch

from ccnlp.errors import ConfigurationError
from ccnlp.tasks.answers import has_one_label, labels_one_text
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.heads import MarkClassifier
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tasks.plain_text import text_ids

LABELS = ["none", "made(e1,e2)", "made(e2,e1)", "owns(e1,e2)"]
ENTRY = {
    "kind": "relation_classification",
    "loss_weight": 1,
    "labels": LABELS,
    "options": {"none_label": "none"},
}


def build(**changes):
    return build_tasks(TasksParameters.model_validate({"t": {**ENTRY, **changes}}))["t"]


def rows_of(*rows):
    columns = ["text", "first_entity", "second_entity", "label"]
    return pd.DataFrame([(*row, "none") for row in rows], columns=columns)


@pytest.fixture
def tokenizer(tiny_encoder):
    return tiny_encoder.load_tokenizer()


def test_marks_stand_around_the_entities_in_the_order_of_the_text(tokenizer):
    rows = rows_of(
        ("the film was good", ["4", "8"], ["13", "17"]),
        ("the film was good", ["13", "17"], ["4", "8"]),
    )

    features = build().encode(rows, tokenizer, max_length_tokens=32)

    pieces = ["the ", "film", " was ", "good", "@", "#"]
    the, film, was, good, first, second = text_ids(pieces, tokenizer)
    begin, end = tokenizer("a")["input_ids"][:1], tokenizer("a")["input_ids"][-1:]
    assert features["input_ids"] == [
        [*begin, *the, *first, *film, *first, *was, *second, *good, *second, *end],
        [*begin, *the, *second, *film, *second, *was, *first, *good, *first, *end],
    ]
    early = len([*begin, *the, *first]) - 1
    late = len([*begin, *the, *first, *film, *first, *was, *second]) - 1
    assert features["mark_positions"] == [[early, late], [late, early]]
    assert features["num_tokens_before_truncation"] == list(map(len, features["input_ids"]))


def test_long_text_loses_its_ends_and_keeps_the_entities(tokenizer):
    text = "and " * 20 + "film was good" + " and" * 20
    rows = rows_of((text, ["80", "84"], ["89", "93"]))

    features = build().encode(rows, tokenizer, max_length_tokens=24)

    (ids,), ((first, second),) = features["input_ids"], features["mark_positions"]
    marks = [ids[-1] for ids in text_ids(["@", "#"], tokenizer)]
    assert len(ids) == 24
    assert [ids[first], ids[second]] == marks
    assert features["num_tokens_before_truncation"][0] > 24


def test_mark_that_there_is_no_room_for_has_no_position(tokenizer):
    text = "film " + "and " * 30 + "good"
    rows = rows_of((text, ["0", "4"], [str(len(text) - 4), str(len(text))]))

    features = build().encode(rows, tokenizer, max_length_tokens=16)

    (first, second) = features["mark_positions"][0]
    assert first > 0
    assert second == -1


def test_head_reads_the_states_at_the_marks_and_the_pooled_text_in_place_of_a_lost_one():
    head = MarkClassifier(2, 1, pooling="mean", dropout=0.0)
    with torch.no_grad():
        head.classifier.weight.copy_(torch.tensor([[1.0, 0.0, 0.0, 1.0]]))
    states = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]]).repeat(2, 1, 1)
    mask = torch.tensor([[1, 1, 1], [1, 1, 0]])

    logits = head(states, mask, torch.tensor([[2, 0], [1, -1]]))

    # 5 of the third state and 2 of the first one; 3 of the second and the mean of 2 and 4.
    assert logits.flatten().tolist() == [7.0, 6.0]


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (["0"], ["4", "8"], "first_entity is ['0'], not the first character and the one behind"),
        (["0", "x"], ["4", "8"], "first_entity is ['0', 'x'], not the first character"),
        (["-1", "3"], ["4", "8"], "first_entity is ['-1', '3'], not the first character"),
        (["0", "9" * 5000], ["4", "8"], "first_entity is ['0', '999"),
        (["0", "3"], ["4", "99"], "second_entity is 4 to 99, which is no place in 17 characters"),
        (["3", "3"], ["4", "8"], "first_entity is 3 to 3, which is no place in 17 characters"),
        (["3", "4"], ["4", "8"], "first_entity is white space and invisible marks alone"),
        (["0", "8"], ["4", "8"], "the entities at 0 to 8 and at 4 to 8 overlap"),
        (["4", "8"], ["0", "5"], "the entities at 0 to 5 and at 4 to 8 overlap"),
    ],
)
def test_entities_that_are_no_places_apart_have_a_reason(first, second, reason):
    reasons = build().validate(rows_of(("the film was good", first, second)))

    assert reasons[0].startswith(reason)


@pytest.mark.parametrize("mark", ["\u200b", "\ufe0f", " \u2060"])
def test_entity_of_invisible_marks_alone_has_a_reason(mark):
    rows = rows_of((f"the {mark}film", ["4", str(4 + len(mark))], ["0", "3"]))

    reason = build().validate(rows)[0]

    assert reason == "first_entity is white space and invisible marks alone"


def test_label_outside_the_set_has_a_reason():
    rows = rows_of(("the film was good", ["0", "3"], ["4", "8"])).assign(label="likes")

    assert build().validate(rows)[0].startswith("label 'likes' is not one of 'none', ")


def test_none_label_must_be_a_label():
    with pytest.raises(ConfigurationError, match=r"none_label 'nona' .*; did you mean 'none'"):
        build(options={"none_label": "nona"})


def test_f1_leaves_no_relation_out_and_takes_the_directions_of_one_together():
    pairs = [
        ("none", "none"),
        ("none", "made(e1,e2)"),
        ("made(e1,e2)", "made(e1,e2)"),
        ("made(e1,e2)", "none"),
        ("made(e2,e1)", "made(e1,e2)"),
        ("owns(e1,e2)", "owns(e1,e2)"),
    ]
    predictions = pd.DataFrame(pairs, columns=["reference", "prediction"]).assign(confidence=1.0)

    scores = build().score(predictions)

    # Two relations of four are found, with four predicted. `made` is right once, there three times
    # and predicted three times, once the wrong way round; `owns` is right.
    assert scores["micro_f1"] == pytest.approx(4 / 8)
    assert scores["relation_macro_f1"] == pytest.approx((2 / 6 + 1) / 2)
    assert scores["accuracy"] == pytest.approx(3 / 6)


def test_f1_of_no_relation_at_all_is_none():
    predictions = pd.DataFrame({"reference": ["none"], "prediction": ["none"]})
    task = build()

    metrics = task.metrics(task.tallies(predictions).sum(axis=0))

    assert np.isnan(metrics["micro_f1"])
    assert np.isnan(metrics["relation_macro_f1"])


def test_every_label_counts_where_none_is_named():
    task = build(options={})

    assert task.relations == tuple(LABELS)


def test_relations_are_judged_and_baselines_see_the_entities():
    task = build()
    rows = rows_of(("Ada of London", ["7", "13"], ["0", "3"]))

    assert has_one_label(task)
    assert not labels_one_text(task)
    assert task.texts(rows) == ["<e2> Ada </e2> of <e1> London </e1>"]
    assert task.text_columns == ("text",)
