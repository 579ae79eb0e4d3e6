"""Groups beside the rest, and how far they lie apart; fairlearn is the independent check."""

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import (
    MetricFrame,
    demographic_parity_difference,
    equalized_odds_difference,
)
from sklearn.metrics import f1_score

from ccnlp.evaluation import disparities, gaps
from ccnlp.evaluation.fairness import measure_fairness
from ccnlp.evaluation.scores import score_predictions
from ccnlp.evaluation.slice_draws import draw_slices

LABELS = ("negative", "neutral", "positive")
CULTURES = ("ES", "KE", "MX", "NA")


@pytest.fixture
def measure(tasks, parameters):
    def measure(predictions, **changes):
        chosen = parameters.model_copy(update={"slices": {"culture": ("culture",)}, **changes})
        scores = score_predictions(predictions, tasks, chosen)
        return measure_fairness(predictions, scores, tasks, chosen)

    return measure


@pytest.fixture
def simulate(make_predictions):
    def simulate(shares, size=100, labels=LABELS, seed=0, **columns):
        """Cultures with so many rows each, of which shares are right."""
        draw = np.random.default_rng(seed)
        sizes = size if isinstance(size, list) else [size] * len(shares)
        reference = draw.choice(labels, sum(sizes))
        is_right = draw.random(sum(sizes)) < np.repeat(shares, sizes)
        answers = np.where(is_right, reference, np.roll(reference, 1))
        culture = np.repeat(CULTURES[: len(shares)], sizes)
        return make_predictions(
            reference.tolist(),
            {"tfidf": reference.tolist(), "finetuned": answers.tolist()},
            culture=culture,
            **columns,
        )

    return simulate


def row_of(table, **wanted):
    chosen = table
    for column, value in wanted.items():
        chosen = chosen[chosen[column] == value]
    assert len(chosen) == 1, chosen
    return chosen.iloc[0]


def finetuned(table, slice_name="culture"):
    return table[(table["system"] == "finetuned") & (table["slice"] == slice_name)]


def macro_f1(reference, prediction):
    return f1_score(reference, prediction, average="macro", labels=LABELS)


def test_gap_ratio_and_rates_are_those_of_fairlearn(simulate, measure):
    table = simulate([0.9, 0.5, 0.7, 0.75])
    _, slices = measure(table)
    row = row_of(slices, system="finetuned", slice="culture")
    predictions = table[table["system"] == "finetuned"]
    reference, prediction = (
        predictions[name].to_numpy(object) for name in ("reference", "prediction")
    )
    culture = predictions["culture"].to_numpy(object)
    frame = MetricFrame(
        metrics=macro_f1, y_true=reference, y_pred=prediction, sensitive_features=culture
    )
    assert row["gap"] == pytest.approx(frame.difference())
    assert row["ratio"] == pytest.approx(frame.ratio())
    assert row["worst_group"] == frame.by_group.astype(float).idxmin() == "KE"
    assert row["best_group"] == frame.by_group.astype(float).idxmax() == "ES"
    odds, parity = (
        {
            label: function(
                (reference == label).astype(int),
                (prediction == label).astype(int),
                sensitive_features=culture,
            )
            for label in LABELS
        }
        for function in (equalized_odds_difference, demographic_parity_difference)
    )
    # A rate of fewer rows than the minimum is left out; here all labels have enough.
    counts = pd.crosstab(culture, reference).to_numpy()
    least = counts.min()
    _, slices = measure(table, min_group_size=int(least))
    row = row_of(slices, system="finetuned", slice="culture")
    assert row["equalised_odds_difference"] == pytest.approx(max(odds.values()))
    assert row["equalised_odds_label"] == max(odds, key=odds.get)
    assert row["demographic_parity_difference"] == pytest.approx(max(parity.values()))
    assert row["demographic_parity_label"] == max(parity, key=parity.get)


