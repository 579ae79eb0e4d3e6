import pandas as pd
import pytest

from ccnlp.behaviour.failures import list_failures
from ccnlp.behaviour.judging import predict_cases
from ccnlp.behaviour.perturbing import perturb_texts
from ccnlp.behaviour.report import Behaviour, render_report
from ccnlp.behaviour.suites import REJECTED_COLUMNS
from ccnlp.behaviour.summary import summarise
from ccnlp.behaviour.swaps import make_swaps
from ccnlp.behaviour.tables import tabulate_behaviour


@pytest.fixture
def make_behaviour(model, make_texts, make_parameters):
    def make(*texts):
        parameters = make_parameters()
        table = make_texts(*texts)
        cases = [
            make_swaps(table, parameters.swaps, seed=0),
            perturb_texts(table, parameters.invariance, seed=0),
        ]
        predictions = predict_cases(model, cases, tokens_per_batch=512)
        rejected = pd.DataFrame([["mini", "f.csv", 2, "reading", "the text is empty", "en", ""]],
                                columns=list(REJECTED_COLUMNS))  # fmt: skip
        return Behaviour(
            table=tabulate_behaviour(predictions, table, parameters),
            failures=list_failures(predictions),
            rejected=rejected,
            encoder="tiny <1>",
            weights="0a",
            parameters=parameters,
        )

    return make


def test_page_has_rates_examples_and_what_was_left_out(make_behaviour):
    page = render_report(make_behaviour("Anna <good> film", "a good Film", "bad"))
    assert "Does it matter who is spoken of?" in page
    assert "all in capitals" in page
    assert "67 %" in page  # GOOD is no good: two of three texts
    assert "A GOOD FILM" in page
    assert "ANNA &lt;GOOD&gt; FILM" in page
    assert "<GOOD>" not in page
    assert "a few words of another language: in no language" in page
    assert "mini: 1: the text is empty" in page
    assert "tiny &lt;1&gt;" in page
    assert "src=" not in page  # readable without a network


def test_page_without_failures_has_no_examples(make_behaviour):
    page = render_report(make_behaviour("bad", "awful"))
    assert "Examples of what goes wrong" not in page


def test_summary_names_the_worst(make_behaviour):
    table = make_behaviour("a good film", "a good play", "Anna is bad", "Mei is bad").table
    sentences = summarise(table, min_group_size=2)
    assert sentences == [
        "Another name, place or group in the same text changes the answer in 0 % (0 % to 66 %) of "
        "swaps, in 2 texts.",
        "The same text written another way gets another answer in 50 % (15 % to 85 %) of cases, in "
        "4 texts. Most in “all in capitals”: 50 %.",
    ]


def test_summary_says_that_few_texts_or_none_prove_nothing(make_behaviour):
    table = make_behaviour("a good film").table
    none, few = summarise(table, min_group_size=30)
    assert none.startswith("No test text has a term of the lists")
    assert few.endswith("These are few texts: look at the interval.")


def test_summary_of_a_suite_says_what_one_label_alone_would_hide(make_behaviour):
    row = make_behaviour("good").table.iloc[[0]]
    row = row.assign(
        kind="functional", suite="mini", measure="pass_rate", test="all", language="all", n=40,
        num_texts=40, rate=0.5, low=0.4, high=0.6, failure_rate=0.5,
    )  # fmt: skip
    labels = [
        row.assign(slice="expected label", group=label, failure_rate=share)
        for label, share in (("hate", 0.0), ("not_hate", 1.0))
    ]
    (sentence,) = summarise(pd.concat([row, *labels]), min_group_size=30)
    assert sentence == (
        "mini: 50 % (40 % to 60 %) of 40 cases get the wrong label. By the label that is right: "
        "0 % of hate, 100 % of not_hate."
    )
