import dataclasses
import unicodedata

import pandas as pd
import pytest
from scipy.spatial.distance import jensenshannon

from ccnlp.errors import ModelSourceError
from ccnlp.serving.predictor import Predictor, RequestError, ServingParameters, served_tasks
from ccnlp.serving.thresholds import ServingThresholds
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

PARAMETERS = ServingParameters(
    max_texts=3, max_characters=40, max_tokens=10_000, tokens_per_batch=256
)


@pytest.fixture
def predictor(tiny_model) -> Predictor:
    return Predictor(tiny_model, parameters=PARAMETERS)


def request(*texts, **columns):
    return pd.DataFrame({"text": pd.Series(texts, dtype="object")} | columns)


def test_answer_has_label_confidence_and_probabilities(predictor):
    answer = predictor.predict(request("good film", "bad", "très bon"))
    assert list(answer.columns) == ["label", "confidence", "probabilities", "is_truncated"]
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
    expected, answer = (p.predict(request("good film")) for p in (predictor, loaded))
    assert expected.loc[0, "label"] == answer.loc[0, "label"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            pd.DataFrame({"texts": ["a"]}),
            "no column 'text', which task 'sentiment' asks for, only 'texts'",
        ),
        (request("a", "b", "c", "d"), "has 4 texts, and at most 3 are answered at once"),
        (request("a", "x" * 41), "text 1 has 41 characters, and at most 40 are read"),
        (request("a", ""), "text 1 is empty"),
        (request("\u2060\ufe0f"), "text 0 is empty"),
        (request("\u200b\x00"), "text 0 has null bytes"),
        (request(" \t\u200b\n"[:2]), "text 0 is empty"),
        (request(None), "text 0 is None, which is no text"),
        (request(float("nan")), "text 0 is nan, which is no text"),
        (request(5), "text 0 is 5, which is no text"),
        (request("a\ud83d"), "text 0 has half of a surrogate pair, which is no character"),
        (request("a", language=[["en", "es"]]), r"language \"\['en', 'es'\]\" is not a BCP-47 tag"),
        (request("a", language=["swa"]), "language 'swa' is not a BCP-47 tag; did you mean 'sw'"),
    ],
)
def test_bad_request_is_refused_with_the_reason(predictor, given, message):
    with pytest.raises(RequestError, match=message) as caught:
        predictor.predict(given)
    assert "parameters/" not in str(caught.value)


def test_no_text_gives_no_answer(predictor):
    assert len(predictor.predict(request())) == 0


def test_unknown_task_is_refused(predictor):
    with pytest.raises(RequestError, match="serves no task 'topic', only 'sentiment'"):
        predictor.predict(request("good"), task="topic")


def test_text_that_the_model_did_not_read_to_its_end_is_told(tiny_model):
    model = dataclasses.replace(tiny_model, max_length_tokens=6)
    answer = Predictor(model, parameters=PARAMETERS).predict(
        request("good film", "the film was good and the service bad")
    )
    assert answer["is_truncated"].tolist() == [False, True]


@pytest.fixture
def two_tasks(tiny_model):
    """The model with another task beside, of other labels."""
    from ccnlp.models.network import build_network, load_backbone

    labels = {"sentiment": ["negative", "neutral", "positive"], "topic": ["film", "service"]}
    entry = {"kind": "sequence_classification", "loss_weight": 1}
    parameters = {name: {**entry, "labels": task_labels} for name, task_labels in labels.items()}
    tasks = build_tasks(TasksParameters.model_validate(parameters))
    backbone = load_backbone(tiny_model.encoder.folder)
    network = build_network(backbone, tasks, pooling="mean", head_dropout=0.0)
    return dataclasses.replace(tiny_model, network=network.eval(), tasks=tasks)


@pytest.mark.parametrize(
    ("task", "labels"),
    [
        (None, ["negative", "neutral", "positive"]),
        ("sentiment", ["negative", "neutral", "positive"]),
        ("topic", ["film", "service"]),
    ],
)
def test_request_may_name_the_task(two_tasks, task, labels):
    answer = Predictor(two_tasks, parameters=PARAMETERS).predict(request("good"), task=task)
    assert list(answer.loc[0, "probabilities"]) == labels


def test_model_without_a_task_to_serve_says_so(tiny_model):
    model = dataclasses.replace(tiny_model, tasks={})
    assert served_tasks(model) == []
    with pytest.raises(RequestError, match="the model has no task that can be served"):
        Predictor(model, parameters=PARAMETERS).predict(request("good"))


