"""One label for two texts."""

import pandas as pd
import pytest

from ccnlp.errors import ConfigurationError
from ccnlp.tasks.answers import has_one_label, labels_one_text
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

ENTRY = {"kind": "pair_classification", "loss_weight": 1, "labels": ["no", "yes"]}


@pytest.fixture
def task():
    return build_tasks(TasksParameters.model_validate({"t": ENTRY}))["t"]


@pytest.fixture
def tokenizer(tiny_encoder):
    return tiny_encoder.load_tokenizer()


def test_pair_is_framed_as_the_tokenizer_frames_it(task, tokenizer):
    rows = pd.DataFrame({"text": ["the film was good"], "other_text": ["I loved it"]})

    features = task.encode(rows, tokenizer, max_length_tokens=32)

    expected = tokenizer("the film was good", "I loved it")["input_ids"]
    assert features["input_ids"] == [expected]
    assert features["num_tokens_before_truncation"] == [len(expected)]
    assert "target" not in features


@pytest.mark.parametrize("is_swapped", [False, True])
def test_longer_text_is_cut_first(task, tokenizer, is_swapped):
    long, short = "the film was good and great and boring", "I loved it"
    first, second = (short, long) if is_swapped else (long, short)
    rows = pd.DataFrame({"text": [first], "other_text": [second]})

    (ids,) = task.encode(rows, tokenizer, max_length_tokens=12)["input_ids"]

    whole = tokenizer(first, second, truncation="longest_first", max_length=12)["input_ids"]
    short_ids = tokenizer(short, add_special_tokens=False)["input_ids"]
    assert len(ids) == 12
    assert ids == whole
    assert " ".join(map(str, short_ids)) in " ".join(map(str, ids))


def test_both_texts_are_cut_where_both_are_long(task, tokenizer):
    text = "the film was good and the film was great"
    rows = pd.DataFrame({"text": [text], "other_text": [text]})

    (ids,) = task.encode(rows, tokenizer, max_length_tokens=11)["input_ids"]

    assert len(ids) == 11


def test_pairs_are_judged_and_not_served_as_one_text(task):
    assert has_one_label(task)
    assert not labels_one_text(task)


def test_baselines_read_both_texts(task):
    rows = pd.DataFrame({"text": ["a b", "c"], "other_text": ["d", "e f"]})

    assert task.texts(rows) == ["a b d", "c e f"]


def test_pairs_have_no_context():
    with pytest.raises(ConfigurationError, match="'pair_classification' reads no context"):
        build_tasks(TasksParameters.model_validate({"t": {**ENTRY, "context": "prefix"}}))


@pytest.mark.parametrize("parameter", [{"score_range": [0, 1]}, {"none_label": "no"}])
def test_parameters_of_other_kinds_are_refused(parameter):
    (name,) = parameter
    with pytest.raises(ConfigurationError, match=f"'t': options of kind 'pair_.*': {name}: "):
        build_tasks(TasksParameters.model_validate({"t": {**ENTRY, "options": parameter}}))
