import pytest

from ccnlp.errors import CcnlpError
from ccnlp.evaluation.origin import Origin, check_origin, check_weights, origin_of

ORIGIN = Origin(weights="0a", champion_version="2", confidence=0.95)


def test_origin_is_the_finetuned_models_weights(make_predictions):
    table = make_predictions(["positive"], {"tfidf": ["positive"], "finetuned": ["positive"]})
    table["weights"] = ["", "0a"]
    assert origin_of(table, champion_version="2", confidence=0.95) == ORIGIN


def test_origin_without_the_finetuned_model_has_no_weights(make_predictions):
    table = make_predictions(["positive"], {"tfidf": ["positive"]}, weights="")
    assert origin_of(table, champion_version=None, confidence=0.9) == Origin(None, None, 0.9)


def test_scores_of_the_present_models_are_taken():
    check_origin(ORIGIN, weights="0a", champion_version="2")
    check_origin(Origin(None, None, 0.95), weights="0a", champion_version=None)


@pytest.mark.parametrize(
    ("weights", "version", "message"),
    [
        ("0b", "2", r"are of other weights \(0a\) than the fine-tuned model now has \(0b\); eval"),
        ("0a", "3", "with version 2 as champion, but now there is version 3 as champion; evaluate"),
        (
            "0a",
            None,
            "version 2 as champion, but now there is no champion; evaluate again: kedro r",
        ),
    ],
)
def test_scores_of_other_models_are_told_with_the_way_on(weights, version, message):
    with pytest.raises(CcnlpError, match=message):
        check_origin(ORIGIN, weights=weights, champion_version=version)


def test_what_is_of_other_weights_is_told_by_its_name():
    check_weights("0a", weights="0a", what="thresholds")
    check_weights(None, weights="0a", what="thresholds")
    with pytest.raises(
        CcnlpError, match=r"the thresholds are of other weights \(0a\) than the fine"
    ):
        check_weights("0a", weights="0b", what="thresholds")