def test_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ModelSourceError, match="holds no model of this project"):
        Predictor.load(tmp_path, parameters=PARAMETERS)


@pytest.fixture
def conditioned(conditioned_model) -> Predictor:
    return Predictor(conditioned_model, parameters=PARAMETERS)


def confidences(answer) -> list[float]:
    return [row["negative"] for row in answer["probabilities"]]


def test_conditioned_model_answers_by_culture_and_tells_whether_it_has_seen_it(conditioned):
    given = request("good", "good", "good", culture=["mx", "GT", None])
    answer = conditioned.predict(given)
    mexico, guatemala, unknown = confidences(answer)
    assert answer["is_culture_seen"].tolist() == [True, False, False]
    assert len({mexico, guatemala, unknown}) == 3  # Guatemala has the subregion of Mexico


def test_conditioned_model_knows_its_groups_and_takes_und(conditioned):
    answer = conditioned.predict(
        request("good", "good", culture=["latam", "und"], language=["es", "es"])
    )
    assert answer["is_culture_seen"].tolist() == [True, False]


def test_conditioned_model_answers_without_culture_as_for_an_unknown_one(conditioned):
    plain = conditioned.predict(request("good", "bad"))
    unknown = conditioned.predict(
        request("good", "bad", culture=["und", None], language=["und", None])
    )
    assert confidences(plain) == confidences(unknown)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"culture": ["UK"]}, "the request: culture 'UK' is no ISO 3166 region .*mean 'GB'"),
        ({"culture": ["latm"]}, "culture 'latm' .*and no declared group; did you mean 'latam'"),
        ({"culture": [5]}, "culture '5' is no ISO 3166 region"),
        ({"language": ["swa"]}, "language 'swa' is not a BCP-47 tag; did you mean 'sw'"),
    ],
)
def test_conditioned_model_refuses_a_culture_that_is_none(conditioned, columns, message):
    with pytest.raises(RequestError, match=message) as caught:
        conditioned.predict(request("good", **columns))
    assert "parameters/" not in str(caught.value)


def test_unconditioned_model_looks_at_no_culture(predictor):
    answer = predictor.predict(request("good", culture=["any group"]))
    assert "is_culture_seen" not in answer


def test_text_is_truncated_where_the_prefix_takes_its_room(tiny_model, culture_parameters):
    from ccnlp.conditioning.base import fit
    from ccnlp.models.network import MultiTaskNetwork

    seen = pd.DataFrame({"culture": ["GB"], "language": ["en"], "domain": ["und"]})
    conditioning = fit(culture_parameters("prefix"), seen)
    network = tiny_model.network
    layer = conditioning.layer(network.backbone, tiny_model.tokenizer)
    model = dataclasses.replace(
        tiny_model,
        network=MultiTaskNetwork(network.backbone, network.heads, network.tasks, layer).eval(),
        conditioning=conditioning,
        max_length_tokens=10,
    )
    answer = Predictor(model, parameters=PARAMETERS).predict(
        request("the film was good and great", "the film was good and great it")
    )
    assert answer["is_truncated"].tolist() == [False, True]


@pytest.fixture
def reader(reading_model) -> Predictor:
    return Predictor(reading_model, parameters=PARAMETERS)


def test_answer_depends_on_the_context_which_is_cleaned_like_a_text(reader):
    texts = request(
        "good", "good", "good", context=["a film", " a\u0001  film \n\u200b\n", "boring"]
    )
    one, same, other = confidences(reader.predict(texts))
    assert one == same != other


def test_context_may_be_missing(reader):
    plain = confidences(reader.predict(request("good", "good", "good")))
    for nothing in ([None] * 3, [float("nan"), pd.NA, ""], [" ", "\u200b", "\n"]):
        assert confidences(reader.predict(request(*["good"] * 3, context=nothing))) == plain


def test_cut_context_is_told(reader):
    texts = request("good", "good", context=["film", "the film was good and the service bad"])
    assert reader.predict(texts)["is_truncated"].tolist() == [False, False]
    long = request("good", context=["the film was good and the service bad and boring not it"])
    short = dataclasses.replace(reader.model, max_length_tokens=8)
    answer = Predictor(short, parameters=ServingParameters(**LONGER)).predict(long)
    assert answer["is_truncated"].tolist() == [True]


LONGER = PARAMETERS.model_dump() | {"max_characters": 80}


