import numpy as np
import pandas as pd
import pytest
import torch

from ccnlp.errors import ConfigurationError
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters


def build(**changes):
    entry = {"kind": "intent_slots", "loss_weight": 1} | {
        "labels": ["ask", "set"],
        "options": {"slot_types": ["time"]},
    }
    return build_tasks(TasksParameters.model_validate({"t": entry | changes}))["t"]


@pytest.fixture
def task():
    return build()


@pytest.fixture
def tokenizer(tiny_encoder):
    return tiny_encoder.load_tokenizer()


def batch_of(task, tokenizer, rows, max_length_tokens=12):
    columns = task.encode(pd.DataFrame(rows), tokenizer, max_length_tokens=max_length_tokens)
    window_of = np.array(columns.pop("window_of"))
    features = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return task.collate(features, pad_token_id=tokenizer.pad_token_id), window_of


def outputs_of(intents, tag_probabilities):
    """Side by side as the head gives them: of intents (batch, 2), of tags (batch, sequence, 3)."""
    intents = torch.tensor(intents).log()
    return torch.cat([intents, tag_probabilities.log().flatten(start_dim=1)], dim=1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": ["ask"]}, r"labels \['ask'\] name fewer than two"),
        ({"labels": ["ask", "ask"]}, "name 'ask' twice"),
        ({"labels": ["ask", " set"]}, "' set' is empty, or begins or ends with a space"),
        ({"options": {"slot_types": []}}, "slot_types names none of the types"),
        ({"options": {"slot_types": ["I-time"]}}, "slot_types has 'I-time', which is empty"),
    ],
)
def test_intents_and_slots_that_make_no_frame_are_refused(changes, message):
    with pytest.raises(ConfigurationError, match=rf"task 't': .*{message}.*parameters/tasks\.yml"):
        build(**changes)


def test_rows_with_bad_tags_or_intents_are_told(task):
    rows = pd.DataFrame(
        {
            "tokens": [["a"], ["a"], ["a"]],
            "tags": [["B-time"], ["O"], ["I-time"]],
            "label": ["ask", "tell", "tell"],
        }
    )

    reasons = task.validate(rows)

    assert reasons[0] is pd.NA
    assert reasons[1] == "label 'tell' is not one of 'ask', 'set'"
    assert reasons[2].startswith("tag 'I-time' of token 1, 'a', stands first")


def test_loss_is_the_sum_of_both(task, tokenizer):
    rows = {"tokens": [["it", "is"]], "tags": [["B-time", "O"]], "label": ["set"]}
    batch, _ = batch_of(task, tokenizer, rows)
    tags = torch.full((1, 4, 3), 1 / 3)
    tags[0, 1] = torch.tensor([0.1, 0.8, 0.1])
    tags[0, 2] = torch.tensor([0.5, 0.25, 0.25])

    losses = task.losses(outputs_of([[0.25, 0.75]], tags), batch, label_smoothing=0.0)

    expected = -np.log(0.75) - (np.log(0.8) + np.log(0.5)) / 2
    assert losses.tolist() == pytest.approx([expected])


def test_frame_is_decoded_as_json_as_sure_as_its_less_sure_part(task, tokenizer):
    batch, _ = batch_of(task, tokenizer, {"tokens": [["it"], ["is"]]})
    tags = torch.full((2, 3, 3), 1 / 3)
    tags[:, 1] = torch.tensor([[0.1, 0.8, 0.1], [0.9, 0.05, 0.05]])

    decoded = task.decode(outputs_of([[0.1, 0.9], [0.7, 0.3]], tags), batch, tokenizer)

    assert decoded["prediction"].tolist() == [
        '{"intent":"set","tags":["B-time"]}',
        '{"intent":"ask","tags":["O"]}',
    ]
    assert decoded["confidence"].tolist() == pytest.approx([0.8, 0.7])
    np.testing.assert_allclose(np.stack(decoded["probabilities"]), [[0.1, 0.9], [0.7, 0.3]], 1e-6)


