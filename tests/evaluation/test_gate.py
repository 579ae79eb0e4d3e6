import json

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from ccnlp.errors import ConfigurationError
from ccnlp.evaluation.gate import GateParameters, check_slices, decide_promotion
from ccnlp.evaluation.judged_tasks import JudgedTask, NotCompared
from ccnlp.evaluation.scores import COLUMNS, compare_systems, score_predictions

PARAMETERS = GateParameters(
    min_score=0.4,
    min_gain_over_baseline=0.02,
    min_gain_over_champion=0.0,
    max_regression=0.05,
    slices=("language", "culture"),
)


def row(difference, low, high, *, score=0.6, slice_="all", group="all", task="sentiment", **more):
    shared = {"task": task, "corpus": "seed", "split": "test", "system": "finetuned"}
    numbers = {"difference": difference, "difference_low": low, "difference_high": high, "n": 80}
    names = {"slice": slice_, "group": group, "metric": "macro_f1", "baseline": "tfidf"}
    names["is_small"] = False
    return shared | names | numbers | {"score": score} | more


def table(*rows):
    return pd.DataFrame(list(rows), columns=COLUMNS)


GOOD = table(row(0.1, 0.04, 0.16), row(0.3, 0.2, 0.4, group="language_average"))


SLICES = table(
    row(0.1, 0.04, 0.16, slice_="language", group="en"),
    row(0.1, 0.04, 0.16, slice_="culture", group="GB"),
)


NONE_YET = NotCompared("there is no champion to compare with", is_obstacle=False)


def decide(scores=GOOD, comparison=None, parameters=PARAMETERS, tasks=("sentiment",), **more):
    if not isinstance(tasks, dict):
        why_not = NONE_YET if comparison is None else None
        tasks = dict.fromkeys(tasks, JudgedTask("macro_f1", why_not))
    return decide_promotion(
        pd.concat([scores, SLICES]) if len(scores) else scores,
        table() if comparison is None else comparison,
        tasks=tasks,
        parameters=parameters,
        **({"lost_tasks": (), "confidence": 0.95} | more),
    )


def test_first_model_that_beats_the_baseline_is_champion():
    decision = decide()
    assert decision.alias == "champion"
    assert decision.reasons == (
        "sentiment: macro-F1 on test is 60.0",
        "sentiment: +10.0 against tfidf (+4.0 to +16.0)",
        "sentiment: there is no champion to compare with",
    )


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        (table(row(0.1, 0.04, 0.16, score=0.39)), "39.0, below the 40.0 that a champion needs"),
        (table(row(0.1, 0.02, 0.16)), "the whole interval must lie above +2.0"),
        (table(row(0.1, np.nan, np.nan)), "the whole interval must lie above +2.0"),
        (table(row(0.1, 0.04, 0.16, score=np.nan)), "nan, below the 40.0"),
    ],
)
def test_model_below_a_threshold_is_challenger(scores, reason):
    decision = decide(scores)
    assert decision.alias == "challenger"
    assert len(decision.reasons) == 1
    assert reason in decision.reasons[0]


def test_model_that_improves_on_the_champion_takes_its_place():
    decision = decide(comparison=table(row(0.03, 0.01, 0.05)))
    assert decision.alias == "champion"
    assert decision.reasons[-1] == "sentiment: +3.0 against the champion (+1.0 to +5.0), improved"


@pytest.mark.parametrize(
    ("comparison", "verdict"),
    [((0.01, -0.01, 0.03), "inconclusive"), ((-0.04, -0.06, -0.02), "regressed")],
)
def test_model_without_a_sure_gain_on_the_champion_is_challenger(comparison, verdict):
    decision = decide(comparison=table(row(*comparison)))
    assert decision.alias == "challenger"
    assert decision.outcome == {"inconclusive": "inconclusive", "regressed": "failed"}[verdict]
    assert f"{verdict}; the whole interval must lie above +0.0" in decision.reasons[0]


def test_group_that_improves_for_sure_is_a_gain_where_all_rows_surely_lose_little():
    better = row(0.2, 0.15, 0.25, slice_="culture", group="MX")
    decision = decide(comparison=table(row(0.0, -0.02, 0.02), better))
    assert decision.alias == "champion"
    assert "sentiment: improved: MX" in decision.reasons
    unsure = decide(comparison=table(row(0.0, -0.06, 0.06), better))
    assert (unsure.alias, unsure.outcome) == ("challenger", "inconclusive")
    assert "MX improved, but a loss above 5.0 is not ruled out" in unsure.reasons[0]


