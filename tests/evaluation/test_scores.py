import logging
from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from ccnlp.errors import ConfigurationError
from ccnlp.evaluation.scores import COLUMNS, compare_systems, lookup, score_predictions
from ccnlp.metrics import classification_metrics

LABELS = ("negative", "neutral", "positive")


def row_of(scores, **wanted):
    chosen = scores
    for column, value in wanted.items():
        chosen = chosen[chosen[column] == value]
    assert len(chosen) == 1, chosen
    return chosen.iloc[0]


@pytest.fixture
def simulated(make_predictions):
    return partial(_simulate, make_predictions)


def _simulate(make_predictions, size, accuracy, seed, **columns):
    draw = np.random.default_rng(seed)
    reference = draw.choice(LABELS, size)
    answers = {
        system: np.where(draw.random(size) < share, reference, draw.choice(LABELS, size)).tolist()
        for system, share in accuracy.items()
    }
    return make_predictions(reference.tolist(), answers, **columns)


@pytest.fixture
def predictions(simulated):
    draw = np.random.default_rng(5)
    return simulated(
        300,
        {"tfidf": 0.4, "finetuned": 0.7},
        seed=1,
        language=draw.choice(["es", "ja", "sw"], 300, p=[0.5, 0.45, 0.05]),
        culture=draw.choice(["MX", "ES"], 300),
        confidence=draw.uniform(0.34, 1, 300),
        num_characters=draw.integers(1, 400, 300),
    )


def test_scores_have_the_columns_and_every_slice(predictions, tasks, parameters):
    scores = score_predictions(predictions, tasks, parameters)
    assert list(scores.columns) == COLUMNS
    slices = {"all", "language", "culture", "language_culture", "domain", "origin", "length"}
    assert set(scores["slice"]) == {*slices, "label"}
    assert not scores.duplicated(
        ["task", "corpus", "split", "system", "slice", "group", "metric"]
    ).any()


def test_scores_equal_the_metrics_of_the_rows(predictions, tasks, parameters):
    scores = score_predictions(predictions, tasks, parameters)
    for language in ("es", "ja", "sw"):
        rows = predictions[
            (predictions["language"] == language) & (predictions["system"] == "finetuned")
        ]
        expected = classification_metrics(
            rows["reference"], rows["prediction"], rows["confidence"], labels=LABELS
        )
        for metric, value in expected.items():
            row = row_of(
                scores, slice="language", group=language, system="finetuned", metric=metric
            )
            assert row["score"] == pytest.approx(value)
            assert row["n"] == len(rows)


def test_language_average_is_the_mean_over_languages(predictions, tasks, parameters):
    scores = score_predictions(predictions, tasks, parameters)
    for metric in ("macro_f1", "accuracy", "average_recall", "calibration_error"):
        languages = lookup(scores, slice_name="language", metric=metric)
        for column in ("score", "difference"):
            finetuned = languages.loc[languages["system"] == "finetuned", column]
            row = row_of(scores, group="language_average", system="finetuned", metric=metric)
            assert row[column] == pytest.approx(finetuned.mean())


def test_language_average_has_the_interval_of_independent_languages(
    make_predictions, tasks, parameters
):
    # Accuracy of 0.5 on 100 rows of each of two languages: the mean has a deviation of
    # sqrt(0.25 / 100 / 2) = 0.0354, so the interval is 0.5 ± 0.0693.
    reference = ["negative"] * 200
    answers = (["negative"] * 50 + ["positive"] * 50) * 2
    language = ["es"] * 100 + ["ja"] * 100
    table = make_predictions(reference, {"tfidf": answers}, language=language)
    many = parameters.model_copy(update={"num_draws": 4000})
    row = row_of(score_predictions(table, tasks, many), group="language_average", metric="accuracy")
    assert row["low"] == pytest.approx(0.5 - 0.0693, abs=0.006)
    assert row["high"] == pytest.approx(0.5 + 0.0693, abs=0.006)


