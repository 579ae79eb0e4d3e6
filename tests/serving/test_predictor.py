import unicodedata

import pandas as pd
import pytest

from ccnlp.errors import ConfigurationError, ModelSourceError
from ccnlp.serving.predictor import Predictor, RequestError, ServingParameters

PARAMETERS = ServingParameters(max_texts=3, max_characters=40, tokens_per_batch=256)


@pytest.fixture
def predictor(tiny_model) -> Predictor:
    return Predictor(tiny_model, parameters=PARAMETERS)


def request(*texts, **columns):
    return pd.DataFrame({"text": pd.Series(texts, dtype="object")} | columns)


def test_answer_has_label_confidence_and_probabilities(predictor):
    answer = predictor.predict(request("good film", "bad", "très bon"))
    assert list(answer.columns) == ["label", "confidence", "probabilities"]
    for row in answer.to_dict("records"):
        probabilities = row["probabilities"]
        assert list(probabilities) == ["negative", "neutral", "positive"]
        assert sum(probabilities.values()) == pytest.approx(1, abs=1e-5)
        assert row["confidence"] == pytest.approx(probabilities[row["label"]])


def test_answers_keep_the_order_of_texts_of_different_length(predictor):
    texts = ["good and very very good film", "bad", "it was boring"]
    together = predictor.predict(request(*texts))
    for row, text in enumerate(texts):
        alone = predictor.predict(request(text)).loc[0, "probabilities"]
        assert together.loc[row, "probabilities"] == pytest.approx(alone, abs=1e-3)


def test_text_is_cleaned_as_in_ingestion(predictor):
    clean = predictor.predict(request("schön film")).loc[0, "probabilities"]
    raw = " " + unicodedata.normalize("NFD", "schön") + "\n film "
    assert predictor.predict(request(raw)).loc[0, "probabilities"] == clean


def test_language_and_culture_may_be_given_and_missing(predictor):
    given = request("good", "bad", language=["en-GB", None], culture=["NG", pd.NA])
    assert len(predictor.predict(given)) == 2


def test_model_that_was_saved_answers_alike(predictor, tmp_path):
    predictor.model.save(tmp_path / "model")
    loaded = Predictor.load(tmp_path / "model", parameters=PARAMETERS)
    own, other = (p.predict(request("good film")) for p in (predictor, loaded))
    assert own.loc[0, "label"] == other.loc[0, "label"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (pd.DataFrame({"texts": ["a"]}), "no column 'text', only 'texts'"),
        (request("a", "b", "c", "d"), "has 4 texts, and at most 3 are answered at once"),
        (request("a", "x" * 41), "text 1 has 41 characters, and at most 40 are read"),
        (request("a", ""), "text 1 is empty"),
        (request("\u2060\ufe0f"), "text 0 is empty"),
        (request("\u200b\x00"), "text 0 has null bytes"),
        (request(" \t\u200b\n"[:2]), "text 0 is empty"),
        (request(None), "text 0 is None, which is no text"),
        (request(float("nan")), "text 0 is nan, which is no text"),
        (request(5), "text 0 is 5, which is no text"),
        (request("a", language=["swa"]), "language 'swa' is not a BCP-47 tag; did you mean 'sw'"),
    ],
)
def test_bad_request_is_refused_with_the_reason(predictor, given, message):
    with pytest.raises(RequestError, match=message) as caught:
        predictor.predict(given)
    assert "parameters/" not in str(caught.value)


def test_no_text_gives_no_answer(predictor):
    assert len(predictor.predict(request())) == 0


def test_unknown_task_is_refused(tiny_model):
    with pytest.raises(ConfigurationError, match="no task 'topic', only 'sentiment'"):
        Predictor(tiny_model, parameters=PARAMETERS, task="topic")


def test_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ModelSourceError, match="holds no model of this project"):
        Predictor.load(tmp_path, parameters=PARAMETERS)
