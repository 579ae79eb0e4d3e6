import numpy as np
import pandas as pd
import pytest
import torch

from ccnlp.errors import ConfigurationError
from ccnlp.models.trained import TrainedModel
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.confidence import rescale
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tasks.word_tagging import IGNORED
from ccnlp.tokenisation.encoding import count_tokens, encode_examples
from ccnlp.training.fine_tuning import fine_tune


def build(**changes):
    entry = {"kind": "token_classification", "loss_weight": 1, "labels": ["PER", "LOC"]} | changes
    return build_tasks(TasksParameters.model_validate({"t": entry}))["t"]


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


def logits_of(task, batch, tags_by_window, probability=0.9):
    """Logits (batch, sequence, tags) that make these tags likely at the words' first pieces."""
    size = len(task.tag_set)
    probabilities = torch.full((*batch["input_ids"].shape, size), 1 / size)
    for row, tags in enumerate(tags_by_window):
        for place, tag in zip(batch["places"][row].tolist(), tags, strict=False):
            if place >= 0:
                probabilities[row, place] = (1 - probability) / (size - 1)
                probabilities[row, place, task.tag_set.tags.index(tag)] = probability
    return probabilities.log()


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([], "task 't': labels names none of the types"),
        (["PER", ""], "labels has '', which is empty, has a blank, or is a tag"),
        (["B-PER"], "labels has 'B-PER', which is empty, has a blank, or is a tag"),
        (["a b"], "labels has 'a b', which is empty, has a blank, or is a tag"),
        (["PER", "PER"], "labels .* name 'PER' twice"),
    ],
)
def test_types_that_make_no_tags_are_refused(labels, message):
    with pytest.raises(ConfigurationError, match=rf"{message}.*parameters/tasks\.yml"):
        build(labels=labels)


def test_slot_types_are_refused_where_there_are_no_slots():
    with pytest.raises(ConfigurationError, match="kind 'token_classification': slot_types: "):
        build(options={"slot_types": ["time"]})


def test_rows_with_bad_tags_are_told(task):
    rows = pd.DataFrame({"tokens": [["a"], ["a"], ["a"]], "tags": [["O"], ["I-PER"], ["O", "O"]]})

    reasons = task.validate(rows)

    assert reasons.isna().tolist() == [True, False, False]
    assert reasons[2] == "1 tokens and 2 tags"


def test_targets_are_codes_of_tags_and_words_without_pieces_have_none(task, tokenizer):
    rows = {"tokens": [["it", "\u200b", "is"]], "tags": [["B-PER", "I-PER", "I-PER"]]}

    batch, _ = batch_of(task, tokenizer, rows)

    assert batch["target"].tolist() == [[1, IGNORED, 3]]


def test_loss_is_the_mean_over_words_of_each_row(task, tokenizer):
    rows = {"tokens": [["it", "is"], ["cab"], ["\u200b"]], "tags": [["B-PER", "O"], ["O"], ["O"]]}
    batch, _ = batch_of(task, tokenizer, rows)
    logits = logits_of(task, batch, [["B-PER", "B-LOC"], ["O"], ["O"]])

    losses = task.losses(logits, batch, label_smoothing=0.0)

    wrong, right = -np.log(0.1 / 4), -np.log(0.9)
    assert losses.tolist() == pytest.approx([(right + wrong) / 2, right, 0.0])


def test_tags_are_decoded_as_json_with_the_confidence_of_the_least_sure_word(task, tokenizer):
    batch, _ = batch_of(task, tokenizer, {"tokens": [["it", "\u200b", "is"], ["film"]]})
    logits = logits_of(task, batch, [["B-PER", "O", "O"], ["B-LOC"]])
    logits[0, batch["places"][0, 2]] = torch.tensor([0.6, 0.1, 0.1, 0.1, 0.1]).log()

    decoded = task.decode(logits, batch, tokenizer)

    assert decoded["prediction"].tolist() == ['["B-PER","O","O"]', '["B-LOC"]']
    assert decoded["confidence"].tolist() == pytest.approx([0.6, 0.9])
    assert decoded["probabilities"].isna().all()


def test_no_inside_is_decoded_behind_another_type_or_an_unseen_word(task, tokenizer):
    batch, _ = batch_of(task, tokenizer, {"tokens": [["it", "is"], ["it", "\u200b", "is"]]})
    logits = logits_of(task, batch, [["B-PER", "I-LOC"], ["B-PER", "O", "I-PER"]])

    tags = task.read_tags(logits, batch).tags

    for row_tags in tags:
        assert task.tag_set.why_unusable(pd.Series([row_tags]), pd.Series([row_tags])).isna().all()
    assert tags[1][1] == "O"


def test_windows_are_put_together_in_order_and_mended_at_their_seams(task, tokenizer):
    words = ["the", "film", "is"] * 6
    batch, window_of = batch_of(task, tokenizer, {"tokens": [["it"], words]})
    sizes = batch["num_words"][1:].tolist()
    window_tags = [
        ["B-PER"] + ["I-PER"] * (sizes[0] - 1),
        *[["I-PER"] * size for size in sizes[1:]],
    ]
    logits = logits_of(task, batch, [["O"], *window_tags[:-1], ["I-LOC"] * sizes[-1]])
    logits[-1] = logits_of(task, batch, [["O"], *window_tags[:-1], ["I-LOC"] * sizes[-1]], 0.7)[-1]

    merged = task.merge(task.decode(logits, batch, tokenizer), window_of)

    assert len(merged) == 2
    num_persons = len(words) - sizes[-1]
    tags = ["B-PER"] + ["I-PER"] * (num_persons - 1) + ["B-LOC"] + ["I-LOC"] * (sizes[-1] - 1)
    assert merged["prediction"].tolist() == ['["O"]', task.write_tags(tags)]
    assert merged["confidence"].tolist() == pytest.approx([0.9, 0.7])
    assert list(map(len, merged["scores"])) == [1, len(words)]
    assert merged["scores"][1] == pytest.approx([0.9] * num_persons + [0.7] * sizes[-1])


