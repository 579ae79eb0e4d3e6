import numpy as np
import pandas as pd
import pytest

from ccnlp.errors import CcnlpError, ConfigurationError, CorpusError
from ccnlp.models.embedding import embed_texts
from ccnlp.retrieval.asking import ask
from ccnlp.retrieval.building import build_index, choose_embedder, choose_task, list_passages
from ccnlp.retrieval.embedding import EncoderEmbedder, ModelEmbedder
from ccnlp.retrieval.parameters import PassageIndexParameters

PARAMETERS = PassageIndexParameters(
    model="finetuned",
    task=None,
    splits=("train", "test"),
    num_dimensions=None,
    search="exact",
    max_length_tokens=32,
)
EVERY = ("train", "validation", "test")


@pytest.fixture
def passages(examples):
    return list_passages(examples, task="finding", splits=EVERY)


def test_passages_are_those_of_pairs_and_negatives_each_once(passages):
    assert passages["passage"].tolist() == [
        *("the film was good", "it was bad", "it was boring", "it is great"),
    ]
    assert set(passages["language"]) == {"en"}
    assert passages["passage_id"].is_unique


def test_passages_of_some_splits(examples):
    passages = list_passages(examples, task="finding", splits=["train"])

    assert passages["passage"].tolist() == ["the film was good", "it was boring"]


def test_task_without_examples_is_told(examples):
    with pytest.raises(CorpusError, match=r"no examples of task 'finding' in validation; read"):
        list_passages(examples, task="finding", splits=["validation"])


def test_only_task_of_the_kind_is_taken(tasks):
    assert choose_task(tasks, None).name == choose_task(tasks, "finding").name == "finding"


@pytest.mark.parametrize(
    ("name", "left", "message"),
    [
        (None, ["mood"], r"task is null, and tasks of kind retrieval are none; name one"),
        ("mood", ["mood", "finding"], r"task is 'mood', and tasks of kind retrieval are 'finding'"),
    ],
)
def test_task_of_another_kind_is_refused(tasks, name, left, message):
    with pytest.raises(ConfigurationError, match=message):
        choose_task({key: tasks[key] for key in left}, name)


def test_untrained_model_and_its_encoder_make_the_same_index(passages, finding_model, tasks):
    encoder = finding_model.encoder
    trained = choose_embedder(finding_model, tasks["finding"], PARAMETERS)
    plain = choose_embedder(encoder, tasks["finding"], PARAMETERS)

    first, second = (
        build_index(passages, embedder, task="finding") for embedder in (trained, plain)
    )

    assert isinstance(trained, ModelEmbedder)
    assert isinstance(plain, EncoderEmbedder)
    np.testing.assert_allclose(first.vectors, second.vectors, atol=2e-3)
    prefixed = ["passage: " + text for text in passages["passage"]]
    np.testing.assert_allclose(second.vectors, embed_texts(encoder, prefixed), atol=1e-6)
    assert first.origin == f"weights {finding_model.weights_digest}"
    assert second.origin == "encoder tiny at seed-0"


def test_model_that_was_not_trained_on_the_task_is_refused(tiny_model, tasks):
    with pytest.raises(ConfigurationError, match=r"not trained on a task 'finding' of kind retr"):
        choose_embedder(tiny_model, tasks["finding"], PARAMETERS)


def test_vectors_of_a_task_of_another_kind_are_refused(finding_model):
    with pytest.raises(ConfigurationError, match="not trained on a task 'mood' of kind retr"):
        ModelEmbedder(finding_model, "mood")


def test_vectors_can_be_cut(passages, finding_model, caplog):
    embedder = ModelEmbedder(finding_model, "finding")

    build_index(passages, embedder, task="finding", num_dimensions=32)
    assert "cut" not in caplog.text
    index = build_index(passages, embedder, task="finding", num_dimensions=4)

    assert "finding: vectors are cut to 4 numbers, and were not trained to be" in caplog.text
    assert index.vectors.shape == (4, 4)
    np.testing.assert_allclose(np.linalg.norm(index.vectors, axis=1), 1, rtol=1e-5)
    assert len(ask(index, "was it good", embedder=embedder, number=2).passages) == 2
    with pytest.raises(ConfigurationError, match=r"num_dimensions is 99, and vectors have 32"):
        build_index(passages, embedder, task="finding", num_dimensions=99)