def test_language_average_of_parallel_texts_is_no_surer_than_that_of_one_language(
    make_predictions, tasks, parameters
):
    # 150 texts, each in four languages with the same answer: the mean over the languages is that
    # of 150 rows, 0.5 ± 1.96 * sqrt(0.25 / 150) = 0.5 ± 0.080, not half as wide.
    languages = ["ar", "es", "ja", "sw"]
    answers = ["negative", "positive"] * 75
    table = make_predictions(
        ["negative"] * 600,
        {"tfidf": answers * 4},
        language=np.repeat(languages, 150),
        group_id=[f"g{row}" for row in range(150)] * 4,
        confidence=[0.5, 0.9] * 300,
    )
    many = parameters.model_copy(update={"num_draws": 2000})
    scores = score_predictions(table, tasks, many)
    for metric in ("accuracy", "calibration_error"):
        average = row_of(scores, group="language_average", metric=metric)
        one = row_of(scores, slice="language", group="es", metric=metric)
        assert average["score"] == pytest.approx(one["score"])
        assert average["low"] == pytest.approx(one["low"], abs=0.01)
        assert average["high"] == pytest.approx(one["high"], abs=0.01)
    row = row_of(scores, group="language_average", metric="accuracy")
    assert row["low"] == pytest.approx(0.5 - 0.080, abs=0.01)
    assert row["high"] == pytest.approx(0.5 + 0.080, abs=0.01)


def test_language_average_with_a_language_that_draws_leave_out_has_an_interval(
    make_predictions, tasks, parameters
):
    # The only group of Swahili is missing in a third of the draws.
    table = make_predictions(
        ["negative"] * 61,
        {"tfidf": ["negative", "positive"] * 30 + ["positive"]},
        language=["es"] * 60 + ["sw"],
        group_id=[f"g{row}" for row in range(60)] + ["g0"],
    )
    row = row_of(score_predictions(table, tasks, parameters), group="language_average",
                 metric="accuracy")  # fmt: skip
    assert row["score"] == pytest.approx(0.25)
    assert row["low"] < 0.25 < row["high"]


def test_interval_covers_the_truth_about_as_often_as_it_says(simulated, tasks, parameters):
    few = parameters.model_copy(update={"slices": {}})
    covered = 0
    for seed in range(60):
        table = simulated(150, {"tfidf": 0.55}, seed=seed)
        row = row_of(
            score_predictions(table, tasks, few), slice="all", group="all", metric="accuracy"
        )
        covered += row["low"] <= 0.55 + 0.45 / 3 <= row["high"]
    assert 0.85 <= covered / 60 <= 1.0


def test_difference_is_taken_on_the_same_rows(make_predictions, tasks, parameters):
    # The systems agree but for ten rows, on which the fine-tuned is right: the difference is
    # surer than the two wide intervals say.
    reference = list(LABELS) * 50
    weak = ["negative"] * 60 + reference[60:]
    strong = reference[:10] + weak[10:]
    scores = score_predictions(
        make_predictions(reference, {"tfidf": weak, "finetuned": strong}), tasks, parameters
    )
    finetuned = row_of(scores, slice="all", group="all", system="finetuned", metric="accuracy")
    tfidf = row_of(scores, slice="all", group="all", system="tfidf", metric="accuracy")
    assert finetuned["difference"] == pytest.approx(finetuned["score"] - tfidf["score"])
    assert finetuned["low"] < tfidf["high"]
    assert finetuned["difference_low"] > 0
    assert tfidf[["difference", "difference_low", "difference_high"]].tolist() == [0, 0, 0]


def test_rows_of_a_group_are_drawn_together(make_predictions, tasks, parameters):
    # 25 groups of eight equal rows carry the information of 25 rows, not of 200.
    reference = ["negative"] * 200
    answers = (["negative"] * 8 + ["positive"] * 8) * 12 + ["negative"] * 8
    groups = [f"g{row // 8}" for row in range(200)]
    alone = score_predictions(make_predictions(reference, {"tfidf": answers}), tasks, parameters)
    together = score_predictions(
        make_predictions(reference, {"tfidf": answers}, group_id=groups), tasks, parameters
    )
    widths = [
        (row := row_of(scores, slice="all", group="all", metric="accuracy"))["high"] - row["low"]
        for scores in (alone, together)
    ]
    assert widths[1] / widths[0] == pytest.approx(8**0.5, rel=0.2)


def test_label_slice_has_the_scores_of_each_label(predictions, tasks, parameters):
    scores = score_predictions(predictions, tasks, parameters)
    rows = predictions[predictions["system"] == "tfidf"]
    expected = f1_score(rows["reference"], rows["prediction"], labels=LABELS, average=None)
    for label, value in zip(LABELS, expected, strict=True):
        row = row_of(scores, slice="label", group=label, system="tfidf", metric="f1")
        assert row["score"] == pytest.approx(value)
        assert row["n"] == (rows["reference"] == label).sum()


def test_label_that_never_occurs_does_not_count_in_macro_f1(make_predictions, tasks, parameters):
    table = make_predictions(["negative", "positive"], {"tfidf": ["negative", "positive"]})
    scores = score_predictions(table, tasks, parameters)
    assert row_of(scores, slice="all", group="all", metric="macro_f1")["score"] == 1.0
    assert np.isnan(row_of(scores, slice="label", group="neutral", metric="f1")["score"])


