import pandas as pd
import pytest

from ccnlp.behaviour.cases import Case, case_table
from ccnlp.behaviour.judging import predict_cases, require_model
from ccnlp.conditioning.keys import COLUMNS as CONDITIONING_COLUMNS
from ccnlp.errors import CcnlpError, ModelSourceError


def make_case(**values):
    common = {"suite": "", "task": "sentiment", "language": "en", "culture": "und", "unit": "u"}
    return Case(**{**common, "domain": "und", "kind": "swap", "test": "names", **values})


def predict(model, *cases):
    return predict_cases(model, [case_table(cases)], tokens_per_batch=512)


def test_swap_fails_where_the_answer_changes(model):
    predicted = predict(
        model,
        make_case(text="Anna good", original="Mei good"),
        make_case(text="Anna bad", original="Anna good"),
    )
    assert predicted["is_failure"].tolist() == [False, True]
    assert predicted["prediction"].tolist() == ["positive", "negative"]
    assert predicted["original_prediction"].tolist() == ["positive", "positive"]
    assert predicted["distance"].tolist() == pytest.approx([0.1, 0.5])
    assert predicted["original_confidence"].tolist() == pytest.approx([0.7, 0.8])


def test_functional_case_fails_where_the_label_is_not_the_expected_one(model):
    cases = [make_case(kind="functional", test="praise", text=text, expected="positive")
             for text in ("good", "bad")]  # fmt: skip
    predicted = predict(model, *cases)
    assert predicted["is_failure"].tolist() == [False, True]
    assert predicted[["distance", "original_confidence"]].isna().all(axis=None)
    assert predicted["original_prediction"].isna().all()


def test_each_text_is_predicted_once(model):
    predict(
        model,
        make_case(text="Mei good", original="Anna good"),
        make_case(text="Fatma good", original="Anna good"),
        make_case(kind="functional", test="x", text="Anna good", expected="positive"),
    )
    assert sorted(model.asked) == ["Anna good", "Fatma good", "Mei good"]


def test_cases_have_all_that_a_conditioning_can_name():
    assert {*CONDITIONING_COLUMNS} <= {*Case._fields}


def test_text_is_predicted_in_each_of_its_domains(model):
    class ReviewsAreGood(type(model)):
        def predict(self, rows, **arguments):
            texts = rows["text"] + rows["domain"].map({"reviews": " good", "news": ""})
            return super().predict(rows.assign(text=texts), **arguments)

    cases = [
        make_case(text="Mei", original="Anna", domain=domain) for domain in ("news", "reviews")
    ]
    predicted = predict(ReviewsAreGood(), *cases)
    assert predicted["prediction"].tolist() == ["negative", "positive"]
    assert predicted["original_prediction"].tolist() == ["negative", "positive"]


def test_nothing_to_judge_ends_the_run(model):
    with pytest.raises(CcnlpError, match=r"there is nothing to judge: .*behaviour.suites"):
        predict_cases(model, [case_table([]), case_table([])], tokens_per_batch=512)


def test_registry_without_a_champion_is_told():
    with pytest.raises(ModelSourceError, match=r"behaviour\.model is champion, and the"):
        require_model(None)


def test_real_model_answers(tiny_model):
    predicted = predict(tiny_model, make_case(text="the film was bad", original="the film"))
    assert isinstance(predicted, pd.DataFrame)
    assert 0 <= predicted["distance"][0] <= 1
