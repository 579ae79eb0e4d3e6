"""The arms of the study of transfer, what is asked of them, and their matrix."""

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from ccnlp.errors import ConfigurationError, CorpusError
from ccnlp.studies.arms import Laboratory, run_arms
from ccnlp.studies.comparison import compare_arms, score_arms
from ccnlp.studies.matrix_plot import draw_matrix
from ccnlp.studies.parameters import TransferStudyParameters
from ccnlp.studies.transfer import ALL, STUDY, about_of, arms_of, tabulate
from ccnlp.studies.verdicts import judge
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

SLICES = {"language": ("language",)}


@pytest.fixture
def examples():
    """Words that mean the contrary in the other language, so that nothing carries over."""
    rows = pd.DataFrame(
        [
            {"text": f"{w} {i}", "label": labels[w == "good"], "language": language, "split": split}
            for language, labels in {"en": ("no", "yes"), "es": ("yes", "no")}.items()
            for i in range(20)
            for w in ("good", "bad")
            for split in ("train", "train", "validation", "test")
        ]
    ).assign(
        corpus="c", task="t", culture="und", region="und", domain="und", origin="native", weight=1.0
    )
    rows["id"] = [f"{i:016x}" for i in range(len(rows))]
    rows["group_id"] = rows["id"]
    return rows


@pytest.fixture
def tasks():
    entry = {"kind": "sequence_classification", "loss_weight": 1, "labels": ["no", "yes"]}
    return build_tasks(TasksParameters.model_validate({"t": entry}))


def row(arm, language, score, **others):
    return {
        "arm": arm, "task": "t", "corpus": "c", "split": "test", "slice": "language",
        "group": language, "metric": "macro_f1", "is_primary": True, "score": score,
        "low": score - 0.1, "high": score + 0.1, "n": 100, "is_small": False, **others,
    }  # fmt: skip


SCORES = pd.DataFrame(
    [
        row(ALL, "en", 0.9),
        row(ALL, "sw", 0.7),
        row(ALL, "ar", 0.8),
        row("en + ar", "en", 0.8),
        row("en + ar", "sw", 0.5, is_small=True),
        row("en + ar", "ar", 0.6),
        row("en + ar", "all", 0.1, slice="all"),
        row("en + ar", "en", 0.1, split="validation"),
        row("en + ar", "en", 0.1, metric="accuracy", is_primary=False),
    ]
)


def test_arms_are_all_languages_and_each_by_itself(examples, training_parameters):
    training = training_parameters(languages=["en"])

    arms = arms_of(examples, training, trained_on=None, tasks=["t"])

    named = {arm.name: arm.models[""].training.languages for arm in arms}
    assert named == {ALL: None, "en": ("en",), "es": ("es",)}
    assert all(arm.examples is examples for arm in arms)


def test_arms_may_be_sets_of_languages(examples, training_parameters):
    sets = [("es", "en"), ("es",)]

    arms = arms_of(examples, training_parameters(), trained_on=sets, tasks=["t"])

    assert [arm.name for arm in arms] == [ALL, "es + en", "es"]


def test_language_without_train_rows_is_refused(examples, training_parameters):
    with pytest.raises(
        ConfigurationError,
        match=r"transfer_study\.trained_on names 'sw', .*known are 'en', 'es' "
        r"\(parameters/transfer_study\.yml\)",
    ):
        arms_of(examples, training_parameters(), trained_on=[["sw"]], tasks=["t"])


def test_one_language_has_nothing_to_carry_to(examples, training_parameters):
    english = examples[examples["language"] == "en"]

    with pytest.raises(CorpusError, match="train rows of en alone, and a study of transfer"):
        arms_of(english, training_parameters(), trained_on=None, tasks=["t"])


def test_study_finds_what_does_not_carry_over(
    examples, tasks, training_parameters, lively_encoder, evaluation_parameters, tmp_path
):
    arms = arms_of(examples, training_parameters(epochs=3), trained_on=None, tasks=["t"])
    laboratory = Laboratory(lively_encoder, tasks, max_length_tokens=16, checkpoints=tmp_path)

    predicted = run_arms(arms, laboratory, seeds=[0], steps=40)
    scores = score_arms(predicted, tasks, evaluation_parameters, slices=SLICES)
    names = [arm.name for arm in arms]
    compared = compare_arms(
        predicted, STUDY.contrasts_of(names), tasks, evaluation_parameters, slices=SLICES
    )
    matrix = tabulate(scores, trained=["en", "es"]).set_index("trained_on")

    for language, other in (("en", "es"), ("es", "en")):
        assert matrix.loc[language, language] > 0.9
        assert matrix.loc[language, other] < 0.1
    all_verdicts = judge(compared, STUDY.questions_of(names))
    of_en = all_verdicts[(all_verdicts["arm"] == "en") & (all_verdicts["slice"] == "language")]
    verdicts = of_en[of_en["split"] == "test"].set_index("group")["verdict"]
    assert verdicts["en"] == "helps"


def test_matrix_has_the_mean_of_languages_that_were_and_were_not_trained_on():
    matrix = tabulate(SCORES, trained=["en", "ar"])

    assert matrix.columns.tolist() == [
        "task", "corpus", "metric", "trained_on", "mean_of_own", "mean_of_others", "ar", "en", "sw",
    ]  # fmt: skip
    assert matrix["trained_on"].tolist() == [ALL, "en + ar"]
    np.testing.assert_allclose(matrix["mean_of_own"], [0.85, 0.7])
    np.testing.assert_allclose(matrix["mean_of_others"], [0.7, 0.5])
    assert matrix.loc[1, ["ar", "en", "sw"]].tolist() == [0.6, 0.8, 0.5]


def test_heat_map_marks_languages_that_were_trained_on_and_few_rows():
    figure = draw_matrix(SCORES, trained=["en", "ar"])

    (heat,) = figure.data
    assert list(heat.y) == [ALL, "en + ar"]
    assert list(heat.x) == ["ar", "en", "sw"]
    assert list(heat.text[0]) == ["<b>80.0</b>", "<b>90.0</b>", "70.0"]
    assert list(heat.text[1]) == ["<b>60.0</b>", "<b>80.0</b>", "(50.0)"]
    assert heat.customdata[1][2] == (
        "<b>en + ar</b>, tested on Swahili<br>50.0 [40.0, 60.0], n=100, zero-shot"
    )


def test_heat_map_leaves_out_what_was_not_measured():
    figure = draw_matrix(pd.DataFrame([row("en", "en", 0.9), row("ar", "sw", np.nan)]), trained=[])

    assert list(figure.data[0].text[1]) == ["", ""]
    assert (
        "No scores on test"
        in draw_matrix(SCORES.assign(split="other"), trained=[]).layout.title.text
    )


def test_page_tells_what_each_arm_was_trained_on():
    about = about_of([ALL, "en"])

    assert list(about.arms) == [ALL, "en"]
    assert about.arms["en"] == "trained on en alone, and tested on all languages"
    assert about.arms[ALL] == "trained on every language that has train rows"


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        ([], "at least 1 item"),
        ([[]], "at least 1 item"),
        ([["en", "en"]], r"\['en', 'en'\] names a language twice"),
        ([["en", "es"], ["es", "en"]], "has a set twice"),
        ([["swa"]], "'swa' is not a BCP-47 tag; did you mean 'sw'"),
    ],
)
def test_sets_that_are_none_are_refused(sets, message):
    with pytest.raises(ValidationError, match=message):
        TransferStudyParameters(seeds=(0,), steps=None, slices=SLICES, trained_on=sets)
