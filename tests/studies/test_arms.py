"""Trainings of a study on the tiny encoder."""

import pandas as pd
import pytest

from ccnlp.studies.arms import Arm, Budget, Laboratory, run_arms
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

WORDS = {"no": ["bad", "boring"], "yes": ["good", "great"]}


@pytest.fixture
def examples():
    rows = pd.DataFrame(
        [
            {"text": f"the film was {word} {i}", "label": label, "culture": ("GB", "SG")[i % 2]}
            for i in range(12)
            for label, words in WORDS.items()
            for word in words
        ]
    ).assign(
        corpus="c", task="t", language="en", region="und", domain="und", origin="native", weight=1.0
    )
    rows["id"] = [f"{i:016x}" for i in range(len(rows))]
    rows["group_id"] = rows["id"]
    rows["split"] = [("train", "train", "validation", "test")[i // 4 % 4] for i in range(len(rows))]
    return rows


@pytest.fixture
def laboratory(tiny_encoder, tmp_path):
    entry = {"kind": "sequence_classification", "loss_weight": 1, "labels": ["no", "yes"]}
    tasks = build_tasks(TasksParameters.model_validate({"t": entry}))
    return Laboratory(tiny_encoder, tasks, max_length_tokens=16, checkpoints=tmp_path)


@pytest.fixture
def arms(examples, training_parameters):
    swapped_cultures = examples.assign(culture=examples["culture"].map({"GB": "SG", "SG": "GB"}))
    more_rows = pd.concat(
        [
            swapped_cultures,
            examples[examples["split"] == "train"].assign(id=lambda r: "f" + r.id.str[1:]),
        ]
    ).reset_index(drop=True)
    training = training_parameters(epochs=1)
    return [Arm.of("plain", examples, training), Arm.of("more rows", more_rows, training)]


def test_arms_are_trained_with_each_seed_for_as_many_steps(arms, laboratory, examples, caplog):
    caplog.set_level("INFO")

    predicted = run_arms(arms, laboratory, seeds=[0, 1], steps=None)

    held_out = set(examples.loc[examples["split"] != "train", "id"])
    for arm in ("plain", "more rows"):
        table = predicted[predicted["system"] == arm]
        assert table.groupby("seed")["example_id"].agg(set).tolist() == [held_out, held_out]
    assert "each training takes 6 steps" in caplog.text  # 24 rows in batches of 4
    assert caplog.text.count("best validation score") == caplog.text.count("at step 6") // 2 == 4


def test_rows_keep_their_own_culture_whatever_an_arm_was_told(arms, laboratory, examples, caplog):
    caplog.set_level("INFO")

    predicted = run_arms(arms, laboratory, seeds=[0], steps=1)

    assert "arm 1 of 2: plain, 1 training\n" in caplog.text
    assert "each training takes 1 step\n" in caplog.text
    cultures = examples.set_index("id")["culture"]
    assert predicted["culture"].tolist() == cultures[predicted["example_id"]].tolist()


def test_a_study_that_was_broken_off_trains_the_rest_alone(arms, laboratory, caplog):
    caplog.set_level("INFO")
    before = run_arms(arms[:1], laboratory, seeds=[0], steps=2)
    caplog.clear()

    after = run_arms(arms, laboratory, seeds=[0], steps=2)

    assert caplog.text.count("finished by an earlier run") == 1
    pd.testing.assert_frame_equal(before, after[after["system"] == "plain"])


@pytest.mark.parametrize(
    ("batches", "accumulation", "steps"),
    [("interleaved", 1, 10), ("interleaved", 3, 4), ("mixed", 1, 5)],
)
def test_budget_gives_each_task_its_batches(training_parameters, batches, accumulation, steps):
    values = training_parameters().model_dump()
    values["multitask"]["batches"] = batches
    values["batches"]["accumulation_steps"] = accumulation
    training = type(training_parameters()).model_validate(values)
    budget = Budget({"a": 7, "b": 3})

    assert budget.steps(["a", "b"], training) == steps
    assert budget.steps(["b"], training) == -(-3 // accumulation)


def test_each_training_has_the_negatives_that_its_task_asks_for(
    examples, tiny_encoder, training_parameters, tmp_path, caplog
):
    caplog.set_level("INFO")
    options = {
        "query_prefix": "",
        "passage_prefix": "",
        "temperature": 0.05,
        "is_symmetric": False,
        "negatives": "mined",
        "num_negatives": 1,
        "dimensions": [],
    }
    entry = {"kind": "retrieval", "loss_weight": 1, "options": options}
    tasks = build_tasks(TasksParameters.model_validate({"t": entry}))
    pairs = examples.drop(columns=["text", "label"]).assign(
        query=examples["text"], passage="it was " + examples["text"], passage_language="en"
    )
    arm = Arm.of("plain", pairs, training_parameters(epochs=1))
    laboratory = Laboratory(tiny_encoder, tasks, max_length_tokens=16, checkpoints=tmp_path)

    run_arms([arm], laboratory, seeds=[0], steps=1)

    assert "t: 24 negatives mined for 24 rows among 24 passages" in caplog.text