def predictions_of(task, tag_rows, scores):
    """Predictions beside references: one person in two words, a row each."""
    reference = task.write_tags(["B-PER", "I-PER", "O"])
    return pd.DataFrame(
        {
            "prediction": [task.write_tags(row_tags) for row_tags in tag_rows],
            "reference": reference,
            "scores": [np.array(row_scores) for row_scores in scores],
            "confidence": [min(row_scores) for row_scores in scores],
        }
    )


def test_scores_and_confidence_are_scaled_to_what_is_right_on_validation(task):
    # Of 100 rows with a person at 0.9 half are right as a whole; the other half have the person
    # right and a place too much, at 0.6: 100 of 150 entities are right, and none of the places.
    right, wrong = ["B-PER", "I-PER", "O"], ["B-PER", "I-PER", "B-LOC"]
    rows = predictions_of(task, [right, wrong] * 50, [[0.9, 0.95, 0.99], [0.9, 0.95, 0.6]] * 50)

    chosen = task.calibrate(rows)

    assert set(chosen) == {"confidence", "marked"}
    persons, places = rescale([0.9, 0.6], chosen["marked"])
    assert persons > 0.98
    assert places < 0.03
    rescaled = task.calibrated(chosen).as_sure(rows)["confidence"]
    assert rescaled[0] > 0.97
    assert rescaled[1] < 0.03


def test_few_rows_scale_nothing(task):
    rows = predictions_of(task, [["B-PER", "O", "O"]] * 9, [[0.9, 0.9, 0.9]] * 9)

    assert task.calibrate(rows) == {}


def test_row_without_words_has_no_tags(task, tokenizer):
    batch, window_of = batch_of(task, tokenizer, {"tokens": [[]]})

    decoded = task.decode(logits_of(task, batch, []), batch, tokenizer)

    assert decoded["prediction"].tolist() == ["[]"]
    assert task.merge(decoded, window_of)["confidence"].tolist() == [1.0]


def test_score_is_that_of_entities(task):
    predictions = pd.DataFrame(
        {
            "reference": ['["B-PER","I-PER"]', '["B-LOC","O"]', pd.NA],
            "prediction": ['["B-PER","I-PER"]', '["O","O"]', '["B-LOC"]'],
        }
    )

    scores = task.score(predictions)

    assert scores["entity_f1"] == pytest.approx(2 / 3)
    assert scores["entity_precision"] == 1.0
    assert scores["entity_recall"] == 0.5
    assert scores["token_accuracy"] == 0.75
    assert (scores["f1:PER"], scores["f1:LOC"]) == (1.0, 0.0)


def test_divergence_looks_at_words_alone(task, tokenizer):
    batch, _ = batch_of(task, tokenizer, {"tokens": [["it"], ["cab", "is"]]})
    one = logits_of(task, batch, [["O"], ["O", "O"]])
    other = one.clone()
    other[0, 2:] += 1  # padding
    other[1, 3] += torch.arange(5)  # a piece that stands for no word

    assert task.divergence(one, other, batch).item() == pytest.approx(0, abs=1e-6)
    other[0, 1] = torch.zeros(5)
    assert task.divergence(one, other, batch).item() > 0.1


def test_divergence_of_words_that_nobody_sees_is_none(task, tokenizer):
    batch, _ = batch_of(task, tokenizer, {"tokens": [["\u200b"]]})
    logits = logits_of(task, batch, [["O"]])

    assert task.divergence(logits, logits + 1, batch).item() == 0


def test_entities_and_frames_are_learnt_saved_and_predicted(
    tiny_encoder, training_parameters, tmp_path
):
    words = ["good", "bad", "great", "boring"]
    tokens = [["the", subject, "was", word] for subject in ("film", "it") for word in words] * 4
    rows = pd.DataFrame({"tokens": tokens}).assign(
        id=[f"{number:016x}" for number in range(len(tokens))],
        tags=[["O", "O", "O", "B-PER" if row[3] in words[:2] else "B-LOC"] for row in tokens],
        label=["ask" if row[1] == "it" else "set" for row in tokens],
        split=["train"] * 24 + ["validation"] * 8,
        corpus="c", language="en", culture="GB", domain="und", origin="native", weight=1.0,
    )  # fmt: skip
    tasks = {
        "entities": build(),
        "frame": build(
            kind="intent_slots", labels=["ask", "set"], options={"slot_types": ["PER", "LOC"]}
        ),
    }
    for name, task in tasks.items():
        task.name = name
    every = pd.concat([rows.assign(task=name) for name in tasks], ignore_index=True)
    tokenizer = tiny_encoder.load_tokenizer()
    features = encode_examples(every, tasks, tokenizer, max_length_tokens=16)
    (tmp_path / "checkpoints").mkdir()

    model = fine_tune(
        features,
        vocabulary=count_tokens(features, special_ids=tokenizer.all_special_ids)[
            "token_id"
        ].to_numpy(),
        encoder=tiny_encoder,
        tasks=tasks,
        max_length_tokens=16,
        parameters=training_parameters(epochs=8),
        checkpoints=tmp_path / "checkpoints",
    ).model
    model.save(tmp_path / "model")
    loaded = TrainedModel.load(tmp_path / "model")

    held_out = rows[rows["split"] == "validation"]
    for name, task in tasks.items():
        predicted = loaded.predict(held_out[["tokens"]], task=name)
        score = task.score(predicted.assign(reference=task.reference(held_out)))
        assert score[task.primary_metric] > 0.9
