from functools import partial

import numpy as np
import pandas as pd
import pytest

from ccnlp.errors import CorpusError
from ccnlp.evaluation.baselines import predict_majority, predict_probe, predict_tfidf
from ccnlp.evaluation.predictions import COLUMNS, combine, predict_with

WORDS = {
    "negative": "malo horrible 最悪",
    "neutral": "normal vale 普通",
    "positive": "bueno rico 最高",
}

LABELS = tuple(WORDS)


@pytest.fixture
def examples(make_examples):
    rows = []
    for split, size in (("train", 40), ("validation", 10), ("test", 10)):
        for label, words in WORDS.items():
            parts = words.split()
            rows += [
                ("es", "MX", split, f"muy {parts[row % 3]} numero {row}", label)
                for row in range(size)
            ]
    return make_examples(rows)


def embed(texts):
    """A vector of three clear features and some noise."""
    noise = np.random.default_rng(0).normal(size=(len(texts), 4))
    marks = [[any(w in text for w in words.split()) for words in WORDS.values()] for text in texts]
    return np.hstack([np.array(marks, dtype=float), noise]).astype(np.float32)


@pytest.fixture
def systems(parameters):
    return {
        "majority": predict_majority,
        "tfidf": partial(predict_tfidf, parameters=parameters.tfidf),
        "probe": partial(predict_probe, parameters=parameters.probe, seed=0, embed=embed),
    }


@pytest.mark.parametrize("system", ["tfidf", "probe"])
def test_learnt_baseline_finds_what_is_there(system, systems, examples, tasks):
    table = predict_with(system, systems[system], examples=examples, tasks=tasks)
    assert list(table.columns) == COLUMNS
    assert table["split"].value_counts().to_dict() == {"validation": 30, "test": 30}
    assert (table["reference"] == table["prediction"]).mean() == 1.0


SCRIPTS_WITHOUT_SPACES = {
    "zh": {"negative": "难吃", "neutral": "普通", "positive": "好吃"},
    "ja": {"negative": "最悪", "neutral": "普通", "positive": "最高"},
}


@pytest.mark.parametrize("language", ["zh", "ja"])
def test_tfidf_learns_from_texts_that_are_one_word_each(language, systems, make_examples, tasks):
    numerals = "一二三四五六七八九十"
    rows = [
        (language, "TW", split, f"{a}{word}{b}{c}", label)
        for split, digits in (("train", numerals), ("validation", "甲"), ("test", "乙"))
        for label, word in SCRIPTS_WITHOUT_SPACES[language].items()
        for a in digits
        for b in numerals
        for c in digits[:1]
    ]
    table = predict_with("tfidf", systems["tfidf"], examples=make_examples(rows), tasks=tasks)
    assert (table["reference"] == table["prediction"]).mean() == 1.0


def test_tfidf_answers_where_no_texts_share_an_ngram(systems, make_examples, tasks, parameters):
    rows = [("zh", "TW", "train", chr(0x4E00 + row), LABELS[row % 3]) for row in range(60)]
    rows += [("zh", "TW", "test", "龘", "neutral")]
    tfidf = parameters.tfidf.model_copy(update={"character_ngrams": (2, 2)})
    predict = partial(predict_tfidf, parameters=tfidf)
    table = predict_with("tfidf", predict, examples=make_examples(rows), tasks=tasks)
    assert len(table) == 1


@pytest.mark.parametrize("system", ["majority", "tfidf", "probe"])
def test_probabilities_are_in_the_order_of_the_labels(system, systems, examples, tasks):
    table = predict_with(system, systems[system], examples=examples, tasks=tasks)
    probabilities = np.stack(table["probabilities"].to_list())
    labels = np.array(tasks["sentiment"].labels)
    assert probabilities.dtype == np.float32
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(len(table)))
    assert (labels[probabilities.argmax(axis=1)] == table["prediction"]).all()
    assert table["confidence"].to_numpy() == pytest.approx(probabilities.max(axis=1))


