"""Tasks that are scored by sums over rows, such as of the spans that were found."""

import numpy as np
import pandas as pd
import pytest

from ccnlp.evaluation.fairness import measure_fairness
from ccnlp.evaluation.gate import GateParameters, decide_promotion
from ccnlp.evaluation.judged_tasks import JudgedTask
from ccnlp.evaluation.naming import metric_name_of
from ccnlp.evaluation.scores import compare_systems, score_predictions
from ccnlp.evaluation.summary import kind_metrics, summarise
from ccnlp.evaluation.terminal import scores_table
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TaskParameters, TasksParameters
from ccnlp.tasks.tallied import TalliedTask, f1, read_answer, write_answer

SIZE = 120
A, B = write_answer(["a"]), write_answer(["a", "b"])


class Words(TalliedTask):
    """Names the words of a text that matter."""

    input_columns, target_columns = ("text",), ("words",)
    primary_metric = "f1"
    validate = encode = collate = head = losses = decode = reference = None

    def tallies(self, predictions):
        pairs = [
            (set(read_answer(prediction)), set(read_answer(reference)))
            for prediction, reference in zip(
                predictions["prediction"], predictions["reference"], strict=True
            )
        ]
        numbers = [(1, len(a & b), len(b), len(a), a == b) for a, b in pairs]
        return np.array(numbers, dtype=np.float64).reshape(-1, 5)

    def metrics(self, sums):
        with np.errstate(invalid="ignore"):
            exact = sums[..., 4] / sums[..., 0]
        whole = f1(sums[..., 1], sums[..., 2], sums[..., 3])
        return {"f1": whole, "exact_match": exact, "f1:a": exact}

    def supports(self, sums):
        return {"f1:a": sums[..., 2] / 4}


TASKS = {"t": Words("t", TaskParameters(kind="words", loss_weight=1))}


def predictions(**answers):
    """Rows of two words each; half of them of each culture, two thirds English, a third Hindi."""
    row_numbers = np.arange(SIZE)
    tables = [
        pd.DataFrame(
            {
                "example_id": [f"{i:016x}" for i in row_numbers],
                "group_id": [f"{i:016x}" for i in row_numbers],
                "system": system,
                "reference": B,
                "prediction": answer,
                "confidence": 0.9,
                "culture": np.where(row_numbers < SIZE / 2, "GB", "IN"),
                "language": np.where(row_numbers % 3, "en", "hi"),
            }
        )
        for system, answer in answers.items()
    ]
    return pd.concat(tables, ignore_index=True).assign(
        task="t", corpus="c", split="test", region="und", domain="und", origin="native",
        num_characters=20, is_seen=False, weights="", jensen_shannon_distance=np.nan,
    )  # fmt: skip


def by_thirds(share_right):
    """Right in the given share of English rows, and one word of two found in all others."""
    row_numbers = np.arange(SIZE)
    return np.where((row_numbers % 3 != 0) & (row_numbers % 10 < 10 * share_right), B, A)


def scored(table, parameters, **kwargs):
    return score_predictions(table, TASKS, parameters, **kwargs)


def row(scores, system="finetuned", slice_name="all", group="all", metric="f1"):
    found = scores[
        (scores["system"] == system) & (scores["slice"] == slice_name)
        & (scores["group"] == group) & (scores["metric"] == metric)
    ]  # fmt: skip
    assert len(found) == 1
    return found.iloc[0]


def test_scores_are_metrics_of_the_sums_of_each_group(parameters):
    scores = scored(predictions(tfidf=A, finetuned=by_thirds(1.0)), parameters)

    # English: all of 160 words; Hindi: 40 of 80, with 40 predicted.
    assert row(scores)["score"] == pytest.approx(2 * 200 / (240 + 200))
    assert row(scores, slice_name="language", group="en")["score"] == 1
    assert row(scores, slice_name="language", group="hi")["score"] == pytest.approx(2 / 3)
    assert row(scores, group="language_average")["score"] == pytest.approx((1 + 2 / 3) / 2)
    assert row(scores, metric="exact_match")["score"] == pytest.approx(2 / 3)
    assert row(scores, slice_name="language", group="hi")["n"] == SIZE / 3
    is_whole = (scores["metric"] == "f1") & (scores["slice"] != "label")
    assert scores.loc[is_whole, "is_headline"].all()
    assert not scores.loc[scores["metric"] == "exact_match", "is_headline"].any()


