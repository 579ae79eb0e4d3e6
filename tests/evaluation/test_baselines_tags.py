import numpy as np
import pandas as pd
import pytest

from ccnlp.evaluation.baselines_tags import predict_majority_tags, predict_tfidf_tags
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tasks.tallied import read_answer

NAMES = ["Ada", "Amina", "Abeba", "Asha", "Adjoa", "Akin"]
CITIES = ["Leeds", "Lagos", "Lima", "Linz", "Lomé", "Lodz"]


def build(kind, **entry):
    return build_tasks(
        TasksParameters.model_validate({"t": {"kind": kind, "loss_weight": 1} | entry})
    )["t"]


@pytest.fixture
def tagging():
    return build("token_classification", labels=["PER", "LOC"])


@pytest.fixture
def frames():
    return build("intent_slots", labels=["ask", "tell"], options={"slot_types": ["who", "where"]})


def make_rows(names, cities, split, kinds=("PER", "LOC")):
    rows = [
        {
            "tokens": [name, "Mwangi", "lives", "in", city, "?" if asks else "."],
            "tags": [f"B-{kinds[0]}", f"I-{kinds[0]}", "O", "O", f"B-{kinds[1]}", "O"],
            "label": "ask" if asks else "tell",
        }
        for name in names
        for city in cities
        for asks in (False, True)
    ]
    return pd.DataFrame(rows).assign(corpus="c", split=split)


def tags_of(predicted):
    return [read_answer(answer) for answer in predicted["prediction"]]


def test_word_is_tagged_as_most_often_in_train(tagging):
    train = pd.DataFrame(
        {
            "tokens": [["Paris", "is"], ["Paris", "is"], ["Paris", "sings"], ["St", "Ives"]],
            "tags": [["B-LOC", "O"], ["B-LOC", "O"], ["B-PER", "O"], ["B-LOC", "I-LOC"]],
            "corpus": "c",
        }
    )
    rows = pd.DataFrame({"tokens": [["Paris", "here"], ["Ives"], ["St", "Ives", "Paris"]]})

    predicted = predict_majority_tags(train, rows, tagging)

    assert tags_of(predicted) == [["B-LOC", "O"], ["O"], ["B-LOC", "I-LOC", "B-LOC"]]
    assert predicted["confidence"].iloc[0] == pytest.approx(2 / 3)
    assert predicted["confidence"].iloc[1] < 1e-6  # train never has Ives but within a name


def test_majority_of_a_frame_has_the_commonest_intent(frames):
    train = make_rows(NAMES, CITIES, "train", ("who", "where"))
    train = pd.concat([train, train[train["label"] == "ask"]], ignore_index=True)
    rows = make_rows(NAMES[:2], CITIES[:2], "test", ("who", "where"))

    predicted = predict_majority_tags(train, rows, frames)

    assert [frame["intent"] for frame in tags_of(predicted)] == ["ask"] * len(rows)
    assert [frame["tags"] for frame in tags_of(predicted)] == rows["tags"].tolist()
    np.testing.assert_allclose(np.stack(predicted["probabilities"]), [[2 / 3, 1 / 3]] * 8, 1e-6)


def test_counted_letters_tag_words_that_train_lacks(tagging, parameters):
    train = make_rows(NAMES[:4], CITIES[:4], "train")
    rows = pd.concat(
        [
            make_rows(NAMES[4:5], CITIES[4:5], "validation"),
            make_rows(NAMES[5:], CITIES[5:], "test"),
        ],
        ignore_index=True,
    )

    predicted = predict_tfidf_tags(train, rows, tagging, parameters=parameters.tfidf)

    scores = tagging.score(predicted.assign(reference=tagging.reference(rows)))
    assert scores["entity_f1"] == 1.0
    majority = predict_majority_tags(train, rows, tagging)
    assert tagging.score(majority.assign(reference=tagging.reference(rows)))["entity_f1"] < 0.7
    assert predicted["confidence"].between(0, 1).all()


def test_counted_letters_give_whole_frames(frames, parameters):
    train = make_rows(NAMES[:4], CITIES[:4], "train", ("who", "where"))
    rows = make_rows(NAMES[4:], CITIES[4:], "validation", ("who", "where"))

    predicted = predict_tfidf_tags(train, rows, frames, parameters=parameters.tfidf)

    scores = frames.score(predicted.assign(reference=frames.reference(rows)))
    assert scores["slot_f1"] == 1.0
    assert np.stack(predicted["probabilities"]).shape == (len(rows), 2)


def test_train_without_entities_teaches_nothing(tagging, parameters):
    train = make_rows(NAMES, CITIES, "train").assign(tags=[["O"] * 6] * 72)
    rows = make_rows(NAMES, CITIES, "test")

    predicted = predict_tfidf_tags(train, rows, tagging, parameters=parameters.tfidf)

    assert tags_of(predicted) == [["O"] * 6] * len(rows)


def test_tags_of_baselines_go_on_with_something(tagging, parameters):
    generator = np.random.default_rng(0)
    words = np.array([*NAMES, *CITIES])
    tokens = [generator.choice(words, size=size).tolist() for size in generator.integers(1, 9, 50)]
    train = make_rows(NAMES, CITIES, "train")
    rows = pd.DataFrame({"tokens": tokens, "split": "test"})
    rows["tags"] = [["O"] * len(row_tokens) for row_tokens in tokens]

    for predicted in (
        predict_majority_tags(train, rows, tagging),
        predict_tfidf_tags(train, rows, tagging, parameters=parameters.tfidf),
    ):
        tags = pd.Series(tags_of(predicted))
        assert tagging.tag_set.why_unusable(rows["tokens"], tags).isna().all()
