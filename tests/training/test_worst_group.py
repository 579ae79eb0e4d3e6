import numpy as np
import pandas as pd

from ccnlp.training.worst_group import JudgedGroups

GROUPS = np.array(["am", "es", "es", "am", "zu"], dtype=object)


def judge(parameters, **validation) -> JudgedGroups:
    values = parameters.model_dump()
    values["validation"] |= validation
    changed = type(parameters).model_validate(values)
    return JudgedGroups.of(GROUPS, trained=["am", "es", "sw"], task="t", parameters=changed)


def test_judged_groups_are_those_of_enough_rows(parameters, caplog):
    judged = judge(parameters, min_group_size=2)

    assert {name: rows.tolist() for name, rows in judged.rows.items()} == {
        "am": [0, 3],
        "es": [1, 2],
    }
    assert "(training.validation.min_group_size): sw (0), zu (1)" in caplog.text


def test_score_is_of_each_group_by_itself(parameters, tasks):
    predictions = pd.DataFrame(
        {
            "reference": ["positive", "positive", "negative", "negative", "negative"],
            "prediction": ["positive", "positive", "positive", "negative", "positive"],
            "confidence": 1.0,
        }
    )

    scores = judge(parameters, min_group_size=2).score(predictions, tasks["sentiment"])

    assert scores == {"am": 1.0, "es": (2 / 3 + 0) / 2}


def test_score_leaves_out_a_group_without_one(parameters, tasks, monkeypatch):
    task = tasks["sentiment"]
    monkeypatch.setattr(
        task, "score", lambda rows: {"macro_f1": np.nan if rows["is_tied"].all() else 0.5}
    )
    predictions = pd.DataFrame({"is_tied": [False, True, True, False, False]})

    assert judge(parameters).score(predictions, task) == {"am": 0.5, "zu": 0.5}