def test_metric_of_a_label_stands_in_the_slice_of_labels_alone(parameters):
    scores = scored(predictions(tfidf=A, finetuned=by_thirds(1.0)), parameters)

    labels = scores[scores["slice"] == "label"]
    assert labels[["group", "metric"]].drop_duplicates().values.tolist() == [["a", "f1"]]
    label_row = row(scores, slice_name="label", group="a")
    assert label_row["score"] == pytest.approx(2 / 3)
    assert label_row["n"] == 2 * SIZE / 4  # of what has the label, not of all rows
    assert not labels["is_headline"].any()
    assert set(scores["metric"]) == {"f1", "exact_match"}


def test_differences_are_taken_in_the_same_draws(parameters):
    answers = by_thirds(0.5)
    scores = scored(predictions(tfidf=answers, finetuned=answers), parameters)
    same = row(scores)
    assert (same["difference"], same["difference_low"], same["difference_high"]) == (0, 0, 0)
    assert same["high"] - same["low"] > 0.01


def test_interval_has_the_width_of_the_bootstrap(parameters):
    # A share of 2/3 in 120 rows deviates by sqrt(2/9/120) = 0.043, to both sides 1.96 times.
    scores = scored(predictions(tfidf=A, finetuned=by_thirds(1.0)), parameters)
    exact = row(scores, metric="exact_match")
    assert exact["high"] - exact["low"] == pytest.approx(2 * 1.96 * 0.043, rel=0.15)


def test_rows_without_a_reference_are_counted_apart(parameters):
    table = predictions(tfidf=A, finetuned=B)
    table.loc[table["culture"] == "IN", "reference"] = pd.NA

    scores = scored(table, parameters)

    assert (row(scores)["n"], row(scores)["num_unlabelled"]) == (SIZE / 2, SIZE / 2)
    nothing = row(scores, slice_name="culture", group="IN")
    assert nothing["n"] == 0
    assert np.isnan(nothing["score"])


def test_small_group_of_right_answers_has_an_interval_with_width(parameters):
    table = predictions(tfidf=A, finetuned=by_thirds(1.0))
    table.loc[table["example_id"].isin([f"{1:016x}", f"{2:016x}"]), "culture"] = "MT"

    small = row(scored(table, parameters), slice_name="culture", group="MT")

    assert (small["score"], small["is_small"]) == (1, True)
    assert small["high"] - small["low"] > 0.05


def test_baseline_that_did_not_answer_leaves_differences_and_the_gate_open(parameters):
    table = predictions(finetuned=by_thirds(1.0))
    gate = GateParameters(
        min_score=0.4, min_gain_over_baseline=0.0, min_gain_over_champion=0.0,
        max_regression=0.02, slices=("culture",),
    )  # fmt: skip

    scores = scored(table, parameters)
    decision = decide_promotion(
        scores,
        compare_systems(table, TASKS, parameters, system="finetuned", baseline="champion"),
        tasks={"t": JudgedTask("f1")},
        lost_tasks=(),
        confidence=0.95,
        parameters=gate,
    )

    assert scores[["difference", "difference_low", "difference_high"]].isna().all(axis=None)
    assert decision.outcome == "inconclusive"
    assert decision.reasons[0] == (
        "t: inconclusive, as the baseline knows no way to answer it, so that no gain is shown"
    )


def test_gate_passes_a_model_that_is_better_and_stops_one_that_loses_a_culture(parameters):
    gate = GateParameters(
        min_score=0.4, min_gain_over_baseline=0.0, min_gain_over_champion=0.0,
        max_regression=0.02, slices=("culture",),
    )  # fmt: skip

    def decide(champion, finetuned):
        table = predictions(tfidf=A, champion=champion, finetuned=finetuned)
        return decide_promotion(
            scored(table, parameters),
            compare_systems(table, TASKS, parameters, system="finetuned", baseline="champion"),
            tasks={"t": JudgedTask("f1")},
            lost_tasks=(),
            confidence=0.95,
            parameters=gate,
        )

    assert decide(by_thirds(0.5), B).outcome == "passed"
    first_half = np.where(np.arange(SIZE) < SIZE / 2, B, by_thirds(0.0))
    worse = decide(by_thirds(0.8), first_half)
    assert worse.outcome == "failed"
    assert any("culture IN loses" in reason for reason in worse.reasons)