def test_two_labels_have_the_usual_definition(simulate, measure):
    table = simulate([0.9, 0.6], labels=("negative", "positive"))
    _, slices = measure(table)
    predictions = table[table["system"] == "finetuned"]
    reference, prediction = (
        (predictions[n] == "positive").to_numpy(int) for n in ("reference", "prediction")
    )
    row = row_of(slices, system="finetuned", slice="culture")
    expected = equalized_odds_difference(
        reference, prediction, sensitive_features=predictions["culture"].to_numpy(object)
    )
    assert row["equalised_odds_difference"] == pytest.approx(expected)


def test_estimates_lie_in_their_intervals(simulate, measure):
    _, slices = measure(simulate([0.9, 0.5, 0.7, 0.75]))
    row = row_of(slices, system="finetuned", slice="culture")
    for name in gaps.ESTIMATES:
        assert 0 <= row[f"{name}_low"] < row[name] < row[f"{name}_high"] <= 1


def test_groups_that_are_equal_may_have_no_gap(simulate, measure):
    _, slices = measure(simulate([0.7] * 4, seed=1))
    row = row_of(slices, system="finetuned", slice="culture")
    assert row["gap"] > 0
    assert (row["gap_low"], row["ratio_high"]) == (0.0, 1.0)


@pytest.mark.parametrize("shares", [[0.7] * 4, [0.55, 0.7, 0.7, 0.85]])
def test_interval_of_the_gap_holds_the_truth_about_as_often_as_it_says(
    shares, simulate, tasks, parameters
):
    chosen = parameters.model_copy(update={"slices": {"culture": ("culture",)}})

    def gap_of(table, **changes):
        predictions = table[table["system"] == "finetuned"]
        drawn_slice = next(draw_slices(predictions, tasks, chosen.model_copy(update=changes)))
        return gaps.measure_gaps(drawn_slice, confidence=0.95)

    # Of many rows: the gap between the populations.
    truth = gap_of(simulate(shares, size=20_000), num_draws=1)["gap"] if len(set(shares)) > 1 else 0
    rows = [gap_of(simulate(shares, size=60, seed=seed)) for seed in range(25)]
    assert sum(row["gap_low"] <= truth <= row["gap_high"] for row in rows) >= 22


def test_group_is_held_against_the_rest(simulate, measure):
    table = simulate([0.9, 0.4, 0.9, 0.9])
    groups, _ = measure(table)
    row = row_of(finetuned(groups), group="KE")
    predictions = table[table["system"] == "finetuned"]
    is_of_group = predictions["culture"] == "KE"
    scores = [
        macro_f1(part["reference"], part["prediction"])
        for part in (predictions[is_of_group], predictions[~is_of_group])
    ]
    assert [row["score"], row["rest"]] == pytest.approx(scores)
    assert row["difference"] == pytest.approx(scores[0] - scores[1])
    assert row["difference_low"] < row["difference"] < row["difference_high"] < 0
    assert row["verdict"] == "worse"
    assert row["p_value"] < row["p_adjusted"] < 0.05


def test_scores_and_intervals_are_those_of_the_scores(simulate, measure, tasks, parameters):
    table = simulate([0.9, 0.4])
    groups, _ = measure(table)
    chosen = parameters.model_copy(update={"slices": {"culture": ("culture",)}})
    scores = score_predictions(table, tasks, chosen)
    culture_scores = scores[(scores["slice"] == "culture") & (scores["metric"] == "macro_f1")]
    merged = groups.merge(culture_scores, on=disparities.KEYS, suffixes=("", "_scored"))
    for name in ("score", "low", "high", "n"):
        assert merged[name].tolist() == merged[f"{name}_scored"].tolist()


def test_without_a_difference_it_stays_open(simulate, measure):
    groups, _ = measure(simulate([0.7, 0.7]))
    assert set(finetuned(groups)["verdict"]) == {"open"}


