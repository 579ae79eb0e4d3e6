"""The arms of the study of several tasks, and its verdicts."""

import pandas as pd
import pytest

from ccnlp.errors import CorpusError
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.studies.arms import Laboratory, run_arms
from ccnlp.studies.comparison import compare_arms
from ccnlp.studies.multitask import ABOUT, STUDY, arms_of
from ccnlp.studies.verdicts import judge, summarise
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

WORDS = {"good": "yes", "great": "yes", "bad": "no", "boring": "no"}
ENTRY = {"kind": "sequence_classification", "loss_weight": 1, "labels": ["no", "yes"]}


@pytest.fixture
def examples():
    """Two tasks; the second has half as many rows."""
    rows = pd.DataFrame(
        [
            {"text": f"the film was {word}", "label": label, "split": split, "task": task}
            for task, times in (("liked", 4), ("praised", 2))
            for _ in range(times)
            for word, label in WORDS.items()
            for split in ("train", "train", "validation", "test")
        ]
    ).assign(
        corpus="c", language="en", culture="GB", region="und", domain="und", origin="native",
        weight=1.0,
    )  # fmt: skip
    rows["id"] = [f"{i:016x}" for i in range(len(rows))]
    return rows.assign(group_id=rows["id"])


@pytest.fixture
def training(training_parameters):
    values = training_parameters(epochs=2).model_dump()
    values["multitask"] |= {"batches": "mixed", "weighting": "uncertainty"}
    values["validation"]["tasks"] = {"choose_by": "task", "task": "liked", "weights": {}}
    return type(training_parameters()).model_validate(values)


@pytest.fixture
def arms(examples, training, culture_parameters):
    return arms_of(examples, ["liked", "praised", "unused"], training, culture_parameters("none"))


@pytest.fixture
def laboratory(tiny_encoder, tmp_path):
    tasks = build_tasks(TasksParameters.model_validate({"liked": ENTRY, "praised": ENTRY}))
    return Laboratory(tiny_encoder, tasks, max_length_tokens=16, checkpoints=tmp_path)


def test_arms_are_one_model_of_all_tasks_and_one_of_each(arms, training):
    together, alone = arms

    assert [arm.name for arm in arms] == list(ABOUT.arms)
    assert together.models[""].training is training
    assert list(alone.models) == ["liked", "praised"]
    for name, recipe in alone.models.items():
        assert set(recipe.examples["task"]) == {name}
        assert recipe.training.multitask.weighting == "fixed"
        assert recipe.training.multitask.batches == "interleaved"
        assert recipe.training.validation.tasks.choose_by == "mean"


def test_each_task_has_as_many_batches_alone_as_together(arms, laboratory, caplog):
    caplog.set_level("INFO")

    predicted = run_arms(arms, laboratory, seeds=[0], steps=None)

    # 8 and 4 batches of 4 rows a pass are 6 rounds, so that two epochs are 12 steps.
    assert "each training takes 12 steps" in caplog.text
    assert "each training of liked takes 12 steps" in caplog.text
    assert "each training of praised takes 12 steps" in caplog.text
    rows = predicted.groupby(["system", "task"])["example_id"].nunique()
    assert rows.to_dict() == {
        ("alone", "liked"): 32, ("alone", "praised"): 16,
        ("together", "liked"): 32, ("together", "praised"): 16,
    }  # fmt: skip


def test_one_task_is_nothing_to_study(examples, training, culture_parameters):
    with pytest.raises(CorpusError, match=r"are of the tasks 'liked', .* needs two or more"):
        arms_of(
            examples[examples["task"] == "liked"],
            ["liked", "praised"],
            training,
            culture_parameters("none"),
        )


def answers(arm: str, task: str, num_right: int) -> pd.DataFrame:
    """Of 300 rows, the first of which are right, by two seeds."""
    reference = pd.Series(["no", "yes"] * 150)
    other = reference.map({"no": "yes", "yes": "no"})
    rows = pd.DataFrame(
        {
            "example_id": [f"{task}{i}" for i in range(300)],
            "reference": reference,
            "prediction": reference.where(reference.index < num_right, other),
        }
    ).assign(
        system=arm, task=task, corpus="c", split="test", language="en", culture="GB", region="und",
        domain="und", origin="native", confidence=0.9, num_characters=20, is_seen=False, weights="",
    )  # fmt: skip
    rows["group_id"] = rows["example_id"]
    return pd.concat([rows.assign(seed=seed) for seed in (0, 1)], ignore_index=True)


def test_verdicts_are_transfer_harm_or_none_shown(evaluation_parameters: EvaluationParameters):
    tasks = build_tasks(
        TasksParameters.model_validate({"helped": ENTRY, "hurt": ENTRY, "as_before": ENTRY})
    )
    right = {"helped": (150, 270), "hurt": (270, 150), "as_before": (200, 200)}
    predictions = pd.concat(
        [
            answers(arm, task, num_right)
            for task, numbers in right.items()
            for arm, num_right in zip(("alone", "together"), numbers, strict=True)
        ],
        ignore_index=True,
    )
    compared = compare_arms(
        predictions,
        STUDY.contrasts_of({"together", "alone"}),
        tasks,
        evaluation_parameters,
        slices={"language": ["language"]},
    )

    verdicts = judge(compared, STUDY.questions_of({"together", "alone"}))

    overall = verdicts[verdicts["slice"] == "all"].set_index("task")["verdict"]
    assert overall.to_dict() == {"helped": "transfer", "hurt": "harm", "as_before": "none shown"}
    sentences = {s.split(",")[0]: s for s in summarise(verdicts, slice_name="language")}
    assert "together: transfer over all 300 rows (+" in sentences["helped"]
    assert "By language, harm: en (-" in sentences["hurt"]
    assert sentences["as_before"].endswith("By language, none shown: en.")