def test_scale_of_the_confidence_is_that_of_intents_before_their_temperature(task, tokenizer):
    batch, _ = batch_of(task, tokenizer, {"tokens": [["it"], ["is"]]})
    tags = torch.full((2, 3, 3), 1 / 3)
    tags[:, 1] = torch.tensor([0.96, 0.02, 0.02])
    outputs = outputs_of([[0.1, 0.9], [0.8, 0.2]], tags)
    scale = {"slope": 2.0, "intercept": 0.0}
    chosen = task.calibrated({"temperature": {"logits": 2.0}, "confidence": scale})

    sure = chosen.as_sure(chosen.decode(outputs, batch, tokenizer))

    # Validation chose the scale by 0.9 and 0.8, whose odds of 9 and 4 are to be squared.
    assert sure["confidence"].tolist() == pytest.approx([81 / 82, 16 / 17])
    # Roots of 0.1 and 0.9 are as 1 to 3, those of 0.8 and 0.2 as 2 to 1.
    np.testing.assert_allclose(
        np.stack(sure["probabilities"]), [[1 / 4, 3 / 4], [2 / 3, 1 / 3]], rtol=1e-6
    )
    assert sure["prediction"].tolist() == [
        '{"intent":"set","tags":["O"]}',
        '{"intent":"ask","tags":["O"]}',
    ]


def test_windows_share_the_intent_that_they_find_likeliest_together(task):
    decoded = pd.DataFrame(
        {
            "prediction": task.write_frames(np.array([0, 1, 1]), [["O"], ["B-time"], ["I-time"]]),
            "confidence": [0.6, 0.9, 0.8],
            "probabilities": [np.array([0.6, 0.4]), np.array([0.1, 0.9]), np.array([0.2, 0.8])],
            "scores": [np.array([0.6]), np.array([0.9]), np.array([0.8])],
        }
    )

    merged = task.merge(decoded, np.array([0, 1, 1]))

    assert merged["prediction"].tolist() == [
        '{"intent":"ask","tags":["O"]}',
        '{"intent":"set","tags":["B-time","I-time"]}',
    ]
    assert merged["confidence"].tolist() == pytest.approx([0.6, 0.8])
    np.testing.assert_allclose(merged["probabilities"][1], [0.15, 0.85])
    assert merged["scores"].map(list).tolist() == [[0.6], [0.9, 0.8]]


def test_scores_of_slots_intents_and_frames(task):
    rows = pd.DataFrame(
        {
            "tokens": [["a", "b"]] * 3,
            "tags": [["B-time", "O"], ["O", "O"], ["B-time", "I-time"]],
            "label": ["ask", "set", "set"],
        }
    )
    tags = [["B-time", "O"], ["O", "O"], ["B-time", "O"]]
    predictions = pd.DataFrame(
        {
            "reference": task.reference(rows),
            "prediction": task.write_frames(np.array([0, 0, 1]), tags),
        }
    )

    scores = task.score(predictions)

    assert scores["intent_accuracy"] == pytest.approx(2 / 3)
    assert scores["exact_frame"] == pytest.approx(1 / 3)
    assert scores["slot_f1"] == scores["f1:time"] == pytest.approx(1 / 2)
    assert scores["token_accuracy"] == pytest.approx(5 / 6)


def test_divergence_is_the_sum_of_both(task, tokenizer):
    batch, _ = batch_of(task, tokenizer, {"tokens": [["it"]]})
    tags = torch.full((1, 3, 3), 1 / 3)
    one, other = outputs_of([[0.5, 0.5]], tags), outputs_of([[0.25, 0.75]], tags)

    # Both directions' mean of (1/2, 1/2) and (1/4, 3/4) is ln(3) / 8.
    assert task.divergence(one, other, batch).item() == pytest.approx(np.log(3) / 8)
    sharper = tags.clone()
    sharper[0, 1] = torch.tensor([0.8, 0.1, 0.1])
    assert task.divergence(one, outputs_of([[0.25, 0.75]], sharper), batch) > np.log(3) / 8