def test_verdicts_of_groups_are_corrected_for_their_number_by_holm():
    # 0.05 ± 0.04 is 2.45 deviations from 0, p = 0.0143: a sure gain among three groups (0.0429)
    # but not among four (0.0572). Of two such groups among four, with two surer ones before them,
    # the factor is 2 (0.0286).
    gain = row(0.05, 0.01, 0.09, slice_="culture", group="MX")
    none = [row(0.0, -0.1, 0.1, slice_="culture", group=f"C{i}") for i in range(3)]
    sure = [row(0.2, 0.15, 0.25, slice_="culture", group=f"S{i}") for i in range(2)]

    def verdict_of(*others):
        decision = decide(comparison=table(IMPROVED, gain, *others))
        return decision.comparisons[1].verdict, decision.comparisons[1].p_adjusted

    assert verdict_of(*none[:2]) == ("improved", pytest.approx(0.0429, abs=2e-4))
    assert verdict_of(*none) == ("inconclusive", pytest.approx(0.0572, abs=2e-4))
    assert verdict_of(*sure, none[0]) == ("improved", pytest.approx(0.0286, abs=2e-4))


def test_model_as_good_as_the_champion_is_taken_where_the_parameter_allows():
    parameters = PARAMETERS.model_copy(update={"min_gain_over_champion": -0.02})
    comparison = table(row(0.01, -0.01, 0.03))
    assert decide(comparison=comparison, parameters=parameters).alias == "champion"


IMPROVED = row(0.03, 0.01, 0.05)


def test_culture_that_loses_for_sure_beyond_the_tolerance_blocks():
    loss = row(-0.1, -0.14, -0.06, slice_="culture", group="MX")
    decision = decide(comparison=table(IMPROVED, loss))
    assert decision.alias == "challenger"
    assert decision.reasons == (
        "sentiment: culture MX loses: -10.0 against the champion (-14.0 to -6.0), n = 80",
    )


@pytest.mark.parametrize(("low", "high"), [(-0.16, -0.04), (-0.15, -0.049)])
def test_loss_that_may_be_within_the_tolerance_does_not_block_and_is_told(low, high):
    loss = row(-0.1, low, high, slice_="culture", group="MX")
    decision = decide(comparison=table(IMPROVED, loss))
    assert decision.alias == "champion"
    assert decision.reasons[-1] == (
        "sentiment: too few test rows to rule out a loss above 5.0 for MX"
    )


def test_sure_loss_among_many_groups_must_be_surer():
    # The interval of one group is 1.96 deviations wide to each side; that of one among 40, by
    # Bonferroni, 3.23: 0.08 * 3.23 / 1.96 = 0.132, so that -0.18 is not surely below -0.05.
    loss = row(-0.18, -0.26, -0.10, slice_="culture", group="MX")
    others = [row(0.1, 0.05, 0.15, slice_="culture", group=f"C{i}") for i in range(39)]
    assert decide(comparison=table(IMPROVED, loss)).alias == "challenger"
    assert decide(comparison=table(IMPROVED, loss, *others)).alias == "champion"
    worse = row(-0.19, -0.27, -0.11, slice_="culture", group="MX")
    assert decide(comparison=table(IMPROVED, worse, *others)).alias == "challenger"


@pytest.mark.parametrize("n", [1, 12])
def test_group_too_small_to_judge_does_not_block_and_is_told(n):
    loss = row(-1.0, -1.0, -1.0, slice_="culture", group="SN", n=n, is_small=True)
    decision = decide(comparison=table(IMPROVED, loss))
    assert decision.alias == "champion"
    assert decision.reasons[-1] == "sentiment: too small to judge: SN"
    assert decision.comparisons[-1].verdict == "too small"


def test_small_sure_loss_within_the_tolerance_does_not_block():
    loss = row(-0.04, -0.045, -0.03, slice_="culture", group="MX")
    assert decide(comparison=table(IMPROVED, loss)).alias == "champion"


def test_inconclusive_groups_are_named_and_do_not_block():
    open_ = row(-0.1, -0.25, 0.05, slice_="culture", group="SN")
    unknown = row(np.nan, np.nan, np.nan, slice_="language", group="yo")
    narrow = row(-0.01, -0.03, 0.01, slice_="language", group="en")
    decision = decide(comparison=table(IMPROVED, open_, unknown, narrow))
    assert decision.alias == "champion"
    assert decision.reasons[-1] == (
        "sentiment: too few test rows to rule out a loss above 5.0 for yo, SN"
    )


def test_decision_is_plain_json_with_a_table_and_no_nan():
    unknown = row(np.nan, np.nan, np.nan, slice_="language", group="yo")
    decision = decide(comparison=table(IMPROVED, unknown)).as_dict()
    text = json.dumps(decision, allow_nan=False)
    first, second = json.loads(text)["comparisons"]
    assert first == {
        "task": "sentiment", "metric": "macro_f1", "slice": "all", "group": "all", "n": 80,
        "difference": 0.03, "low": 0.01, "high": 0.05, "p_adjusted": first["p_adjusted"],
        "verdict": "improved", "is_beyond_tolerance": False, "champion_differs": "",
    }  # fmt: skip
    assert second["difference"] is None
    assert decision["metrics"] == {"sentiment": "macro_f1"}