def test_groups_too_small_are_told_with_the_rows_they_need(simulate, measure):
    table = simulate([0.8, 0.7, 0.3], size=[100, 100, 12])
    groups, slices = measure(table)
    row = row_of(finetuned(groups), group="MX")
    assert row["verdict"] == "too small"
    assert np.isnan(row["p_adjusted"])
    width = (row["high"] - row["low"]) / 2
    assert row["num_needed"] == np.ceil(12 * (width / 0.05) ** 2) > 100
    gap_row = row_of(slices, system="finetuned", slice="culture")
    assert (gap_row["num_groups"], gap_row["num_too_small"]) == (3, 1)
    assert gap_row["worst_group"] == "KE"  # of those that are large enough


def test_rows_needed_are_what_the_half_width_takes(simulate, measure):
    # 200 rows with an interval of h to each side: four times the rows halve it.
    groups, _ = measure(simulate([0.8, 0.8], size=200))
    row = row_of(finetuned(groups), group="ES")
    half = (row["high"] - row["low"]) / 4
    from ccnlp.evaluation.parameters import FairnessParameters

    again, _ = measure(simulate([0.8, 0.8], size=200), fairness=FairnessParameters(half_width=half))
    assert row_of(finetuned(again), group="ES")["num_needed"] == pytest.approx(800, abs=1)


def test_fewer_than_two_groups_large_enough_have_no_gap(simulate, measure):
    _, slices = measure(simulate([0.8, 0.7], size=[100, 12]))
    row = row_of(slices, system="finetuned", slice="culture")
    assert row[["gap", "ratio_low", "equalised_odds_difference"]].isna().all()
    assert (row["worst_group"], row["equalised_odds_label"]) == ("", "")


def test_slice_of_one_group_compares_nothing(simulate, measure):
    groups, slices = measure(simulate([0.8]))
    assert not len(finetuned(groups))
    assert not len(finetuned(slices))
    assert list(groups.columns) == disparities.COLUMNS
    assert list(slices.columns) == gaps.COLUMNS


def test_rate_of_few_rows_is_left_out(make_predictions, measure):
    # `neutral` is the reference of one row in each culture, and found in one: no sure difference.
    reference = (["negative", "positive"] * 40 + ["neutral"]) * 2
    answers = [*reference[:-1], "positive"]
    table = make_predictions(
        reference, {"tfidf": answers, "finetuned": answers}, culture=["ES"] * 81 + ["MX"] * 81
    )
    _, slices = measure(table)
    row = row_of(slices, system="finetuned", slice="culture")
    assert row["equalised_odds_difference"] == pytest.approx(1 / 41)


def test_rows_without_a_reference_are_counted_and_have_no_part(simulate, measure):
    table = simulate([0.9, 0.4, 0.7])
    is_tied = table["example_id"].isin(table["example_id"].unique()[:20])
    groups, _ = measure(table.assign(reference=table["reference"].astype("string").mask(is_tied)))
    kept, _ = measure(table[~is_tied])
    assert row_of(finetuned(groups), group="ES")["num_unlabelled"] == 20
    assert row_of(finetuned(groups), group="ES")["n"] == 80
    pd.testing.assert_frame_equal(
        groups.drop(columns="num_unlabelled"), kept.drop(columns="num_unlabelled")
    )


def test_group_without_any_reference_is_told(simulate, measure):
    table = simulate([0.9, 0.4, 0.7])
    is_tied = table["culture"] == "MX"
    groups, slices = measure(
        table.assign(reference=table["reference"].astype("string").mask(is_tied))
    )
    row = row_of(finetuned(groups), group="MX")
    assert (row["n"], row["num_unlabelled"], row["verdict"]) == (0, 100, "no labels")
    gap_row = row_of(slices, system="finetuned", slice="culture")
    assert (gap_row["num_groups"], gap_row["num_too_small"]) == (3, 1)


def test_nothing_is_measured_where_no_row_has_a_reference(simulate, measure):
    table = simulate([0.9, 0.4]).assign(reference=pd.array([pd.NA] * 400, dtype="string"))
    groups, slices = measure(table)
    assert not len(groups)
    assert not len(slices)