def test_small_groups_are_marked_and_kept(predictions, tasks, parameters):
    scores = lookup(score_predictions(predictions, tasks, parameters), slice_name="language")
    sizes = scores.groupby("group")["n"].first()
    assert sizes["sw"] < parameters.min_group_size < sizes["es"]
    assert scores.set_index("group")["is_small"].groupby("group").all().to_dict() == {
        "es": False,
        "ja": False,
        "sw": True,
    }


@pytest.mark.parametrize("size", [1, 12, 29])
def test_group_of_a_whole_that_is_small_too_has_scores_and_no_interval(
    size, make_predictions, tasks, parameters
):
    # 12 of 12 right are no reason to expect between 100 and 100 % of the next twelve.
    reference = (list(LABELS) * 30)[:size]
    table = make_predictions(reference, {"tfidf": reference, "finetuned": reference})
    scores = score_predictions(table, tasks, parameters)
    ends = ["low", "high", "difference_low", "difference_high"]
    assert scores["is_small"].all()
    assert scores[ends].isna().all(axis=None)
    assert set(lookup(scores, metric="accuracy")["score"]) == {1.0}


def test_small_group_that_is_all_right_is_not_held_to_be_certain(
    make_predictions, tasks, parameters
):
    reference = list(LABELS) * 30
    answers = [LABELS[0]] * 30 + reference[30:]
    table = make_predictions(reference, {"tfidf": answers, "finetuned": answers})
    is_small = table["example_id"].isin(table["example_id"].unique()[60:72])
    table["language"] = table["language"].astype(str).where(~is_small, "yo")
    scores = score_predictions(table, tasks, parameters)
    row = row_of(scores, slice="language", group="yo", system="finetuned", metric="accuracy")
    assert (row["n"], row["score"], row["is_small"]) == (12, 1.0, True)
    # Wilson's interval of 12 of 12 begins at 0.757.
    assert 0.65 < row["low"] < 0.9
    assert 0.99 < row["high"] < 1.0
    assert row["difference_low"] == row["difference_high"] == 0.0  # both answer the same


def test_group_of_the_minimum_size_has_an_interval(make_predictions, tasks, parameters):
    reference = list(LABELS) * 10
    table = make_predictions(reference, {"tfidf": reference})
    row = row_of(score_predictions(table, tasks, parameters), group="all", metric="accuracy")
    assert not row["is_small"]
    assert (row["low"], row["high"]) == (1.0, 1.0)


