"""Findings and verdicts on predictions whose truth is known."""

import numpy as np
import pandas as pd
import pytest

from ccnlp.evaluation.distances import measure_distances
from ccnlp.studies.comparison import Contrast, compare_arms, score_arms
from ccnlp.studies.verdicts import Question, judge, summarise
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

ENTRY = {"kind": "sequence_classification", "loss_weight": 1, "labels": ["no", "yes"]}
TASKS = build_tasks(TasksParameters.model_validate({"t": ENTRY}))
CULTURES = {"GB": 300, "SG": 300, "ZA": 300, "MT": 10}


def predictions(arm: str, accuracy: dict[str, float], *, seeds=(0, 1)) -> pd.DataFrame:
    """Of an arm that is right with the given chance in each culture, for each of its seeds."""
    cultures = np.repeat(list(CULTURES), list(CULTURES.values()))
    reference = np.resize(["no", "yes"], len(cultures))
    tables = []
    for seed in seeds:
        chance = np.random.default_rng([seed, len(arm)]).random(len(cultures))
        is_right = chance < np.array([accuracy.get(c, 0.7) for c in cultures])
        other = np.where(reference == "no", "yes", "no")
        tables.append(
            pd.DataFrame(
                {
                    "example_id": [f"{i:016x}" for i in range(len(cultures))],
                    "prediction": np.where(is_right, reference, other),
                    "reference": reference,
                    "culture": cultures,
                    "seed": seed,
                }
            )
        )
    table = pd.concat(tables, ignore_index=True).assign(
        system=arm, task="t", corpus="c", split="test", language="en", region="und", domain="und",
        origin="native", confidence=0.9, num_characters=20, is_seen=False, weights="",
    )  # fmt: skip
    return table.assign(group_id=table["example_id"])


def test_scores_of_arms_count_texts_once_and_take_seeds_together(evaluation_parameters):
    arms = [predictions("plain", {}), predictions("told", {"GB": 1.0, "MT": 1.0})]
    scores = score_arms(
        pd.concat(arms, ignore_index=True),
        TASKS,
        evaluation_parameters,
        slices={"culture": ["culture"]},
    )
    by_group = scores[scores["slice"] == "culture"].set_index(["arm", "group"])
    assert set(by_group.loc["told"].index) == set(CULTURES)
    assert by_group.loc[("told", "GB"), ["score", "low", "high", "n"]].tolist() == [1, 1, 1, 300]
    assert by_group.loc[("plain", "ZA"), "score"] == pytest.approx(0.7, abs=0.06)
    assert by_group.loc[("plain", "ZA"), "low"] < by_group.loc[("plain", "ZA"), "score"]
    assert by_group["is_small"].to_dict() == {
        (arm, group): group == "MT" for arm in ("plain", "told") for group in CULTURES
    }


@pytest.fixture
def compare(evaluation_parameters):
    def compare(arms, contrasts):
        table = pd.concat(arms.values(), ignore_index=True)
        return compare_arms(
            table, contrasts, TASKS, evaluation_parameters, slices={"culture": ["culture"]}
        )

    return compare


def by_culture(table: pd.DataFrame, column: str) -> dict[str, object]:
    culture_rows = table[table["slice"] == "culture"]
    return dict(zip(culture_rows["group"], culture_rows[column], strict=True))


def test_a_large_gain_of_every_seed_is_better_and_a_small_group_is_too_small(compare):
    arms = {
        "none": predictions("none", {}),
        "told": predictions("told", {"SG": 0.95, "ZA": 0.4}),
    }

    table = compare(arms, [Contrast("told", "none")])

    assert by_culture(table, "finding") == {
        "GB": "open", "MT": "too small", "SG": "better", "ZA": "worse",
    }  # fmt: skip
    assert by_culture(table, "n") == {"GB": 300, "MT": 10, "SG": 300, "ZA": 300}


def test_seeds_that_disagree_show_nothing(compare):
    good, bad = (predictions("told", {"SG": a}, seeds=[s]) for s, a in ((0, 0.99), (1, 0.66)))
    arms = {"none": predictions("none", {}), "told": pd.concat([good, bad], ignore_index=True)}

    table = compare(arms, [Contrast("told", "none")])
    row = table[(table["slice"] == "culture") & (table["group"] == "SG")].iloc[0]

    assert row["difference_low"] > 0
    assert row["lowest_of_seeds"] <= 0 < row["highest_of_seeds"]
    assert row["finding"] == "seeds disagree"


def test_more_groups_ask_for_a_larger_difference(compare):
    arms = {"none": predictions("none", {}), "told": predictions("told", {"SG": 0.8})}

    table = compare(arms, [Contrast("told", "none")])

    corrected = by_culture(table, "p_value")
    assert np.isnan(corrected["MT"])
    assert corrected["SG"] <= corrected["GB"] <= 1


