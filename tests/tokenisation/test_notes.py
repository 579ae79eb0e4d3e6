"""Features that are no longer what tokenisation would make."""

import json

import pyarrow as pa
import pytest

from ccnlp.errors import ConfigurationError
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tokenisation.notes import (
    ENCODED_FOR,
    check_encoded_for,
    check_encoder,
    note_encoder,
    note_of,
    with_note,
)

ENTRY = {"kind": "label_distribution", "loss_weight": 1, "labels": ["a", "b"]}
ENTRY["options"] = {"view": "majority"}
MEND = r"; tokenise again: kedro run --pipelines tokenisation$"


def tasks_of(**others):
    return build_tasks(TasksParameters.model_validate({"t": {**ENTRY, **others}}))


def features_of(*, max_length_tokens=64, num_added_tokens=0):
    note = note_of(
        tasks_of()["t"], max_length_tokens=max_length_tokens, num_added_tokens=num_added_tokens
    )
    return {"t": with_note(pa.table({"input_ids": [[1]]}), ENCODED_FOR, note.decode())}


def test_features_that_would_be_made_again_serve():
    check_encoded_for(features_of(), tasks_of(), max_length_tokens=64)
    prefixed = features_of(num_added_tokens=2)
    check_encoded_for(prefixed, tasks_of(loss_weight=2), max_length_tokens=64, num_added_tokens=2)


@pytest.mark.parametrize(
    ("entry", "now", "message"),
    [
        ({}, {"max_length_tokens": 128}, r"tokens 64, which is 128 now \(.*tokenisation\.yml\)"),
        ({}, {"num_added_tokens": 1}, r"room for 0 tokens .* adds 1 \(parameters/culture\.yml\)"),
        ({"context": "prefix"}, {}, r"context none, and tasks\.t\.context is prefix now \(.*\)"),
        (
            {"labels": ["b", "a"]},
            {},
            r"as label_d.* labels \['a', 'b'\] and the options view majority, .*",
        ),
        (
            {"options": {"view": "distribution"}},
            {},
            r".* view majority, and has changed .*/tasks\.yml\)",
        ),
    ],
)
def test_features_of_another_tokenisation_are_refused(entry, now, message):
    with pytest.raises(ConfigurationError, match=rf"^task 't' was tokenised .*{message}{MEND}"):
        check_encoded_for(features_of(), tasks_of(**entry), **{"max_length_tokens": 64, **now})


def test_features_that_do_not_tell_their_length_are_refused():
    noted = json.dumps({"kind": "label_distribution", "labels": ["a", "b"], "options": {}})
    features = {"t": with_note(pa.table({"input_ids": [[1]]}), ENCODED_FOR, noted)}
    with pytest.raises(ConfigurationError, match=rf"_tokens unknown, which is 64 now .*{MEND}"):
        check_encoded_for(features, tasks_of(), max_length_tokens=64)


def test_ids_of_another_encoder_are_refused():
    features = note_encoder(features_of(), encoder="small 1")
    check_encoder(features, encoder="small 1")
    check_encoded_for(features, tasks_of(), max_length_tokens=64)
    message = (
        "^task 't' was tokenised for the encoder small 1, and the encoder is small 2 now "
        rf"\(parameters/encoder\.yml\){MEND}"
    )
    with pytest.raises(ConfigurationError, match=message):
        check_encoder(features, encoder="small 2")


def test_ids_of_nobody_knows_whose_tokenizer_are_taken():
    check_encoder(features_of(), encoder="small 1")
