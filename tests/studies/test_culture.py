"""The arms of the study of culture, and what is asked of them."""

import pandas as pd
import pytest
from pydantic import ValidationError

from ccnlp.errors import CorpusError
from ccnlp.studies.arms import Laboratory, run_arms
from ccnlp.studies.culture import arms_of, questions_of
from ccnlp.studies.parameters import CultureStudyParameters
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

WORDS = ["good", "bad", "great", "boring"]


@pytest.fixture
def examples():
    """Texts that are judged one way in one culture, and the other way in the other."""
    rows = pd.DataFrame(
        [
            {"text": f"the film was {word}", "culture": culture, "split": split}
            for _ in range(4)
            for word in WORDS
            for split in ("train", "train", "validation", "test")
            for culture in ("GB", "MX")
        ]
    ).assign(
        corpus="c", task="t", language="en", region="und", domain="und", origin="native", weight=1.0
    )
    rows["label"] = rows["culture"].map({"GB": "yes", "MX": "no"})
    rows["id"] = [f"{i:016x}" for i in range(len(rows))]
    rows["group_id"] = rows["id"]
    rows["num_annotations"] = [3.0, 5.0] * (len(rows) // 2)
    return rows


@pytest.fixture
def arms(examples, training_parameters, culture_parameters):
    return arms_of(
        examples, training_parameters(epochs=4), culture_parameters("none"),
        conditioning="embedding", seed=0,
    )  # fmt: skip


def test_arms_differ_in_what_is_told(arms, examples):
    _, conditioned, shuffled, count = arms

    assert [arm.name for arm in arms] == [
        "unconditioned", "conditioned", "shuffled", "annotator count",
    ]  # fmt: skip
    ways = [arm.models[""].culture.conditioning for arm in arms]
    assert ways == ["none", "embedding", "embedding", "embedding"]
    assert conditioned.examples is examples
    assert sorted(shuffled.examples["culture"]) == sorted(examples["culture"])
    assert shuffled.examples["culture"].tolist() != examples["culture"].tolist()
    assert set(count.examples["culture"]) == {"annotators-3", "annotators-5"}


def test_arm_of_counts_is_left_out_where_nobody_counted(
    examples, training_parameters, culture_parameters
):
    arms = arms_of(
        examples.assign(num_annotations=float("nan")), training_parameters(),
        culture_parameters("none"), conditioning="prefix", seed=0,
    )  # fmt: skip
    assert [arm.name for arm in arms] == ["unconditioned", "conditioned", "shuffled"]
    assert [q.controls for q in questions_of([arm.name for arm in arms])] == [
        ("shuffled",), (),
    ]  # fmt: skip


def test_arm_of_counts_is_left_out_where_a_number_tells_nothing(
    examples, training_parameters, culture_parameters, caplog
):
    caplog.set_level("INFO")
    parameters = culture_parameters(
        "none", embedding={"fields": ["subregion"], "combination": "add"}
    )
    arms = arms_of(examples, training_parameters(), parameters, conditioning="embedding", seed=0)
    assert [arm.name for arm in arms] == ["unconditioned", "conditioned", "shuffled"]
    assert "the model is told subregion, and a number has none of these" in caplog.text


def test_one_culture_is_nothing_to_study(examples, training_parameters, culture_parameters):
    with pytest.raises(CorpusError, match=r"of the cultures \['GB'\], .* needs two or more; name"):
        arms_of(
            examples.assign(culture="GB"), training_parameters(), culture_parameters("none"),
            conditioning="embedding", seed=0,
        )  # fmt: skip


def test_only_the_model_that_is_told_gets_it_right(arms, tiny_encoder, tmp_path):
    entry = {"kind": "sequence_classification", "loss_weight": 1, "labels": ["no", "yes"]}
    tasks = build_tasks(TasksParameters.model_validate({"t": entry}))
    laboratory = Laboratory(tiny_encoder, tasks, max_length_tokens=16, checkpoints=tmp_path)

    predicted = run_arms(arms[:3], laboratory, seeds=[0], steps=None)

    is_right = predicted["prediction"] == predicted["reference"]
    share = is_right.groupby(predicted["system"]).mean()
    assert share["conditioned"] == 1
    assert share["unconditioned"] == 0.5
    assert share["shuffled"] < 0.9


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"conditioning": "none"}, "'none' tells the model nothing; known are 'adapter', 'emb"),
        ({"conditioning": "prefx"}, "did you mean 'prefix'"),
        ({"seeds": [0, 0]}, "name one twice"),
        ({"seeds": [-1]}, "one is below 0"),
        ({"seeds": []}, "at least 1 item"),
        ({"slices": {}}, r"slices \[\] lack 'culture', whose groups the findings are about"),
        ({"slices": {"culture": ["cultur"]}}, "no column 'cultur'; did you mean 'culture'"),
        ({"slices": {"culture": []}}, "and at least one column"),
        ({"slices": {"culture": None}}, "lack 'culture'"),
        ({"step": 3}, "Extra inputs are not permitted"),
    ],
    ids=str,
)
def test_parameters_are_refused(values, message):
    good = {
        "conditioning": "prefix",
        "seeds": [0],
        "steps": None,
        "slices": {"culture": ["culture"]},
    }
    with pytest.raises(ValidationError, match=message):
        CultureStudyParameters.model_validate({**good, **values})