def test_task_is_judged_by_its_own_metric():
    # By macro-F1 the new model wins; by how near it comes to the annotators, it loses everywhere.
    near = {"metric": "distribution_similarity"}
    scores = pd.concat([GOOD, table(row(-0.1, -0.14, -0.06, score=0.7, **near))])
    comparison = table(
        IMPROVED, row(0.1, 0.06, 0.14, slice_="culture", group="MX"),
        row(-0.1, -0.14, -0.06, **near),
        row(-0.1, -0.14, -0.06, slice_="culture", group="MX", **near),
    )  # fmt: skip

    by_labels = decide(scores, comparison)
    decision = decide(scores, comparison, tasks={"sentiment": JudgedTask(near["metric"])})

    assert by_labels.outcome == "passed"
    assert (decision.outcome, {part.metric for part in decision.comparisons}) == (
        "failed", {"distribution_similarity"},
    )  # fmt: skip
    assert decision.as_dict()["metrics"] == {"sentiment": "distribution_similarity"}
    assert decision.reasons[0].startswith("sentiment: -10.0 against tfidf")
    low = decide(
        table(row(0.1, 0.04, 0.16, score=0.3, **near)),
        tasks={"sentiment": JudgedTask(near["metric"], NONE_YET)},
    )
    assert low.reasons == (
        "sentiment: distribution similarity on test is 30.0, below the 40.0 that a champion needs",
    )


def test_champion_that_differs_is_compared_and_told_whatever_is_decided():
    loss = row(-0.1, -0.14, -0.06, slice_="culture", group="MX")
    sentences = ("the champion reads no context, and this model does", "the champion is older")
    reason = "sentiment: the champion reads no context, and this model does; the champion is older"
    task = JudgedTask("macro_f1", champion_differs=sentences)
    for comparison, outcome in (
        (table(IMPROVED), "passed"),
        (table(IMPROVED, loss), "failed"),
        (table(), "inconclusive"),
    ):
        decision = decide(comparison=comparison, tasks={"sentiment": task})
        assert decision.outcome == outcome
        assert decision.reasons[-1] == f"{reason}; both are judged on the present rows"
        assert decision.as_dict()["champion_differs"] == {"sentiment": list(sentences)}
        assert set(decision.table["champion_differs"]) <= {"; ".join(sentences)}


def test_every_task_must_pass():
    scores = pd.concat([GOOD, table(row(0.1, 0.04, 0.16, score=0.1, task="topic"))])
    decision = decide(scores, tasks=("sentiment", "topic"))
    assert decision.alias == "challenger"
    assert decision.reasons[0].startswith("topic: macro-F1 on test is 10.0")


def test_missing_test_scores_leave_it_open():
    decision = decide(GOOD.assign(split="validation"))
    assert (decision.alias, decision.outcome) == ("challenger", "inconclusive")
    assert decision.reasons == (
        "sentiment: inconclusive, as there are no scores on test; give a corpus a test split "
        "(parameters/corpora.yml)",
    )


def test_primary_metric_that_is_not_scored_leaves_it_open():
    decision = decide(tasks={"sentiment": JudgedTask("exact_match", NONE_YET)})
    assert decision.outcome == "inconclusive"
    assert decision.reasons == (
        "sentiment: inconclusive, as the scores on test have no exact_match, the task's primary "
        "metric",
    )


def test_test_set_too_small_for_an_interval_gives_no_champion():
    few = table(row(0.1, np.nan, np.nan, n=9, is_small=True))
    decision = decide(few)
    assert decision.alias == "challenger"
    assert decision.reasons == (
        "sentiment: 9 test rows are too few to tell a gain over tfidf from chance "
        "(evaluation.min_group_size)",
    )


@pytest.mark.parametrize(
    ("comparison", "why"),
    [
        (table(), "there is no test row that the champion was not trained on"),
        (
            table(row(-1.0, np.nan, np.nan, n=4, is_small=True)),
            "the champion was not trained on 4 of the test rows, too few to compare on",
        ),
    ],
)
def test_champion_that_saw_the_test_rows_leaves_it_open_and_stays(comparison, why):
    decision = decide(comparison=comparison)
    assert (decision.alias, decision.outcome) == ("challenger", "inconclusive")
    assert decision.reasons == (f"sentiment: inconclusive, as {why}",)


def test_champion_that_cannot_be_judged_leaves_it_open_and_stays():
    why = NotCompared("the champion answers with other labels", is_obstacle=True)
    decision = decide(tasks={"sentiment": JudgedTask("macro_f1", why)})
    assert (decision.alias, decision.outcome) == ("challenger", "inconclusive")
    assert decision.reasons == (f"sentiment: inconclusive, as {why.reason}",)


