"""Systems beside the distribution of annotators' labels."""

import numpy as np
import pandas as pd
import pytest

from ccnlp.evaluation.distances import measure_distances
from ccnlp.evaluation.gate import GateParameters, decide_promotion
from ccnlp.evaluation.judged_tasks import JudgedTask
from ccnlp.evaluation.scores import compare_systems, score_predictions
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

ENTRY = {
    "kind": "label_distribution", "loss_weight": 1, "labels": ["no", "yes"],
    "options": {"view": "majority"},
}  # fmt: skip
TASKS = build_tasks(TasksParameters.model_validate({"t": ENTRY}))
SIZE = 200


def predictions(**shares_of_yes):
    """Rows of two cultures, half of which say yes and half of which are divided."""
    truth = np.where(np.arange(SIZE) % 2, 1.0, 0.5)
    reference = pd.Series([[1 - yes, yes] for yes in truth])
    tables = []
    for system, yes in shares_of_yes.items():
        predicted = pd.Series([[1 - yes, yes]] * SIZE)
        tables.append(
            pd.DataFrame(
                {
                    "example_id": [f"{i:016x}" for i in range(SIZE)],
                    "group_id": [f"{i // 2:016x}" for i in range(SIZE)],
                    "system": system,
                    "reference": pd.Series(np.where(truth == 1, "yes", None), dtype="string"),
                    "prediction": "yes" if yes > 0.5 else "no",
                    "confidence": max(yes, 1 - yes),
                    "culture": np.where(np.arange(SIZE) < SIZE / 2, "GB", "SG"),
                    **measure_distances(reference, predicted),
                }
            )
        )
    return pd.concat(tables, ignore_index=True).assign(
        task="t", corpus="c", split="test", language="en", region="und", domain="und",
        origin="native", num_characters=20, is_seen=False, weights="",
    )  # fmt: skip


def test_distances_are_missing_without_a_distribution():
    distances = measure_distances(None, pd.Series([[0.5, 0.5]]))
    assert all(np.isnan(value) for value in distances.values())


def test_means_take_in_rows_without_a_majority(parameters):
    scores = score_predictions(
        predictions(tfidf=0.5, finetuned=0.75), TASKS, parameters, baseline="tfidf"
    )

    tfidf = scores[(scores["system"] == "tfidf") & (scores["group"] == "all")].set_index("metric")
    # Half of the rows are met; for the others -ln(1/2), and for the first half -ln(1/2) as well.
    assert tfidf.loc["cross_entropy", "score"] == pytest.approx(np.log(2))
    assert tfidf.loc["cross_entropy", "n"] == SIZE
    assert tfidf.loc["accuracy", "n"] == SIZE / 2
    distance = tfidf.loc["jensen_shannon_distance"]
    whole = np.sqrt((np.log2(1 / 0.75) + (np.log2(0.5 / 0.75) + np.log2(2)) / 2) / 2)
    assert distance["score"] == pytest.approx(whole / 2)
    # Texts come in pairs of one divided and one sure row, so that every draw has the same mean.
    assert distance["low"] == pytest.approx(distance["high"]) == pytest.approx(distance["score"])


def test_similarity_is_what_the_distance_lacks_of_1(parameters):
    scores = score_predictions(
        predictions(tfidf=0.5, finetuned=0.75), TASKS, parameters, baseline="tfidf"
    )
    finetuned = scores[scores["system"] == "finetuned"].set_index(["slice", "group"])
    distance, similarity = (
        finetuned[finetuned["metric"] == metric]
        for metric in ("jensen_shannon_distance", "distribution_similarity")
    )
    assert len(similarity)
    for of_similarity, of_distance in (("score", "score"), ("low", "high"), ("high", "low")):
        np.testing.assert_allclose(similarity[of_similarity], 1 - distance[of_distance])
    np.testing.assert_allclose(similarity["difference"], -distance["difference"])
    np.testing.assert_allclose(similarity["difference_low"], -distance["difference_high"])


def test_differences_are_taken_in_the_same_draws(parameters):
    scores = score_predictions(
        predictions(tfidf=0.5, finetuned=0.75), TASKS, parameters, baseline="tfidf"
    )

    rows = scores[(scores["system"] == "finetuned") & (scores["metric"] == "cross_entropy")]
    assert set(rows["group"]) >= {"all", "GB", "SG"}
    base = scores[(scores["system"] == "tfidf") & (scores["metric"] == "cross_entropy")]
    merged = rows.merge(base, on=["slice", "group"], suffixes=("", "_base"))
    np.testing.assert_allclose(merged["difference"], merged["score"] - merged["score_base"])
    assert not rows[rows["group"] == "GB"]["is_small"].any()


def test_tasks_of_one_label_have_no_distances(parameters):
    plain = predictions(tfidf=0.5).assign(jensen_shannon_distance=np.nan, cross_entropy=np.nan)
    scores = score_predictions(plain, TASKS, parameters, baseline="tfidf")
    assert "cross_entropy" not in set(scores["metric"])


def test_a_small_group_has_an_interval_with_width_and_a_small_whole_has_none(parameters):
    table = predictions(tfidf=0.5, finetuned=0.75)
    table.loc[table["example_id"] == f"{0:016x}", "culture"] = "MT"
    few = table[table["example_id"] < f"{4:016x}"]

    scores = score_predictions(table, TASKS, parameters, baseline="tfidf")
    alone = score_predictions(few, TASKS, parameters, baseline="tfidf")

    row = scores[
        (scores["group"] == "MT") & (scores["system"] == "finetuned")
        & (scores["metric"] == "jensen_shannon_distance")
    ].iloc[0]  # fmt: skip
    assert row["is_small"]
    assert row["n"] == 1
    assert row["high"] - row["low"] > 0.05
    assert row["difference_high"] > row["difference_low"]
    of_distances = alone[alone["metric"] == "cross_entropy"]
    assert of_distances["score"].notna().all()
    assert of_distances[["low", "high", "difference_low"]].isna().all(axis=None)


def test_gate_passes_a_model_that_is_nearer_though_its_labels_are_the_same(parameters):
    # All say yes. Rows are tied or sure by turns, and 60 % is nearer to both together than 99 %.
    table = predictions(tfidf=0.99, champion=0.99, finetuned=0.6)
    gate = GateParameters(
        min_score=0.4, min_gain_over_baseline=0.0, min_gain_over_champion=0.0,
        max_regression=0.02, slices=("culture",),
    )  # fmt: skip

    def decide(metric):
        return decide_promotion(
            score_predictions(table, TASKS, parameters),
            compare_systems(table, TASKS, parameters, system="finetuned", baseline="champion"),
            tasks={"t": JudgedTask(metric)},
            lost_tasks=(),
            confidence=0.95,
            parameters=gate,
        )

    passed = decide("distribution_similarity")
    assert (passed.outcome, {part.verdict for part in passed.comparisons}) == (
        "passed", {"improved"},
    )  # fmt: skip
    assert [part.n for part in passed.comparisons] == [SIZE, SIZE / 2, SIZE / 2]
    assert decide("macro_f1").outcome == "failed"  # no gain over the baseline