def test_groups_are_compared_without_rates_of_labels(parameters):
    table = predictions(tfidf=A, finetuned=by_thirds(1.0))
    groups, gaps = measure_fairness(table, scored(table, parameters), TASKS, parameters)

    gap = gaps[(gaps["system"] == "finetuned") & (gaps["slice"] == "language")].iloc[0]
    assert (gap["worst_group"], gap["best_group"]) == ("hi", "en")
    assert gap["gap"] == pytest.approx(1 / 3)
    assert gap["gap_low"] > 0
    assert np.isnan(gap["equalised_odds_difference"])
    hindi = groups[
        (groups["system"] == "finetuned") & (groups["slice"] == "language")
        & (groups["group"] == "hi")
    ].iloc[0]  # fmt: skip
    assert (hindi["verdict"], hindi["rest"]) == ("worse", 1)
    assert hindi["score"] == pytest.approx(2 / 3)


def test_tables_name_the_metrics_of_the_task(parameters):
    scores = scored(predictions(tfidf=A, finetuned=by_thirds(1.0)), parameters)

    text = scores_table(scores)

    assert text.startswith("t: F1 on test, in percent")
    assert "\nexact match" in text
    assert kind_metrics(scores, "t") == ["exact_match"]
    assert "reaches an F1 of 90.9" in summarise(scores, task="t")[0]


def test_metrics_of_pools_name_the_measure_and_the_pool():
    assert metric_name_of("mean_average_precision") == "mAP"
    assert metric_name_of("other_language_recall_at_1") == "recall@1, other languages"
    assert metric_name_of("share_of_all") == "share of all"


def test_prior_of_a_small_group_has_no_labels_that_the_group_lacks(parameters):
    entry = {"kind": "multi_label_classification", "loss_weight": 1, "labels": ["a", "b", "c"]}
    tasks = build_tasks(TasksParameters.model_validate({"t": entry}))
    table = predictions(tfidf=A, finetuned=A)
    row_numbers = table["example_id"].str[-2:].map(lambda digits: int(digits, 16))
    table["reference"] = np.where(row_numbers % 2, A, write_answer(["b"]))
    few = (row_numbers % 2 == 1) & (row_numbers < 20)
    table.loc[few, "culture"] = "MT"  # ten rows of the label a, all of them right
    table.loc[~few, "prediction"] = write_answer(["c"])

    scores = score_predictions(table, tasks, parameters)
    groups, _ = measure_fairness(table, scores, tasks, parameters)

    small = row(scores, slice_name="culture", group="MT", metric="macro_f1")
    assert small["score"] == 1
    assert small["low"] > 0.5
    assert small["high"] > 0.99  # with the prior of other labels it would be below 0.7
    apart = groups[(groups["group"] == "MT") & (groups["system"] == "finetuned")].iloc[0]
    assert apart["difference_low"] > 0.5


def test_correlations_of_groups_may_lie_farther_apart_than_shares(parameters):
    entry = {"kind": "pair_similarity", "loss_weight": 1, "options": {"score_range": [0, 5]}}
    tasks = build_tasks(TasksParameters.model_validate({"t": entry}))
    table = predictions(tfidf="0", finetuned="0")
    row_numbers = table["example_id"].str[-2:].map(lambda digits: int(digits, 16))
    table["reference"] = (row_numbers % 5).astype(str)
    is_british = table["culture"] == "GB"
    table["prediction"] = np.where(is_british, row_numbers % 5, 4 - row_numbers % 5).astype(str)

    _, gaps = measure_fairness(
        table, score_predictions(table, tasks, parameters), tasks, parameters
    )

    gap = gaps[(gaps["slice"] == "culture") & (gaps["system"] == "finetuned")].iloc[0]
    assert gap["gap"] == pytest.approx(2)
    assert gap["gap_low"] <= gap["gap"] <= gap["gap_high"]
    assert np.isnan(gap["ratio"])