@pytest.mark.parametrize(
    ("context", "message"),
    [
        (5, "the context of text 1 is 5, which is no text"),
        (["a", "b"], r"the context of text 1 is \['a', 'b'\], which is no text"),
        ("x" * 41, "the context of text 1 has 41 characters, and at most 40 are read; shorten it"),
        ("a\x00", "the context of text 1 has null bytes"),
    ],
)
def test_context_that_is_none_is_refused_where_it_is_read(reader, predictor, context, message):
    given = request("good", "bad", context=["fine", context])
    with pytest.raises(RequestError, match=message):
        reader.predict(given)
    assert len(predictor.predict(given)) == 2  # which does not look at it


def abstaining(model, threshold) -> Predictor:
    thresholds = ServingThresholds(abstention={"sentiment": threshold}, min_disagreement=None)
    return Predictor(model, parameters=PARAMETERS, thresholds=thresholds)


def test_model_abstains_below_its_threshold_and_gives_no_label(tiny_model, predictor):
    texts = request("good film", "bad", "it was boring")
    plain = predictor.predict(texts)
    middle = plain["confidence"].sort_values().iloc[1]
    answer = abstaining(tiny_model, middle).predict(texts)
    assert answer["abstains"].tolist() == (plain["confidence"] < middle).tolist()
    assert answer["abstains"].sum() == 1  # the one at the threshold is answered
    assert answer["label"].isna().tolist() == answer["abstains"].tolist()
    assert answer.loc[answer["label"].isna(), "label"].tolist() == [None]  # null in JSON
    assert answer["probabilities"].tolist() == plain["probabilities"].tolist()


def test_label_is_given_all_the_same_where_it_is_asked_for(tiny_model, predictor):
    texts = request("good film", "bad")
    answer = abstaining(tiny_model, 1.0).predict(texts, abstains=False)
    assert answer["label"].tolist() == predictor.predict(texts)["label"].tolist()
    assert answer["abstains"].all()


@pytest.mark.parametrize("abstains", ["false", None, 0])
def test_what_is_no_truth_value_does_not_say_whether_to_abstain(tiny_model, abstains):
    with pytest.raises(RequestError, match=f"'abstain' is {abstains!r}; give true or false"):
        abstaining(tiny_model, 1.0).predict(request("good film"), abstains=abstains)


def test_task_without_a_threshold_is_always_answered(two_tasks):
    predictor = abstaining(two_tasks, 1.0)
    assert predictor.predict(request("good"))["abstains"].all()
    assert "abstains" not in predictor.predict(request("good"), task="topic")


def test_text_without_culture_is_held_against_the_same_threshold(conditioned_model):
    texts = request("good", "good", culture=["MX", None])
    plain = Predictor(conditioned_model, parameters=PARAMETERS).predict(texts)
    between = plain["confidence"].mean()
    answer = abstaining(conditioned_model, between).predict(texts)
    assert answer["abstains"].tolist() == (plain["confidence"] < between).tolist()
    assert sorted(answer["abstains"]) == [False, True]
    assert answer["is_culture_seen"].tolist() == [True, False]


def test_abstaining_on_no_text_gives_no_answer(tiny_model):
    answer = abstaining(tiny_model, 0.5).predict(request())
    assert list(answer.columns)[-1] == "abstains"
    assert not len(answer)


def by_culture(model, min_disagreement=0.1, max_texts=9) -> Predictor:
    parameters = PARAMETERS.model_copy(update={"max_texts": max_texts})
    thresholds = ServingThresholds(abstention={}, min_disagreement=min_disagreement)
    return Predictor(model, parameters=parameters, thresholds=thresholds)


def test_cultures_are_set_beside_each_other_on_request(conditioned_model):
    texts = request("good", "bad film")
    predictor = by_culture(conditioned_model)
    answer = predictor.predict(texts, cultures=["mx", "GB", "MX"])
    for row, text in enumerate(texts["text"]):
        probabilities_by_culture = answer.loc[row, "by_culture"]
        assert list(probabilities_by_culture) == ["MX", "GB"]
        for culture, probabilities in probabilities_by_culture.items():
            alone = predictor.predict(request(text, culture=[culture]))
            assert probabilities == pytest.approx(alone.loc[0, "probabilities"], abs=1e-5)
        first, second = (
            list(probabilities.values()) for probabilities in probabilities_by_culture.values()
        )
        assert answer.loc[row, "disagreement"] == pytest.approx(
            jensenshannon(first, second, base=2), abs=1e-5
        )
    assert "by_culture" not in predictor.predict(texts)


def test_all_are_the_cultures_of_the_training(conditioned_model):
    answer = by_culture(conditioned_model).predict(request("good"), cultures=["all"])
    assert list(answer.loc[0, "by_culture"]) == ["GB", "MX", "latam"]


