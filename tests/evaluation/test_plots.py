import json

import numpy as np
import pytest

from ccnlp.evaluation import prediction_plots, score_plots
from ccnlp.evaluation.scores import score_predictions

LABELS = {"sentiment": ("negative", "neutral", "positive")}


@pytest.fixture
def predictions(make_predictions):
    reference = list(LABELS["sentiment"]) * 40
    answers = ["negative" if row % 5 == 0 else label for row, label in enumerate(reference)]
    culture = ["MX"] * 60 + ["ES"] * 55 + ["AR"] * 5
    return make_predictions(
        reference, {"tfidf": reference[::-1], "finetuned": answers}, culture=culture
    )


def contents(figure):
    return json.loads(figure.to_json())


def test_scores_are_sorted_with_the_best_on_top(predictions, tasks, parameters):
    scores = score_predictions(predictions, tasks, parameters)
    layout = contents(score_plots.draw_scores(scores, slice_name="culture"))["layout"]
    culture_scores = scores[
        (scores["slice"] == "culture")
        & (scores["system"] == "finetuned")
        & (scores["metric"] == "macro_f1")
    ].sort_values("score")
    shown = [text.split(">")[1].split("<")[0] for text in layout["yaxis"]["ticktext"]]
    assert shown == culture_scores["group"].tolist()


def test_scores_of_small_groups_are_hollow(predictions, tasks, parameters):
    scores = score_predictions(predictions, tasks, parameters)
    data = contents(score_plots.draw_scores(scores, slice_name="culture"))["data"]
    dots = next(trace for trace in data if trace["name"] == "Fine-tuned")
    fills = dict(
        zip((entry[1] for entry in dots["customdata"]), dots["marker"]["color"], strict=True)
    )
    assert fills[5] == "#ffffff"
    assert fills[60] != "#ffffff"


def test_title_names_the_ends_among_large_groups(predictions, tasks, parameters):
    scores = score_predictions(predictions, tasks, parameters)
    title = contents(score_plots.draw_scores(scores, slice_name="culture"))["layout"]["title"][
        "text"
    ]
    assert title.startswith("Fine-tuned: macro-F1 by culture runs from ")
    assert "(AR)" not in title


def test_confusion_has_a_view_for_each_system_in_percent_of_the_reference(predictions):
    figure = contents(prediction_plots.draw_confusion(predictions, labels=LABELS))
    buttons = figure["layout"]["updatemenus"][0]["buttons"]
    assert [button["label"] for button in buttons] == ["fine-tuned", "TF-IDF"]
    first = figure["data"][0]
    assert first["visible"]
    assert np.sum(first["z"], axis=1) == pytest.approx([100, 100, 100])
    assert np.sum(first["customdata"]) == 120


def test_reliability_says_how_far_off_each_system_is(predictions):
    names = [
        trace["name"] for trace in contents(prediction_plots.draw_reliability(predictions))["data"]
    ]
    right = (predictions["reference"] == predictions["prediction"]).groupby(predictions["system"])
    off = 100 * abs(right.mean()["finetuned"] - 0.9)
    assert f"fine-tuned, off by {off:.1f}" in names


def test_label_shares_add_up_in_every_split(make_examples):
    rows = [
        ("es", "MX", split, "a", label)
        for split in ("train", "test")
        for label in ("negative", "negative", "positive")
    ]
    figure = contents(prediction_plots.draw_labels(make_examples(rows), labels=LABELS))
    shares = {}
    for bar in figure["data"]:
        shares.setdefault(bar["xaxis"], 0)
        shares[bar["xaxis"]] += bar["x"][0]
    assert list(shares.values()) == pytest.approx([100, 100])


def test_several_corpora_are_views_with_all_of_them_first(predictions, tasks, parameters):
    corpus = np.where(predictions["culture"] == "MX", "first", "second")
    table = predictions.assign(corpus=corpus)
    scores = score_predictions(table, tasks, parameters)
    figure = contents(score_plots.draw_scores(scores, slice_name="language"))
    labels = [button["label"] for button in figure["layout"]["updatemenus"][0]["buttons"]]
    assert labels == ["sentiment · all corpora", "sentiment · first", "sentiment · second"]


def test_nothing_to_draw_is_said(predictions, tasks, parameters):
    scores = score_predictions(predictions.assign(split="validation"), tasks, parameters)
    figure = score_plots.draw_scores(scores, slice_name="culture")
    assert contents(figure)["layout"]["title"]["text"] == "No scores on test"
