"""What a conditioned model answers for each culture, beside what people said."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ccnlp.agreement.contested import jensen_shannon_distance
from ccnlp.errors import CcnlpError
from ccnlp.evaluation.by_culture import COLUMNS, predict_by_culture
from ccnlp.evaluation.contested import summarise_disagreement
from ccnlp.evaluation.contested_view import view_contested
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

ENTRY = {
    "kind": "label_distribution",
    "loss_weight": 1,
    "labels": ["no", "yes"],
    "options": {"view": "majority"},
}
TASKS = build_tasks(TasksParameters.model_validate({"t": ENTRY}))
CULTURES = ("AU", "SG", "ZA")
SHIFT = {"AU": 0.0, "SG": 0.5, "ZA": 1.0}


class Divided:
    """Says yes more often for a culture, the more the text is divisive: `text 30` by 30 points.

    Args:
        cultures: of the training.
        told_cultures: those that it is told of.
    """

    tasks = TASKS

    def __init__(self, cultures=CULTURES, told_cultures=CULTURES):
        self.told_cultures = told_cultures
        self.num_predicted = 0
        self.conditioning = SimpleNamespace(
            keys=SimpleNamespace(cultures=cultures), indices=self._indices
        )

    def _indices(self, rows):
        return np.array([[key in self.told_cultures] for key in rows["culture"]], dtype=np.int64)

    def predict(self, rows, *, task, tokens_per_batch):
        self.num_predicted += len(rows)
        division = rows["text"].str.split().str[1].astype(float) / 100
        yes = 0.2 + division * rows["culture"].map(SHIFT)
        shares = [np.array([1 - share, share], np.float32) for share in yes]
        return pd.DataFrame({"probabilities": shares}, index=rows.index)


@pytest.fixture
def make_rows():
    """A row a text and culture that judged it, of 10 annotators; as divided as the model is."""

    def make(divisions, *, judges=CULTURES, task="t"):
        rows = [
            (f"text {division}", culture, [10 - yes, yes])
            for division in divisions
            for culture in judges
            for yes in [2 + round(division / 10 * SHIFT[culture])]
        ]
        table = pd.DataFrame(rows, columns=["text", "culture", "label_counts"])
        return table.assign(
            id=[f"{row:016x}" for row in range(len(table))],
            group_id=table["text"], task=task, split="test", corpus="posts", language="en",
            domain="und", label=None,
        )  # fmt: skip

    return make


@pytest.fixture
def predict(parameters):
    def run(rows, model=None, **changes):
        by_culture = parameters.by_culture.model_copy(update=changes)
        return predict_by_culture(
            rows,
            model or Divided(),
            tasks=TASKS,
            parameters=parameters.model_copy(update={"by_culture": by_culture}),
        )

    return run


def test_every_text_has_one_row_with_the_answer_of_each_culture(make_rows, predict):
    table = predict(make_rows([0, 30, 70]))
    assert list(table.columns[: len(COLUMNS)]) == COLUMNS
    assert table["text"].tolist() == ["text 0", "text 30", "text 70"]
    assert table["prediction_AU"].tolist() == ["no"] * 3
    assert table["prediction_ZA"].tolist() == ["no", "no", "yes"]
    assert np.stack(table["probabilities_SG"])[:, 1] == pytest.approx([0.2, 0.35, 0.55])


def test_disagreement_is_that_of_annotators_and_contested_above_the_limit(make_rows, predict):
    table = predict(make_rows([0, 30, 70]), min_disagreement=0.4)
    for row, division in enumerate((0, 0.3, 0.7)):
        shares = [[0.8 - division * shift, 0.2 + division * shift] for shift in SHIFT.values()]
        distance, _ = jensen_shannon_distance(shares)
        assert table.loc[row, "disagreement"] == pytest.approx(distance[0], abs=1e-3)
    assert table["contested"].tolist() == [False, False, True]


def test_people_and_model_are_compared_on_the_cultures_that_judged_the_text(make_rows, predict):
    table = predict(make_rows([0, 60], judges=("AU", "ZA")))
    distance, _ = jensen_shannon_distance([[0.8, 0.2], [0.2, 0.8]])
    assert table.loc[1, "annotators_disagreement"] == pytest.approx(distance[0])
    assert table.loc[1, "judges_disagreement"] == pytest.approx(distance[0], abs=1e-6)
    assert table.loc[1, "disagreement"] < distance[0]  # Singapore stands between them


@pytest.mark.parametrize("judges", [("AU",), ("KE", "GB"), ("AU", "KE")])
def test_text_that_one_known_culture_judged_has_nothing_to_compare(
    make_rows, predict, judges, monkeypatch
):
    for culture in ("KE", "GB"):
        monkeypatch.setitem(SHIFT, culture, 0.3)
    table = predict(make_rows([0, 60], judges=judges))
    assert table[["judges_disagreement", "annotators_disagreement"]].isna().all(axis=None)
    assert table["disagreement"].notna().all()


def test_translations_of_one_group_are_texts_of_their_own(make_rows, predict):
    table = predict(make_rows([0, 30, 70]).assign(group_id="one"))
    assert len(table) == 3
    assert table["annotators_disagreement"].is_monotonic_increasing


@pytest.mark.parametrize("column", ["context", "language", "corpus"])
def test_same_words_elsewhere_are_a_text_of_their_own(make_rows, predict, column):
    rows = make_rows([60], judges=("AU", "ZA")).assign(**{column: "here"})
    elsewhere = make_rows([60], judges=("AU",)).assign(**{column: "there"})
    table = predict(pd.concat([rows, elsewhere], ignore_index=True))
    assert table["text"].tolist() == ["text 60"] * 2
    assert table["annotators_disagreement"].notna().tolist() == [True, False]


def test_row_names_the_examples_that_it_is_of(make_rows, predict):
    rows = make_rows([20, 30], judges=("AU", "ZA")).assign(group_id="one")
    found = predict(rows).explode("example_ids")
    assert found["example_ids"].tolist() == rows["id"].tolist()
    assert found["text"].tolist() == rows["text"].tolist()
    assert found["context"].isna().all()


def test_table_of_rows_with_arrows_text_can_be_read_again(make_rows, predict, tmp_path):
    rows = make_rows([20, 30], judges=("AU", "ZA"))
    table = predict(rows.astype({"id": pd.ArrowDtype(pa.string())}))
    table.to_parquet(tmp_path / "table.parquet")
    found = pd.read_parquet(tmp_path / "table.parquet")
    assert [list(ids) for ids in found["example_ids"]] == [
        list(ids) for ids in table["example_ids"]
    ]


def test_row_of_a_drawn_text_names_every_example_of_it(make_rows, predict):
    rows = make_rows(range(50)).sample(frac=1, random_state=0)
    table = predict(rows, max_predictions=31)
    text_of = rows.set_index("id")["text"]
    for text, ids in zip(table["text"], table["example_ids"], strict=True):
        assert sorted(ids) == sorted(text_of[text_of == text].index)


def test_time_is_bounded_by_the_number_of_predictions(make_rows, predict):
    model = Divided()
    table = predict(make_rows(range(50)), model, max_predictions=31)
    assert len(table) == 10
    assert model.num_predicted == 30
    again = predict(make_rows(range(50)), max_predictions=31)
    assert table["text"].tolist() == again["text"].tolist()


def test_other_splits_and_tasks_are_not_asked(make_rows, predict):
    rows = make_rows([0, 30])
    assert not len(predict(rows.assign(split="validation")))
    assert not len(predict(rows.assign(task="other")))


@pytest.mark.parametrize("model", [Divided(told_cultures=()), Divided(cultures=("AU",))])
def test_model_without_cultures_to_set_apart_gives_no_rows(make_rows, predict, model, parameters):
    table = predict(make_rows([0, 30]), model)
    assert list(table.columns) == COLUMNS
    assert not len(table)
    assert summarise_disagreement(table, parameters) == {}


def test_model_that_is_told_nothing_is_refused(make_rows, predict):
    model = Divided()
    model.conditioning = None
    with pytest.raises(CcnlpError, match="the fine-tuned model is told nothing; train again"):
        predict(make_rows([0]), model)


def summary_of(table, parameters):
    return summarise_disagreement(table, parameters)["t"]


def test_model_that_disagrees_where_people_do_has_a_rank_correlation(
    make_rows, predict, parameters
):
    summary = summary_of(predict(make_rows(range(0, 80))), parameters)
    assert summary["num_texts"] == summary["num_judged"] == 80
    assert summary["correlation"] > 0.95  # people's shares are rounded to tenths
    assert summary["low"] <= summary["correlation"] <= summary["high"]
    assert summary["texts"][0]["text"] == "text 79"
    assert summary["texts"][0]["answers"] == {"AU": "no", "SG": "yes", "ZA": "yes"}
    text = " ".join(view_contested(summary, max_characters=400).sentences)
    assert "it disagrees where people do: Spearman's rank correlation" in text


def test_rank_correlation_is_that_of_scipy(make_rows, predict, parameters):
    from scipy.stats import spearmanr

    table = predict(make_rows(range(0, 80)))
    shuffled = table.assign(
        judges_disagreement=np.random.default_rng(0).permutation(table["judges_disagreement"])
    )
    summary = summary_of(shuffled, parameters)
    expected = spearmanr(shuffled["judges_disagreement"], shuffled["annotators_disagreement"])
    assert summary["correlation"] == pytest.approx(expected.statistic)
    text = " ".join(view_contested(summary, max_characters=400).sentences)
    assert "it is not shown to disagree where people do" in text


@pytest.mark.parametrize("divisions", [range(5), [0] * 80])
def test_correlation_of_few_texts_or_of_equal_ones_is_unknown(
    make_rows, predict, parameters, divisions
):
    rows = make_rows(divisions)
    rows["group_id"] = np.arange(len(rows)) // 3
    summary = summary_of(predict(rows), parameters)
    assert (summary["correlation"], summary["low"]) == (None, None)
    text = " ".join(view_contested(summary, max_characters=400).sentences)
    assert "Whether it disagrees where people do is unknown: the " in text
    assert "too few, or all divide the model or the people alike" in text


def test_interval_of_the_correlation_draws_texts_of_a_group_together(
    make_rows, predict, parameters
):
    table = predict(make_rows(range(80)))
    noise = np.random.default_rng(0).permutation(table["judges_disagreement"])
    table["judges_disagreement"] += noise
    once = summary_of(table, parameters)
    twice = summary_of(pd.concat([table, table], ignore_index=True), parameters)
    assert {key: twice[key] for key in ("correlation", "low", "high")} == pytest.approx(
        {key: once[key] for key in ("correlation", "low", "high")}
    )


def test_correlation_of_many_texts_of_few_groups_is_unknown(make_rows, predict, parameters):
    table = predict(make_rows(range(80))).assign(group_id=[str(row % 5) for row in range(80)])
    assert summary_of(table, parameters)["correlation"] is None


def test_words_without_annotators_do_not_speak_of_them(make_rows, predict, parameters):
    rows = make_rows([0, 70]).drop(columns="label_counts")
    summary = summary_of(predict(rows), parameters)
    view = view_contested(summary, max_characters=4)
    assert view.sentences == (
        "Asked for each culture that it was trained on, the model's answers lie 0.1 or more apart "
        "on 1 of 2 test texts: these are contested. The median disagreement is 0.26.",
    )
    assert [line.text for line in view.texts] == ["text …"]
    assert view.texts[0].answers == "yes: SG, ZA; no: AU"


def test_text_that_is_contested_under_one_label_says_so(make_rows, predict, parameters):
    summary = summary_of(predict(make_rows([25])), parameters)
    assert view_contested(summary, max_characters=9).texts[0].answers == "no in all"


def test_text_in_another_context_is_another_text(make_rows, predict):
    rows = make_rows([20, 21]).assign(text="text 20", group_id="one")
    rows["context"] = ["title: a"] * 3 + [None] * 3
    rows["label_counts"] = [[5, 5]] * 3 + [[0, 10]] * 3
    table = predict(rows)
    assert table["text"].tolist() == ["text 20"] * 2
    assert table["context"].fillna("").tolist() == ["title: a", ""]
    assert table["annotators_disagreement"].tolist() == [0, 0]  # in each context all say the same
