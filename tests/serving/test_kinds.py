"""What is particular to requests of some kinds; the contract test asks every kind."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
import torch
from tests.tasks.retrieval_options import OPTIONS

from ccnlp.errors import CcnlpError
from ccnlp.models.network import build_network, load_backbone
from ccnlp.retrieval.building import build_index
from ccnlp.retrieval.embedding import ModelEmbedder
from ccnlp.serving.predictor import Predictor, RequestError, ServingParameters, served_tasks
from ccnlp.serving.thresholds import ServingThresholds
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

PARAMETERS = ServingParameters(
    max_texts=3, max_characters=200, max_tokens=10_000, tokens_per_batch=256
)
ENTRIES = {
    "names": {"kind": "token_classification", "labels": ["PER", "LOC"]},
    "frame": {
        "kind": "intent_slots",
        "labels": ["ask", "set"],
        "options": {"slot_types": ["time"]},
    },
    "relation": {"kind": "relation_classification", "labels": ["none", "is"]},
    "answer": {
        "kind": "question_answering",
        "options": {"max_tokens": 5, "stride_tokens": 4, "may_be_missing": True},
    },
    "emotions": {"kind": "multi_label_classification", "labels": ["joy", "fear"]},
    "likeness": {"kind": "pair_similarity", "options": {"score_range": [0, 5]}},
    "finding": {"kind": "retrieval", "options": OPTIONS | {"num_negatives": 0}},
}


@pytest.fixture(scope="module")
def model(tiny_model):
    """One untrained model of many kinds; its answers mean nothing."""
    weighted_entries = {name: {**entry, "loss_weight": 1} for name, entry in ENTRIES.items()}
    tasks = build_tasks(TasksParameters.model_validate(weighted_entries))
    with torch.random.fork_rng():
        torch.manual_seed(1)
        backbone = load_backbone(tiny_model.encoder.folder)
        network = build_network(backbone, tasks, pooling="mean", head_dropout=0.0)
    return dataclasses.replace(tiny_model, network=network.eval(), tasks=tasks)


@pytest.fixture(scope="module")
def passages(model):
    table = pd.DataFrame(
        {
            "passage_id": ["0", "1", "2"],
            "language": ["en", "es", "en"],
            "passage": ["the film was good", "la película es buena", "the service was bad"],
        },
        dtype="string",
    )
    return build_index(table, ModelEmbedder(model, "finding"), task="finding")


@pytest.fixture
def predictor(model, passages):
    return Predictor(model, parameters=PARAMETERS, passages=passages)


def ask(predictor, task, **columns):
    return predictor.predict(pd.DataFrame([columns]), task=task).iloc[0]


def answer_for_tags(model, tags, monkeypatch, text, task="names", scores=None):
    """What is answered where the model tags words so."""
    answer = json.dumps(tags if task == "names" else {"intent": "ask", "tags": tags})
    predicted = pd.DataFrame(
        {
            "prediction": [answer],
            "confidence": [0.5],
            "probabilities": [np.array([0.75, 0.25])],
            "scores": [np.array(scores or [0.9] * len(tags))],
        }
    )
    monkeypatch.setattr(type(model), "predict_encoded", lambda *_, **__: predicted)
    return ask(Predictor(model, parameters=PARAMETERS), task, text=text)


TEXT = "  scho\u0308n,\tAda Lovelace 北京大学 "
"""Decomposed, with blanks that cleaning takes away: places count the characters as given."""


def test_entities_are_told_with_their_characters_in_the_text_as_it_was_given(model, monkeypatch):
    tags = ["O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
    scores = [1, 1, 0.9, 0.6, 0.8, 0.7]
    entities = answer_for_tags(model, tags, monkeypatch, TEXT, scores=scores)["entities"]
    assert [(entity["label"], entity["text"], entity["score"]) for entity in entities] == [
        ("PER", "Ada Lovelace", 0.6), ("LOC", "北京大学", 0.7),
    ]  # fmt: skip
    assert all(TEXT[entity["start"] : entity["end"]] == entity["text"] for entity in entities)


def test_slots_stand_beside_the_intent(model, monkeypatch):
    answer = answer_for_tags(model, ["O", "B-time", "I-time"], monkeypatch, "at 7 pm", task="frame")
    assert answer["label"] == "ask"
    assert answer["probabilities"] == {"ask": 0.75, "set": 0.25}
    (slot,) = answer["slots"]
    assert slot == {"start": 3, "end": 7, "label": "time", "text": "7 pm", "score": 0.9}


def test_words_of_a_text_are_clean_as_those_of_a_corpus_are(model):
    rows = pd.DataFrame({"text": [TEXT, "\u0001 a"]})
    tokens = model.tasks["names"].read_request(rows)["tokens"]
    assert tokens.tolist() == [
        ["schön", ",", "Ada", "Lovelace", "北京", "大学"],
        ["\u0001", "a"],  # nothing of it would be left, and its tag would be another's
    ]


def test_long_text_is_read_to_its_end_in_windows(predictor):
    answer = ask(predictor, "names", text="the film was good " * 11)
    assert not answer["is_truncated"]


def test_request_whose_windows_would_take_too_long_is_refused(model):
    few = PARAMETERS.model_copy(update={"max_tokens": 100})
    bounded = Predictor(dataclasses.replace(model, max_length_tokens=16), parameters=few)
    short, long = ({"question": "how was it", "passage": "it was " * n} for n in (3, 25))

    assert len(bounded.predict(pd.DataFrame([short, short]), task="answer")) == 2
    with pytest.raises(RequestError, match=r"are \d{3} tokens as the model reads them, and at mo"):
        bounded.predict(pd.DataFrame([short, long]), task="answer")


@pytest.mark.parametrize(
    ("task", "columns"),
    [("names", {"text": "a film"}), ("answer", {"question": "what", "passage": "a film"})],
)
def test_request_is_read_by_the_tokenizer_once(predictor, monkeypatch, task, columns):
    kind = type(predictor.model.tasks[task])
    calls = []
    encode = kind.encode
    monkeypatch.setattr(kind, "encode", lambda *a, **k: calls.append(1) or encode(*a, **k))

    ask(predictor, task, **columns)

    assert len(calls) == 1


def test_question_that_is_not_read_to_its_end_is_told(model):
    short = Predictor(dataclasses.replace(model, max_length_tokens=16), parameters=PARAMETERS)
    passages = ["it was good", "the film was good " * 9, "the film was good " * 9]
    questions = ["how was it", "how was it", "how was the film " * 9]
    request = pd.DataFrame({"question": questions, "passage": passages})
    assert short.predict(request, task="answer")["is_truncated"].tolist() == [False, False, True]


def test_scores_are_those_that_validation_asks_for(model, monkeypatch):
    tags = ["B-PER", "O", "B-LOC"]
    scale = {"slope": 2.0, "intercept": -1.0}
    tasks = {"names": model.tasks["names"].calibrated({"marked": scale})}
    scores = [0.9, 0.5, 0.6]
    plain = answer_for_tags(model, tags, monkeypatch, "a b c", scores=scores)["entities"]
    calibrated = dataclasses.replace(model, tasks=tasks)
    scaled = answer_for_tags(calibrated, tags, monkeypatch, "a b c", scores=scores)["entities"]
    assert [entity["score"] for entity in plain] == [0.9, 0.6]
    expected = [1 / (1 + np.exp(1 - 2 * np.log(p / (1 - p)))) for p in (0.9, 0.6)]
    assert [entity["score"] for entity in scaled] == pytest.approx(expected)


def test_unsure_model_tells_no_entities_that_could_pass_for_an_answer(model):
    thresholds = ServingThresholds(abstention={"names": 1.0, "answer": 1.0})
    predictor = Predictor(model, parameters=PARAMETERS, thresholds=thresholds)
    names = ask(predictor, "names", text="Ada sings")
    assert names["entities"] is None
    assert names["abstains"]
    assert names["confidence"] > 0
    answer = ask(predictor, "answer", question="who", passage="Ada sings")
    assert [answer[column] for column in ("answer", "start", "end")] == [None] * 3


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([{"text": "good", "start": 13}], ["good", 13, 17]),
        ([], [None, None, None]),
    ],
)
def test_answer_is_told_with_its_characters_or_is_missing(model, monkeypatch, found, expected):
    predicted = pd.DataFrame(
        {"prediction": [json.dumps(found)], "confidence": [0.5], "probabilities": [None]}
    )
    monkeypatch.setattr(type(model), "predict_encoded", lambda *_, **__: predicted)
    answer = ask(
        Predictor(model, parameters=PARAMETERS),
        "answer",
        question="how was it",
        passage="the film was good",
    )
    assert [answer[column] for column in ("answer", "start", "end")] == expected


def test_passage_is_read_as_it_is(predictor):
    passage = "  the\u0301 film \n was good  "
    answer = ask(predictor, "answer", question="how was it", passage=passage)
    if answer["answer"] is not None:
        assert passage[answer["start"] : answer["end"]] == answer["answer"]
    assert answer["confidence"] > 0


def test_relation_is_asked_for_with_places(predictor):
    answer = ask(
        predictor,
        "relation",
        text=" the film was good",
        first_entity=[5, 9],
        second_entity=[14, 18],
    )
    assert answer["label"] in ("none", "is")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"first_entity": [4, 8]}, "no column 'second_entity', which task 'relation' asks for"),
        (
            {"first_entity": [4, 8], "second_entity": [4]},
            r"second_entity 0 is \[4\]; give the first character and the one behind the last",
        ),
        (
            {"first_entity": [4, 8], "second_entity": [4.0, 9]},
            r"second_entity 0 is \[4.0, 9\]; give the first",
        ),
        (
            {"first_entity": [-4, 8], "second_entity": [13, 17]},
            r"first_entity 0 is \[-4, 8\]; give",
        ),
        ({"first_entity": "4", "second_entity": [13, 17]}, "first_entity 0 is '4'; give"),
        (
            {"first_entity": [4, 8], "second_entity": [13, 99]},
            "text 0: second_entity is 13 to 99, which is no place in 17 characters",
        ),
        (
            {"first_entity": [4, 8], "second_entity": [7, 12]},
            "text 0: the entities at 4 to 8 and at 7 to 12 overlap",
        ),
    ],
)
def test_place_that_is_none_is_refused(predictor, columns, message):
    with pytest.raises(RequestError, match=message):
        ask(predictor, "relation", text="the film was good", **columns)


@pytest.mark.parametrize(
    ("task", "columns", "message"),
    [
        ("answer", {"question": "who"}, "no column 'passage', which task 'answer' asks for"),
        ("answer", {"question": " ", "passage": "a"}, "question 0 is empty"),
        ("answer", {"question": "who", "passage": "\u200b"}, "passage 0 is empty"),
        ("answer", {"question": "who", "passage": "\ufeff\x01"}, "passage 0 is empty"),
        ("answer", {"question": "who", "passage": "x" * 201}, "passage 0 has 201 characters"),
        ("likeness", {"text": "a", "other_text": None}, "other_text 0 is None, which is no text"),
        ("finding", {"query": ""}, "query 0 is empty"),
        ("names", {"text": "a\x00"}, "text 0 has null bytes"),
    ],
)
def test_cell_that_is_none_is_refused_by_its_column(predictor, task, columns, message):
    with pytest.raises(RequestError, match=message):
        ask(predictor, task, **columns)


def test_score_of_a_pair_is_a_number_within_the_range(predictor):
    assert 0 <= ask(predictor, "likeness", text="good", other_text="bad")["score"] <= 5


def test_labels_are_a_list(predictor):
    answer = ask(predictor, "emotions", text="good")
    assert set(answer["labels"]) <= {"joy", "fear"}
    assert list(answer["probabilities"]) == ["joy", "fear"]


def find(predictor, *queries, **parameters):
    return predictor.predict(pd.DataFrame({"query": queries}), task="finding", **parameters)


def test_query_finds_passages_and_its_language(predictor, passages):
    answer = find(predictor, "was the film good", "la película es buena")
    for found in answer["passages"]:
        assert {passage["passage_id"] for passage in found} == {"0", "1", "2"}
        scores = [passage["score"] for passage in found]
        assert scores == sorted(scores, reverse=True)
    assert answer["query_language"].tolist() == ["en", "es"]
    assert json.dumps(answer.to_dict("records"))


def test_query_finds_as_many_passages_in_the_languages_that_are_asked_for(predictor):
    (found,) = find(predictor, "good", languages=["ES"])["passages"]
    assert [passage["passage"] for passage in found] == ["la película es buena"]
    (found,) = find(predictor, "good", number=1)["passages"]
    assert len(found) == 1


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"languages": ["de"]}, "no passages in 'de'; known are 'en', 'es'"),
        ({"languages": ["swa"]}, "language 'swa' is not a BCP-47 tag; did you mean 'sw'"),
        ({"languages": "es"}, r"'languages' is the text 'es'; name them in a list, \['es'\]"),
        ({"number": 0}, "'number' of passages is 0; give 1 to 100"),
        ({"number": 2.5}, "'number' of passages is 2.5; give 1 to 100"),
        ({"number": "3"}, "'number' of passages is '3'; give 1 to 100"),
        ({"number": 101}, "'number' of passages is 101; give 1 to 100"),
        ({"number": 2.0}, "'number' of passages is 2.0; give 1 to 100"),
        ({"languages": None}, "'languages' is None, which is no list; leave it out, or give one"),
        ({"languages": [["en"]]}, r"language \['en'\] is not a BCP-47 tag"),
    ],
)
def test_passages_that_can_not_be_had_are_refused(predictor, parameters, message):
    with pytest.raises(RequestError, match=message) as caught:
        find(predictor, "good", **parameters)
    assert "parameters/" not in str(caught.value)


def test_languages_of_passages_are_refused_by_a_task_that_finds_none(predictor):
    with pytest.raises(RequestError, match="task 'names' finds no passages, whose languages"):
        predictor.predict(pd.DataFrame({"text": ["a"]}), task="names", languages=["en"])


def test_long_query_is_told(model, passages):
    short = dataclasses.replace(model, max_length_tokens=8)
    answer = find(
        Predictor(short, parameters=PARAMETERS, passages=passages), "good", "the film " * 9
    )
    assert answer["is_truncated"].tolist() == [False, True]


def test_task_that_finds_passages_is_served_with_them_alone(model, passages):
    assert served_tasks(model) == [name for name in ENTRIES if name != "finding"]
    assert served_tasks(model, passages) == list(ENTRIES)
    with pytest.raises(RequestError, match="serves no task 'finding', only 'names'"):
        find(Predictor(model, parameters=PARAMETERS), "good")


def test_passages_of_other_weights_are_refused(model, passages):
    with pytest.raises(CcnlpError, match="made with weights 0, and queries are embedded with"):
        Predictor(
            model, parameters=PARAMETERS, passages=dataclasses.replace(passages, origin="weights 0")
        )


def test_passages_of_a_task_that_finds_none_are_refused(model, passages):
    other = dataclasses.replace(passages, task="names")
    with pytest.raises(CcnlpError, match="not trained on a task 'names' of kind retrieval"):
        Predictor(model, parameters=PARAMETERS, passages=other)


def test_cultures_are_set_beside_each_other_for_tasks_of_one_label_alone(predictor):
    with pytest.raises(RequestError, match="task 'names' does not answer with one label"):
        predictor.predict(pd.DataFrame({"text": ["a"]}), task="names", cultures=["all"])