def test_majority_is_that_of_the_corpus(make_examples, tasks):
    rows = [("es", "MX", "train", "a", "positive")] * 3 + [("es", "MX", "train", "b", "negative")]
    first = make_examples([*rows, ("es", "MX", "test", "c", "negative")])
    second = make_examples(
        [*[("es", "MX", "train", "d", "neutral")] * 2, ("es", "MX", "test", "e", "neutral")],
        corpus="second",
    )
    third = make_examples([("es", "MX", "test", "f", "neutral")], corpus="third")
    table = predict_with(
        "majority", predict_majority, examples=pd.concat([first, second, third]), tasks=tasks
    )
    assert table["prediction"].tolist() == ["positive", "neutral", "positive"]
    assert table["confidence"].tolist() == pytest.approx([3 / 4, 1.0, 3 / 6])


@pytest.mark.parametrize("system", ["majority", "tfidf", "probe"])
def test_label_missing_from_train_has_no_probability(system, systems, examples, tasks):
    is_dropped = (examples["split"] == "train") & (examples["label"] == "neutral")
    table = predict_with(system, systems[system], examples=examples[~is_dropped], tasks=tasks)
    assert np.stack(table["probabilities"].to_list())[:, 1].max() == 0
    assert set(table["prediction"]) <= {"negative", "positive"}


@pytest.mark.parametrize("system", ["majority", "tfidf", "probe"])
def test_single_label_in_train_is_predicted_everywhere(system, systems, examples, tasks):
    kept = examples[(examples["split"] != "train") | (examples["label"] == "neutral")]
    table = predict_with(system, systems[system], examples=kept, tasks=tasks)
    assert set(table["prediction"]) == {"neutral"}


@pytest.mark.parametrize("system", ["tfidf", "probe"])
def test_without_validation_rows_a_baseline_is_fitted_all_the_same(
    system, systems, examples, tasks
):
    kept = examples[examples["split"] != "validation"]
    table = predict_with(system, systems[system], examples=kept, tasks=tasks)
    assert set(table["split"]) == {"test"}


def test_probe_embeds_no_more_train_rows_than_it_may(examples, tasks, parameters):
    num_embedded = []

    def count(texts):
        num_embedded.append(len(texts))
        return embed(texts)

    probe = parameters.probe.model_copy(update={"max_train_examples": 50})
    predict = partial(predict_probe, parameters=probe, seed=0, embed=count)
    table = predict_with("probe", predict, examples=examples, tasks=tasks)
    assert num_embedded == [50 + 60]
    assert (table["reference"] == table["prediction"]).all()


def test_probe_draws_its_train_rows_by_the_seed(examples, tasks, parameters):
    probe = parameters.probe.model_copy(update={"max_train_examples": 20})

    def drawn_texts(seed):
        embedded = []

        def remember(texts):
            embedded.append(tuple(texts[:20]))
            return embed(texts)

        predict = partial(predict_probe, parameters=probe, seed=seed, embed=remember)
        predict_with("probe", predict, examples=examples, tasks=tasks)
        return embedded

    assert drawn_texts(0) == drawn_texts(0)
    assert drawn_texts(0) != drawn_texts(1)


def test_tfidf_gives_the_same_twice(systems, examples, tasks):
    first, again = (
        predict_with("tfidf", systems["tfidf"], examples=examples, tasks=tasks) for _ in range(2)
    )
    pd.testing.assert_frame_equal(first, again)


def test_task_without_train_rows_is_named(systems, examples, tasks):
    kept = examples[examples["split"] != "train"]
    with pytest.raises(CorpusError, match="no labelled train rows to fit 'tfidf' on"):
        predict_with("tfidf", systems["tfidf"], examples=kept, tasks=tasks)


def test_combined_table_keeps_the_places_of_the_examples(systems, examples, tasks):
    tables = [
        predict_with(name, systems[name], examples=examples, tasks=tasks)
        for name in ("majority", "tfidf")
    ]
    empty = predict_with("champion", lambda *_: None, examples=examples, tasks=tasks)
    assert list(empty.columns) == COLUMNS
    combined = combine([*tables, empty])
    assert combined["system"].value_counts().to_dict() == {"majority": 60, "tfidf": 60}
    by_id = examples.set_index("id")
    assert (combined["culture"] == combined["example_id"].map(by_id["culture"])).all()
    assert (combined["num_characters"] == combined["example_id"].map(by_id["text"]).str.len()).all()
