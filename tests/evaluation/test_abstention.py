"""On what systems abstain, from predictions to the report's words."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from ccnlp.evaluation.abstention import (
    COLUMNS,
    choose_thresholds,
    measure_abstention,
    thresholds_of,
    with_abstentions,
)
from ccnlp.evaluation.abstention_view import AbstentionTables, abstention_line, view_abstention
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.selective import Choice
from ccnlp.evaluation.selective_plots import draw_risk_coverage
from ccnlp.evaluation.thresholds import Thresholds, read_thresholds

SIZE = 400


@pytest.fixture
def predictions(make_predictions):
    """Of each split a surer half; of the less sure half three in four are wrong.

    A quarter of Mexico's rows is sure, three quarters of Spain's are.
    """
    tables = []
    for split in ("validation", "test"):
        row = np.arange(SIZE)
        culture = np.where(row % 2, "MX", "ES")
        is_sure = np.where(row % 2, row % 8 < 2, row % 8 < 6)
        is_wrong = ~is_sure & (row % 8 != 7)
        answers = {
            "tfidf": ["negative"] * SIZE,
            "finetuned": np.where(is_wrong, "negative", "positive").tolist(),
        }
        table = make_predictions(
            ["positive"] * SIZE, answers, split=split, culture=culture, is_seen=False, weights="0a"
        )
        table["confidence"] = np.tile(np.where(is_sure, 0.9, 0.6) + row / 1e5, 2)
        table["example_id"] = split + table["example_id"]
        tables.append(table.assign(group_id=table["example_id"]))
    return pd.concat(tables, ignore_index=True)


@pytest.fixture
def choices(predictions, parameters):
    return choose_thresholds(predictions, parameters)


def answering_from(threshold):
    choice = Choice(threshold=threshold, n=9, coverage=1.0, error_rate=0.0, error_bound=0.1)
    return {"sentiment": {"finetuned": choice}}


def test_threshold_of_each_system_is_chosen_on_validation(predictions, choices, parameters):
    assert list(choices) == ["sentiment"]
    choice = choices["sentiment"]["finetuned"]
    assert choice.threshold < 0.9
    assert choice.n == SIZE
    assert choice.error_bound <= parameters.abstention.max_error_rate
    assert choices["sentiment"]["tfidf"].threshold is None
    is_test = predictions["split"] == "test"
    spoilt = predictions.assign(prediction=predictions["prediction"].mask(is_test, "neutral"))
    assert choose_thresholds(spoilt, parameters) == choices


def test_thresholds_are_json_that_gives_them_back(predictions, parameters):
    no_validation = predictions[predictions["split"] == "test"]
    for table in (predictions, no_validation):
        thresholds = thresholds_of(table, parameters, weights="0a", languages=None)
        text = json.dumps(thresholds.model_dump(), allow_nan=False)
        assert read_thresholds(json.loads(text), tasks=["sentiment"]) == thresholds
    assert thresholds.of_system("finetuned") == {}


def test_languages_that_are_not_trained_on_have_no_say_in_thresholds(predictions, parameters):
    swahili = predictions.assign(language="sw", confidence=1 - predictions["confidence"])
    english = predictions.assign(language="en")
    alone, zero_shot, both = (
        thresholds_of(table, parameters, weights="0a", languages=languages)
        for table, languages in (
            (english, None),
            (pd.concat([english, swahili]), ["en"]),
            (pd.concat([english, swahili]), None),
        )
    )
    assert zero_shot == alone != both


def test_thresholds_of_a_system_leave_out_tasks_without_one(predictions, parameters):
    thresholds = thresholds_of(predictions, parameters, weights="0a", languages=None)
    assert list(thresholds.of_system("finetuned")) == ["sentiment"]
    assert thresholds.of_system("tfidf") == {}
    assert thresholds.of_system("champion") == {}


def test_switched_off_nobody_abstains(predictions, parameters):
    off = parameters.model_copy(update={"abstention": None})
    thresholds = thresholds_of(predictions, off, weights="0a", languages=None)
    assert (thresholds.max_error_rate, thresholds.tasks) == (None, {})
    assert not with_abstentions(predictions, thresholds.tasks)["abstains"].any()


def test_predictions_tell_what_is_below_the_threshold(predictions, choices):
    table = with_abstentions(predictions, choices)
    finetuned = table[table["system"] == "finetuned"]
    threshold = choices["sentiment"]["finetuned"].threshold
    assert finetuned["abstains"].tolist() == (finetuned["confidence"] < threshold).tolist()
    assert 0 < finetuned["abstains"].sum() < len(finetuned)
    assert not table.loc[table["system"] == "tfidf", "abstains"].any()


def test_row_at_the_threshold_is_answered(make_predictions):
    table = make_predictions(["positive"] * 2, {"finetuned": ["positive"] * 2})
    table["confidence"] = np.array([0.7, 0.6999], dtype=np.float32)
    choices = answering_from(float(np.float32(0.7)))
    assert with_abstentions(table, choices)["abstains"].tolist() == [False, True]


def test_coverage_and_error_rate_are_told_for_every_group(predictions, choices, parameters):
    table = measure_abstention(predictions, choices, parameters)
    assert list(table.columns) == COLUMNS
    measured = table[(table["system"] == "finetuned") & (table["split"] == "test")]
    rows = predictions[(predictions["system"] == "finetuned") & (predictions["split"] == "test")]
    is_answered = rows["confidence"] >= choices["sentiment"]["finetuned"].threshold
    is_wrong = rows["prediction"] != rows["reference"]
    for group in ("MX", "ES"):
        found = measured[(measured["slice"] == "culture") & (measured["group"] == group)].iloc[0]
        is_of_group = rows["culture"] == group
        assert found["coverage"] == pytest.approx(is_answered[is_of_group].mean())
        assert found["error_rate"] == pytest.approx(is_wrong[is_of_group & is_answered].mean())
        assert found["coverage_low"] < found["coverage"] < found["coverage_high"]
    whole = measured[measured["slice"] == "all"].iloc[0]
    assert whole["n"] == SIZE
    assert 0 < whole["area"] < is_wrong.mean()
    assert measured.loc[measured["slice"] != "all", "area"].isna().all()


def test_system_without_a_threshold_has_its_area_alone(predictions, choices, parameters):
    table = measure_abstention(predictions, choices, parameters)
    tfidf = table[table["system"] == "tfidf"]
    assert set(tfidf["slice"]) == {"all"}
    assert tfidf["area"].tolist() == [1.0, 1.0]
    assert tfidf["coverage"].isna().all()


def test_group_of_which_nothing_is_answered_has_no_error_rate(make_predictions, parameters):
    table = make_predictions(
        ["positive"] * 80, {"finetuned": ["positive"] * 80}, weights="0a", languages=None
    )
    table["culture"] = ["MX"] * 40 + ["ES"] * 40
    table["confidence"] = [0.9] * 40 + [0.4] * 40
    choices = answering_from(0.5)
    measured = measure_abstention(table, choices, parameters).set_index(["slice", "group"])
    spain = measured.loc[("culture", "ES")]
    assert spain["coverage"] == 0.0
    assert np.isnan([spain["error_rate"], spain["error_rate_low"]]).all()


def test_few_rows_have_no_interval(make_predictions, parameters):
    table = make_predictions(
        ["positive"] * 9, {"finetuned": ["positive"] * 9}, weights="0a", languages=None
    )
    choices = answering_from(0.5)
    measured = measure_abstention(table, choices, parameters)
    assert (measured["coverage"] == 1.0).all()
    assert measured["coverage_low"].isna().all()
    assert measured["is_small"].all()


def test_rows_without_a_label_have_no_part(predictions, parameters):
    reference = predictions["reference"].astype("string").mask(predictions["culture"] == "MX")
    labelled_in_part = predictions.assign(reference=reference)
    choices = choose_thresholds(labelled_in_part, parameters)
    assert choices["sentiment"]["finetuned"].n == SIZE / 2
    assert set(measure_abstention(labelled_in_part, choices, parameters)["n"]) == {SIZE / 2}


def tables_of(predictions, parameters):
    thresholds = thresholds_of(predictions, parameters, weights="0a", languages=None)
    return AbstentionTables(
        thresholds, measure_abstention(predictions, thresholds.tasks, parameters)
    )


def view(predictions, parameters):
    return view_abstention(tables_of(predictions, parameters), "sentiment")


def test_terminal_tells_abstention_in_a_line(predictions, parameters):
    tables = tables_of(predictions, parameters)
    lead = view(predictions, parameters).systems[-1]
    assert abstention_line(tables, "sentiment") == (
        f"abstains below {lead.threshold:.1f} %: answers {lead.coverage} percent of 400 test rows, "
        f"{lead.error_rate} percent of these wrong"
    )
    hard = tables_of(predictions.assign(prediction="negative"), parameters)
    assert abstention_line(hard, "sentiment") == (
        "never abstains: no confidence surely keeps wrong answers at 20 %"
    )
    off = parameters.model_copy(update={"abstention": None})
    assert abstention_line(tables_of(predictions, off), "sentiment") == ""
    validation = predictions[predictions["split"] == "validation"]
    assert abstention_line(tables_of(validation, parameters), "sentiment") == ""


def test_report_says_who_is_answered_least(predictions, parameters):
    found = view(predictions, parameters)
    text = " ".join(found.sentences)
    assert "“Fine-tuned” answers where its confidence is 6" in text
    assert "with 95 % confidence at most 20 % of the answers are wrong" in text
    assert "By culture, it answers Mexico (MX) least" in text
    assert "Spain (ES) most" in text
    assert [line.key for line in found.groups["culture"]] == ["MX", "ES"]
    assert [line.key for line in found.systems] == ["tfidf", "finetuned"]


def test_report_says_where_one_threshold_does_not_keep_the_rate(predictions, parameters):
    is_lost = (predictions["culture"] == "MX") & (predictions["split"] == "test")
    lost = predictions.assign(prediction=predictions["prediction"].mask(is_lost, "neutral"))
    text = " ".join(view(lost, parameters).sentences)
    assert "One threshold may not keep 20 % for all of them: by its own interval" in text
    assert "each of these is above it: Mexico (MX), 100.0 (" in text


def text_on_culture(predictions, parameters):
    """What the report says more where the model knows the culture of a row."""
    tables = tables_of(predictions, parameters)
    plain = view_abstention(tables, "sentiment").sentences
    with_culture = view_abstention(replace(tables, is_told_of_culture=True), "sentiment").sentences
    assert with_culture[: len(plain)] == plain
    return " ".join(with_culture[len(plain) :])


def test_report_says_that_no_row_without_culture_was_there_to_choose_on(predictions, parameters):
    assert text_on_culture(predictions, parameters) == (
        "The threshold was chosen with each row's own culture told. A text that names none, or one "
        "that the model was not trained on, is held against it all the same; no validation row was "
        "such a text without a culture."
    )


def test_report_says_how_rows_without_culture_are_answered(predictions, parameters):
    unknown = predictions.replace({"culture": {"MX": "und"}})
    text = text_on_culture(unknown, parameters)
    lines = {line.key: line for line in view(unknown, parameters).groups["culture"]}
    assert text.endswith(
        "is held against it all the same; 200 validation rows named none. Of the 200 test rows "
        f"without a culture it answers {lines['und'].coverage} percent, and "
        f"{lines['und'].error_rate} percent of these answers are wrong."
    )


def test_report_says_no_more_of_cultures_that_are_no_slice(predictions, parameters):
    by_language = parameters.model_copy(update={"slices": {"language": ("language",)}})
    text = text_on_culture(predictions, by_language)
    assert text.endswith("is held against it all the same.")


def test_report_says_nothing_of_untold_cultures_without_a_threshold(predictions, parameters):
    hard = predictions.assign(prediction="negative")
    assert text_on_culture(hard, parameters) == ""


def test_report_says_that_no_threshold_was_found(predictions, parameters):
    hard = predictions.assign(prediction="negative")
    (sentence,) = view(hard, parameters).sentences
    assert "No confidence was found from which on surely at most 20 % of the answers" in sentence
    assert "answering all of them, 100.0 % are wrong" in sentence
    assert "answers every text" in sentence


def test_report_says_that_there_was_nothing_to_choose_on(predictions, parameters):
    test = predictions[predictions["split"] == "test"]
    assert view(test, parameters).sentences == (
        "There are no labelled validation rows to choose a threshold on, so the model answers "
        "every text.",
    )
    off = parameters.model_copy(update={"abstention": None})
    assert view(predictions, off).sentences == (
        "No error rate was asked for, so the model answers every text.",
    )
    assert view(predictions[predictions["split"] != "test"], parameters) is None


def test_picture_has_a_curve_a_system_and_marks_the_threshold(predictions, parameters):
    thresholds = thresholds_of(predictions, parameters, weights="0a", languages=None)
    content = json.loads(draw_risk_coverage(predictions, thresholds).to_json())
    names = [trace.get("name", "") for trace in content["data"] if trace["mode"] == "lines"]
    assert [name.split(", area")[0] for name in names] == [
        "TF-IDF", "fine-tuned, validation", "fine-tuned",
    ]  # fmt: skip
    marks = [trace for trace in content["data"] if trace["mode"] == "markers"]
    table = measure_abstention(predictions, thresholds.tasks, parameters)
    whole = table[(table["system"] == "finetuned") & (table["slice"] == "all")]
    points = [(mark["x"][0], mark["y"][0]) for mark in marks]
    for split, (answered, wrong) in zip(("validation", "test"), points, strict=True):
        row = whole[whole["split"] == split].iloc[0]
        assert (answered, wrong) == pytest.approx((100 * row["coverage"], 100 * row["error_rate"]))


def test_picture_of_many_rows_stays_small(make_predictions):
    table = make_predictions(["positive"] * 3000, {"finetuned": ["positive"] * 3000})
    table["confidence"] = np.linspace(0.3, 1, 3000)
    no_thresholds = Thresholds(
        weights=None, max_error_rate=None, confidence=0.95, min_disagreement=0.1, tasks={}
    )
    figure = draw_risk_coverage(table, no_thresholds)
    assert len(figure.data[0].x) <= 400
    assert figure.data[0].x[-1] == 100
    empty = draw_risk_coverage(table[:0], no_thresholds)
    assert empty.layout.title.text == "No labelled rows to abstain on"


@pytest.mark.parametrize("rate", [0, 1, -0.1, None])
def test_error_rate_that_is_none_is_refused(parameters, rate):
    values = parameters.model_dump() | {"abstention": {"max_error_rate": rate}}
    with pytest.raises(ValidationError, match=r"abstention\.max_error_rate"):
        EvaluationParameters.model_validate(values)