def test_memory_of_a_batch_is_bounded(finding_model, monkeypatch):
    lengths = []
    infer = type(finding_model.network).infer

    def see(network, *, task, batch):
        lengths.append(batch["attention_mask"].numel())
        return infer(network, task=task, batch=batch)

    monkeypatch.setattr(type(finding_model.network), "infer", see)
    texts = ["it was good", "it was bad and long and sad", "hm"]
    whole = ModelEmbedder(finding_model, "finding").embed(texts, side="query")
    assert len(lengths) == 1

    parts = ModelEmbedder(finding_model, "finding", tokens_per_batch=24).embed(texts, side="query")

    assert len(lengths) > 2
    assert max(lengths[1:]) <= 24
    np.testing.assert_allclose(parts, whole, atol=1e-2)


def test_passage_finds_itself(passages, finding_model):
    embedder = ModelEmbedder(finding_model, "finding")
    index = build_index(passages, embedder, task="finding", search="approximate")

    found = index.search(embedder.embed(["it is great"], side="passage"), number=1)

    assert found["passage"].tolist() == ["it is great"]
    assert found["score"].tolist() == pytest.approx([1], abs=1e-3)


def test_answer_tells_the_language_of_the_query(passages, finding_model):
    embedder = ModelEmbedder(finding_model, "finding")
    index = build_index(passages, embedder, task="finding")

    answer = ask(index, " ¿Dónde está la biblioteca de la ciudad? \n", embedder=embedder, number=3)

    assert answer.language == "es"
    assert 0.5 < answer.language_score <= 1
    assert answer.passages["rank"].tolist() == [1, 2, 3]
    assert list(answer.passages) == ["rank", "score", "passage_id", "language", "passage"]


@pytest.mark.parametrize(
    ("query", "number", "message"),
    [
        (" \n", 1, "the query is empty"),
        ("\u200b\ufeff", 1, "the query is empty"),
        ("a\x00", 1, "the query has null bytes or halves of characters"),
        ("\ud83d", 1, "the query has null bytes or halves of characters"),
        (None, 1, "the query is None, which is no text"),
        (5, 1, "the query is 5, which is no text"),
        ("a", 0, "'number' of passages is 0; give 1 or more"),
        ("a", 2.5, "'number' of passages is 2.5; give 1 or more"),
        ("a", True, "'number' of passages is True; give 1 or more"),
        ("a", "3", "'number' of passages is '3'; give 1 or more"),
    ],
)
def test_query_that_is_none_is_refused(passages, finding_model, query, number, message):
    embedder = ModelEmbedder(finding_model, "finding")
    index = build_index(passages, embedder, task="finding")

    with pytest.raises(CcnlpError, match=message):
        ask(index, query, embedder=embedder, number=number)


@pytest.mark.parametrize(
    ("languages", "message"),
    [
        ("en", r"'languages' is the text 'en'; name them in a list, \['en'\]"),
        (5, "'languages' is 5, which is no list; leave it out, or give one"),
        ({"en": 1}, "which is no list; leave it out, or give one"),
        (["swa"], "'languages': language 'swa' is not a BCP-47 tag; did you mean 'sw'"),
        ([None], "'languages': language None is not a BCP-47 tag"),
        (["es"], "no passages in 'es'; known are 'en'"),
    ],
)
def test_languages_that_are_none_are_refused(passages, finding_model, languages, message):
    embedder = ModelEmbedder(finding_model, "finding")
    index = build_index(passages, embedder, task="finding")

    with pytest.raises(CcnlpError, match=message):
        ask(index, "was it good", embedder=embedder, languages=languages)


@pytest.mark.parametrize("languages", [None, [], (), ["EN"], {"en"}, np.array(["en"])])
def test_languages_may_be_written_otherwise_and_none_are_any(passages, finding_model, languages):
    embedder = ModelEmbedder(finding_model, "finding")
    index = build_index(passages, embedder, task="finding")

    answer = ask(index, "good", embedder=embedder, number=np.int64(3), languages=languages)

    assert len(answer.passages) == 3


def test_query_is_clean_as_passages_are(passages, finding_model):
    embedder = ModelEmbedder(finding_model, "finding")
    index = build_index(passages, embedder, task="finding")

    plain, other = (ask(index, q, embedder=embedder) for q in ("é good", "e\u0301\t good"))

    pd.testing.assert_frame_equal(plain.passages, other.passages)


def test_index_of_other_weights_is_not_asked(passages, finding_model, other_model):
    index = build_index(passages, ModelEmbedder(finding_model, "finding"), task="finding")

    with pytest.raises(CcnlpError, match="their vectors can't be compared; build it again"):
        ask(index, "was it good", embedder=ModelEmbedder(other_model, "finding"))


def test_no_texts_have_no_vectors(finding_model, tasks):
    for model_or_encoder in (finding_model, finding_model.encoder):
        embedder = choose_embedder(model_or_encoder, tasks["finding"], PARAMETERS)
        assert embedder.embed([], side="query").shape == (0, 32)