def test_a_gain_that_the_control_has_too_is_no_gain_of_culture(compare):
    arms = {
        "none": predictions("none", {}),
        "told": predictions("told", {"SG": 0.95, "ZA": 0.95}),
        "shuffled": predictions("shuffled", {"ZA": 0.95}),
    }
    question = Question(Contrast("told", "none"), controls=("shuffled",))

    verdicts = judge(compare(arms, question.contrasts), [question])

    assert by_culture(verdicts, "verdict") == {
        "GB": "no evidence",
        "MT": "too small",
        "SG": "helps",
        "ZA": "helps, and so does the control",
    }
    sentences = summarise(verdicts, slice_name="culture")
    assert len(sentences) == 1
    assert sentences[0].startswith("t, c, told: ")
    assert "By culture, helps: SG (+" in sentences[0]
    assert sentences[0].endswith("no evidence: GB; too small: MT.")


@pytest.mark.parametrize(
    ("against_control", "of_control", "verdict"),
    [
        ("better", "open", "helps"),
        ("better", "better", "helps"),
        ("open", "better", "helps, and so does the control"),
        ("open", "open", "helps, but not shown to beat the control"),
        ("seeds disagree", "worse", "helps, but not shown to beat the control"),
    ],
)
def test_what_the_control_did_decides_how_a_gain_is_called(against_control, of_control, verdict):
    row = {
        "task": "t", "corpus": "c", "split": "test", "slice": "culture", "group": "SG",
        "metric": "macro_f1", "is_primary": True, "difference": 0.1,
        "difference_low": 0.05, "difference_high": 0.15, "n": 300,
    }  # fmt: skip
    table = pd.DataFrame(
        [
            {**row, "arm": "told", "against": "none", "finding": "better"},
            {**row, "arm": "told", "against": "shuffled", "finding": against_control},
            {**row, "arm": "shuffled", "against": "none", "finding": of_control},
        ]
    )

    verdicts = judge(table, [Question(Contrast("told", "none"), controls=("shuffled",))])

    assert verdicts["verdict"].tolist() == [verdict]


@pytest.mark.parametrize(
    ("difference", "low", "ending"),
    [
        (0.051, np.nan, "(+5.1, without an interval in macro-F1)"),
        (np.nan, np.nan, "(no score in macro-F1)"),
    ],
)
def test_difference_without_an_interval_says_so(difference, low, ending):
    verdicts = pd.DataFrame(
        [
            {
                "task": "t", "corpus": "c", "split": "test", "slice": "all", "group": "all",
                "metric": "macro_f1", "is_primary": True, "arm": "told", "difference": difference,
                "difference_low": low, "difference_high": low, "n": 3, "verdict": "too small",
            }
        ]
    )  # fmt: skip

    (sentence,) = summarise(verdicts, slice_name="culture")

    assert f"t, c, told: too small over all 3 rows {ending}" in sentence


def test_a_distribution_is_judged_by_how_near_the_arms_come_to_it(evaluation_parameters):
    # Most rows are ties: shares come nearer to them, and the labels of the others stay right.
    tie, sure = [0.5, 0.5], [0.0, 1.0]
    reference = pd.Series([tie, tie, tie, sure] * 100)
    soft = {"kind": "label_distribution", "options": {"view": "distribution"}, "loss_weight": 1}
    tasks = build_tasks(TasksParameters.model_validate({"t": {**soft, "labels": ["no", "yes"]}}))
    arms = []
    for arm, yes in (("none", 0.99), ("told", 0.7)):
        for seed in (0, 1):
            shares = pd.Series([[1 - yes, yes]] * len(reference))
            arms.append(
                pd.DataFrame(
                    {
                        "example_id": [f"{i:016x}" for i in range(len(reference))],
                        "reference": pd.Series([None, None, None, "yes"] * 100, dtype="string"),
                        "prediction": "yes",
                        "culture": ["GB"] * 300 + ["SG"] * 100,
                        "system": arm,
                        "seed": seed,
                        **measure_distances(reference, shares),
                    }
                )
            )
    table = pd.concat(arms, ignore_index=True).assign(
        task="t", corpus="c", split="test", language="en", region="und", domain="und",
        origin="native", confidence=0.9, num_characters=20, is_seen=False, weights="",
    )  # fmt: skip
    table["group_id"] = table["example_id"]
    question = Question(Contrast("told", "none"))

    compared = compare_arms(
        table, question.contrasts, tasks, evaluation_parameters, slices={"culture": ["culture"]}
    )

    culture_rows = compared[compared["slice"] == "culture"].set_index(["metric", "group"])
    assert culture_rows["is_primary"].groupby("metric").agg(set).to_dict() == {
        "distribution_similarity": {True}, "macro_f1": {False},
    }  # fmt: skip
    nearer, labels = culture_rows.loc["distribution_similarity"], culture_rows.loc["macro_f1"]
    assert nearer["n"].to_dict() == {"GB": 300, "SG": 100}
    assert labels["n"].to_dict() == {"GB": 75, "SG": 25}
    assert (labels["difference"] == 0).all()
    assert (nearer["difference"] > 0).all()
    sentence, = summarise(judge(compared, [question]), slice_name="culture")  # fmt: skip
    assert " in distribution similarity; in macro-F1 +0.0, +0.0 to +0.0). By culture, " in sentence
    assert sentence.count("GB") == sentence.count("SG") == 1