def test_text_is_contested_from_the_stated_disagreement_on(conditioned_model):
    texts = request("good", "bad", "it was boring")
    disagreements = by_culture(conditioned_model).predict(texts, cultures=["all"])["disagreement"]
    middle = disagreements.sort_values().iloc[1]
    answer = by_culture(conditioned_model, middle).predict(texts, cultures=["all"])
    assert answer["contested"].tolist() == (disagreements >= middle).tolist()
    assert answer["contested"].sum() == 2
    without_threshold = by_culture(conditioned_model, None).predict(texts, cultures=["all"])
    assert "contested" not in without_threshold
    assert "disagreement" in without_threshold


def test_one_culture_has_nobody_to_disagree_with(conditioned_model):
    answer = by_culture(conditioned_model).predict(request("good"), cultures=["GB"])
    assert answer.loc[0, "disagreement"] == 0
    assert not answer.loc[0, "contested"]


def test_own_culture_of_a_row_stays_the_answer(conditioned_model):
    predictor = by_culture(conditioned_model)
    given = request("good", "good", culture=["GB", "MX"])
    plain, beside = predictor.predict(given), predictor.predict(given, cultures=["all"])
    assert beside["label"].tolist() == plain["label"].tolist()
    assert beside["confidence"].tolist() == plain["confidence"].tolist()


@pytest.mark.parametrize(
    ("cultures", "message"),
    [
        (["GB", "UK"], "the request: culture 'UK' is no ISO 3166 region .*mean 'GB'"),
        (["latm"], "culture 'latm' .*and no declared group; did you mean 'latam'"),
        (["GB", "JP"], "knows nothing of culture 'JP', .* trained on GB, MX, latam"),
        (["und"], "knows nothing of culture 'und', so that its answer would be that for an unk"),
        (
            ["all", "GB"],
            "names 'all' beside others; .* training, GB, MX, latam, and is named alone",
        ),
        ("GB", r"'cultures' is the text 'GB'; name them in a list, \['GB'\]"),
        (5, "'cultures' is 5, which is no list; leave it out, or give one"),
    ],
)
def test_culture_that_the_model_can_not_answer_by_is_refused(conditioned_model, cultures, message):
    with pytest.raises(RequestError, match=message):
        by_culture(conditioned_model).predict(request("good"), cultures=cultures)


def test_column_that_stands_twice_is_refused(predictor):
    twice = pd.DataFrame([["good", "bad"]], columns=["text", "text"])
    with pytest.raises(RequestError, match="has two columns 'text'; give each once"):
        predictor.predict(twice)


def test_language_that_is_a_list_is_refused(predictor):
    with pytest.raises(RequestError, match=r"language .*'en', 'es'.* is not a BCP-47 tag"):
        predictor.predict(pd.DataFrame({"text": ["good"], "language": [["en", "es"]]}))


def test_model_that_is_told_nothing_refuses_cultures(predictor):
    with pytest.raises(RequestError, match="told nothing of culture, so that it can't answer by"):
        predictor.predict(request("good"), cultures=["GB"])


def test_model_that_is_told_of_language_alone_refuses_cultures(tiny_model, culture_parameters):
    from ccnlp.conditioning.base import fit

    seen = pd.DataFrame({"culture": ["GB"], "language": ["en"], "domain": ["und"]})
    conditioning = fit(culture_parameters("prefix", prefix={"fields": ["language"]}), seen)
    model = dataclasses.replace(tiny_model, conditioning=conditioning)
    with pytest.raises(RequestError, match="the model is told nothing of culture"):
        by_culture(model).predict(request("good"), cultures=["GB"])


def test_limit_of_texts_holds_for_texts_times_cultures(conditioned_model):
    predictor = by_culture(conditioned_model, max_texts=3)
    assert len(predictor.predict(request("good"), cultures=["all"])) == 1
    with pytest.raises(RequestError) as caught:
        predictor.predict(request("good", "bad"), cultures=["GB", "MX"])
    assert str(caught.value) == (
        "the request has 2 texts in 2 cultures, which are 4 answers, and at most 3 are given at "
        "once; send the texts in parts, or name fewer cultures"
    )


def test_no_text_has_no_answer_by_culture(conditioned_model):
    answer = by_culture(conditioned_model).predict(request(), cultures=["all"])
    assert list(answer.columns)[-3:] == ["by_culture", "disagreement", "contested"]
    assert not len(answer)