def test_task_that_the_champion_does_not_answer_is_judged_alone():
    why = NotCompared("the champion was not trained on the task 'topic'", is_obstacle=False)
    scores = pd.concat([GOOD, table(row(0.1, 0.04, 0.16, task="topic"))])
    tasks = {"sentiment": JudgedTask("macro_f1"), "topic": JudgedTask("macro_f1", why)}
    decision = decide(scores, table(IMPROVED), tasks=tasks)
    assert (decision.alias, decision.outcome) == ("champion", "passed")
    assert f"topic: {why.reason}" in decision.reasons


def test_test_rows_without_labels_leave_it_open():
    empty = table(row(np.nan, np.nan, np.nan, score=np.nan, n=0, num_unlabelled=7, is_small=True))
    decision = decide(empty)
    assert (decision.alias, decision.outcome) == ("challenger", "inconclusive")
    assert decision.reasons == (
        "sentiment: none of the 7 test rows has a label, so nothing was judged",
    )


def test_decision_as_a_table_has_a_row_a_comparison():
    decision = decide(comparison=table(IMPROVED))
    assert decision.table[["slice", "group", "verdict"]].to_dict("records") == [
        {"slice": "all", "group": "all", "verdict": "improved"}
    ]
    assert list(decide().table.columns) == list(decision.table.columns)


def test_model_that_lacks_a_task_of_the_champion_is_challenger():
    decision = decide(lost_tasks={"topic"})
    assert decision.alias == "challenger"
    assert decision.reasons == (
        "topic: the champion answers this task, and the new model was not trained on it",
    )


def test_model_without_a_task_that_can_be_judged_is_challenger():
    decision = decide(table(), tasks=())
    assert decision.alias == "challenger"
    assert decision.reasons == ("no task of the model can be judged, so nothing was",)


@pytest.mark.parametrize("field", ["min_score", "max_regression"])
def test_threshold_out_of_range_is_refused(field):
    with pytest.raises(ValidationError, match=field):
        GateParameters.model_validate(PARAMETERS.model_dump() | {field: 40})


def test_slice_of_the_gate_that_was_not_scored_suggests_the_near_one():
    parameters = PARAMETERS.model_copy(update={"slices": ("cultur",)})

    with pytest.raises(
        ConfigurationError,
        match=r"names 'cultur', and no slice of that name divides .*; did you mean 'cul",
    ):
        decide(parameters=parameters)


def test_gate_on_real_intervals_blocks_a_large_culture_and_not_a_row(
    make_predictions, tasks, parameters
):
    # In 600 rows of MX and one of SN, the new model is better but in the one of SN; in the second
    # case also but for 300 of ES, where it loses 20 points.
    def compare(reference, champion, finetuned, culture):
        answers = {"tfidf": ["neutral"] * len(reference), "champion": champion}
        table = make_predictions(reference, answers | {"finetuned": finetuned}, culture=culture)
        scores = score_predictions(table, tasks, parameters)
        compared = compare_systems(
            table, tasks, parameters, system="finetuned", baseline="champion"
        )
        return decide(scores, compared, PARAMETERS.model_copy(update={"slices": ("culture",)}))

    def answers(reference, share):
        wrong = {"negative": "positive", "positive": "negative"}
        return [label if i % 100 < share else wrong[label] for i, label in enumerate(reference)]

    mexico = ["negative", "positive"] * 300
    small = compare(
        [*mexico, "negative"],
        [*answers(mexico, 60), "negative"],
        [*answers(mexico, 80), "positive"],
        ["MX"] * 600 + ["SN"],
    )
    assert small.alias == "champion"
    assert small.reasons[-1] == "sentiment: too small to judge: SN"
    spain = mexico[:300]
    large = compare(
        [*mexico, *spain],
        [*answers(mexico, 60), *answers(spain, 80)],
        [*answers(mexico, 80), *answers(spain, 60)],
        ["MX"] * 600 + ["ES"] * 300,
    )
    assert large.alias == "challenger"
    assert any("culture ES loses: -2" in reason for reason in large.reasons)


def test_slice_that_is_named_twice_is_refused():
    values = PARAMETERS.model_dump() | {"slices": ["culture", "language", "culture"]}
    with pytest.raises(ValidationError, match="'culture' is named twice; name each slice once"):
        GateParameters.model_validate(values)


@pytest.mark.parametrize("name", ["label", "all"])
def test_slice_that_does_not_divide_the_rows_is_refused(name):
    scored = ["all", "label", "language", "culture", "length"]
    check_slices(PARAMETERS.model_copy(update={"slices": ("length",)}), scored=scored)
    with pytest.raises(ConfigurationError, match=f"gate.slices names '{name}'"):
        check_slices(PARAMETERS.model_copy(update={"slices": (name,)}), scored=scored)