def test_several_corpora_are_scored_apart_and_together(predictions, tasks, parameters):
    corpus = np.where(predictions["culture"] == "MX", "first", "second")
    scores = score_predictions(predictions.assign(corpus=corpus), tasks, parameters)
    assert set(scores["corpus"]) == {"first", "second", "all"}
    assert set(lookup(scores)["corpus"]) == {"all"}
    sizes = lookup(scores, corpus="first")["n"].unique()
    assert sizes.tolist() == [(corpus == "first").sum() // 2]


def test_each_task_is_looked_up_in_all_its_corpora(predictions, tasks, parameters):
    corpus = np.where(predictions["culture"] == "MX", "first", "second")
    two = score_predictions(predictions.assign(corpus=corpus), tasks, parameters)
    one = score_predictions(predictions, tasks, parameters).assign(task="stance")
    chosen = lookup(pd.concat([two, one]))
    assert chosen.groupby("task")["corpus"].unique().map(list).to_dict() == {
        "sentiment": ["all"],
        "stance": ["reviews"],
    }
    assert not len(lookup(two.iloc[:0]))


def test_same_rows_in_two_slices_have_the_same_interval(predictions, tasks, parameters):
    table = predictions.assign(culture="MX")
    scores = score_predictions(table, tasks, parameters)
    everything = lookup(scores)[lambda t: t["group"] == "all"]
    culture = lookup(scores, slice_name="culture")
    assert everything["low"].tolist() == culture["low"].tolist()


def test_scores_do_not_depend_on_the_order_of_rows(predictions, tasks, parameters):
    shuffled = predictions.sample(frac=1, random_state=3)
    first = score_predictions(predictions, tasks, parameters)
    second = score_predictions(shuffled, tasks, parameters)
    key = ["system", "slice", "group", "metric"]
    pd.testing.assert_frame_equal(
        first.sort_values(key, ignore_index=True), second.sort_values(key, ignore_index=True)
    )


def test_missing_value_of_a_slice_is_unknown(predictions, tasks, parameters):
    table = predictions.assign(domain=pd.NA)
    scores = score_predictions(table, tasks, parameters)
    assert set(lookup(scores, slice_name="domain")["group"]) == {"und"}


def test_only_rows_of_all_systems_are_compared(predictions, tasks, parameters):
    is_dropped = (predictions["system"] == "tfidf") & (predictions["example_id"] < "e0100")
    scores = score_predictions(predictions[~is_dropped], tasks, parameters)
    assert set(lookup(scores)["n"]) == {200}


def test_comparison_takes_differences_to_the_champion(predictions, tasks, parameters):
    champion = predictions[predictions["system"] == "tfidf"].assign(system="champion")
    table = pd.concat([predictions, champion])
    compared = compare_systems(table, tasks, parameters, system="finetuned", baseline="champion")
    assert set(compared["system"]) == {"finetuned"}
    assert set(compared["baseline"]) == {"champion"}
    row = row_of(compared, slice="all", group="all", metric="macro_f1")
    expected = row_of(
        score_predictions(predictions, tasks, parameters),
        slice="all",
        group="all",
        system="finetuned",
        metric="macro_f1",
    )
    assert row["difference"] == pytest.approx(expected["difference"])


def test_comparison_is_on_the_corpora_that_the_champion_has_not_seen(
    predictions, tasks, parameters
):
    # As where a corpus was all train, and now has ratios: every row of it was seen.
    corpus = np.where(predictions["culture"] == "MX", "first", "second")
    table = predictions.assign(corpus=corpus)
    champion = table[(table["system"] == "tfidf") & (table["corpus"] == "first")]
    both = pd.concat([table, champion.assign(system="champion")])
    compared = compare_systems(both, tasks, parameters, system="finetuned", baseline="champion")
    assert set(compared["corpus"]) == {"first"}
    assert set(lookup(compared)["n"]) == {len(champion)}


def test_comparison_without_a_champion_is_empty(predictions, tasks, parameters):
    compared = compare_systems(
        predictions, tasks, parameters, system="finetuned", baseline="champion"
    )
    assert list(compared.columns) == COLUMNS
    assert not len(compared)


def test_baseline_without_predictions_is_named(predictions, tasks, parameters):
    other = parameters.model_copy(update={"baseline": "tfdif"})
    with pytest.raises(ConfigurationError, match=r"'tfdif', which predicted.*did you mean 'tfidf'"):
        score_predictions(predictions, tasks, other)


def without_references(predictions, is_tied):
    return predictions.assign(reference=predictions["reference"].astype("string").mask(is_tied))


def test_rows_without_a_reference_are_counted_and_have_no_part(
    predictions, tasks, parameters, caplog
):
    is_tied = predictions["example_id"] < "e0040"
    with caplog.at_level(logging.INFO):
        scores = score_predictions(without_references(predictions, is_tied), tasks, parameters)
    kept = score_predictions(predictions[~is_tied], tasks, parameters)
    pd.testing.assert_frame_equal(
        scores.drop(columns="num_unlabelled"), kept.drop(columns="num_unlabelled")
    )
    assert set(kept["num_unlabelled"]) == {0}
    assert set(lookup(scores)["num_unlabelled"]) == {40}
    assert (
        lookup(scores, slice_name="culture").groupby("system")["num_unlabelled"].sum().eq(40).all()
    )
    assert "40 of 300 rows have no reference; they have no part in the scores" in caplog.text


def test_group_without_any_reference_has_no_score(predictions, tasks, parameters):
    is_tied = predictions["language"] == "sw"
    scores = score_predictions(without_references(predictions, is_tied), tasks, parameters)
    row = row_of(lookup(scores, slice_name="language"), group="sw", system="finetuned")
    assert (row["n"], row["num_unlabelled"]) == (0, is_tied.sum() // 2)
    assert row[["score", "low", "high", "difference"]].isna().all()
    assert row["is_small"]
    average = row_of(scores, group="language_average", system="finetuned", metric="macro_f1")
    others = lookup(scores, slice_name="language").query("system == 'finetuned' and n > 0")
    assert average["score"] == pytest.approx(others["score"].mean())


def test_rows_without_any_reference_have_no_score(predictions, tasks, parameters):
    unlabelled = without_references(predictions, np.full(len(predictions), True))
    scores = score_predictions(unlabelled, tasks, parameters)
    assert scores["score"].isna().all()
    assert set(scores["n"]) == {0}


def test_slice_of_too_many_groups_is_refused(predictions, tasks, parameters):
    slices = {"texts": ("group_id",)}
    with pytest.raises(ConfigurationError, match=r"slices\.texts has 300 groups.*max_groups"):
        score_predictions(
            predictions, tasks, parameters.model_copy(update={"slices": slices, "max_groups": 200})
        )
