"""What the file of thresholds may hold, wherever it comes from."""

import pytest

from ccnlp.errors import CcnlpError
from ccnlp.evaluation.thresholds import read_thresholds

CHOICE = {"threshold": 0.7, "n": 90, "coverage": 0.5, "error_rate": 0.1, "error_bound": 0.15}
WRITTEN = {
    "weights": "0a",
    "max_error_rate": 0.2,
    "confidence": 0.95,
    "min_disagreement": 0.1,
    "tasks": {"sentiment": {"finetuned": CHOICE, "tfidf": {**CHOICE, "threshold": None}}},
}


def written(choice=None, system="finetuned", task="sentiment", **changes):
    """The file with one choice, changed by hand."""
    return WRITTEN | {"tasks": {task: {system: {**CHOICE, **(choice or {})}}}} | changes


def test_thresholds_of_a_system_are_those_of_its_tasks():
    thresholds = read_thresholds(WRITTEN, tasks=["sentiment", "topic"])
    assert thresholds.of_system("finetuned") == {"sentiment": 0.7}
    assert thresholds.of_system("tfidf") == {}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (written(weights=None), "the file: weights is null, so that nobody knows whose thresholds"),
        (written({"threshold": 2.0}), "tasks.sentiment.finetuned.threshold: Input should be less"),
        (written({"threshold": -0.1}), "finetuned.threshold: Input should be greater"),
        (written({"threshold": float("nan")}), "finetuned.threshold: Input should be less"),
        (
            written({"error_rate": 1.5}),
            "tasks.sentiment.finetuned.error_rate: Input should be less",
        ),
        (written({"n": -1}), "tasks.sentiment.finetuned.n: Input should be greater"),
        (written({"treshold": 0.7}), "tasks.sentiment.finetuned.treshold: Extra inputs"),
        (written(max_error_rate=2), "max_error_rate: Input should be less"),
        (written(max_error_rate=None), "the file: max_error_rate is null, for which no thresholds"),
        (written(confidence=95), "confidence: Input should be less"),
        (written(task="sentimnt"), "tasks: there is no 'sentimnt'; did you mean 'sentiment'?"),
        (written(system="tuned"), "'tuned' is no system; did you mean 'finetuned'?"),
        ({"weights": "0a"}, "max_error_rate: Field required"),
        ([], "the file: Input should be a valid dictionary"),
    ],
)
def test_thresholds_that_cannot_be_are_refused_with_the_way_to_choose_them_again(changed, message):
    with pytest.raises(CcnlpError) as caught:
        read_thresholds(changed, tasks=["sentiment", "topic"])
    text = str(caught.value)
    assert text.startswith("data/08_reporting/thresholds.json can't be used: ")
    assert message in text
    assert text.endswith("; evaluate again: kedro run --pipelines evaluation,registration")


@pytest.mark.parametrize(
    "changed",
    [
        written(weights=None, system="tfidf"),
        written({"threshold": None}, weights=None),
        {**WRITTEN, "max_error_rate": None, "tasks": {}},
    ],
)
def test_thresholds_without_one_of_the_model_need_no_weights_and_no_rate(changed):
    assert read_thresholds(changed, tasks=["sentiment"]).of_system("finetuned") == {}
