"""Tasks that are scored by sums over rows."""

import numpy as np
import pandas as pd

from ccnlp.tasks.parameters import TaskParameters
from ccnlp.tasks.tallied import TalliedTask, f1, read_answer, write_answer


class Words(TalliedTask):
    """Names the words of a text that matter."""

    input_columns, target_columns = ("text",), ("words",)
    primary_metric = "f1"
    validate = encode = collate = head = losses = decode = None

    def reference(self, rows):
        return rows["words"]

    def tallies(self, predictions):
        pairs = [
            (set(read_answer(found)), set(read_answer(expected)))
            for found, expected in zip(
                predictions["prediction"], predictions["reference"], strict=True
            )
        ]
        numbers = [(len(found & expected), len(expected), len(found)) for found, expected in pairs]
        return np.array(numbers, dtype=np.float64).reshape(-1, 3)

    def metrics(self, sums):
        return {"f1": f1(sums[..., 0], sums[..., 1], sums[..., 2])}


def test_score_is_made_of_the_sums_over_rows_that_have_a_reference():
    task = Words("t", TaskParameters(kind="words", loss_weight=1))
    predictions = pd.DataFrame(
        {
            "reference": [write_answer(["größe", "a"]), write_answer(["b"]), pd.NA],
            "prediction": [write_answer(["größe"]), write_answer(["c", "b"]), write_answer(["d"])],
        }
    )

    # 2 words found of 3 that matter, with 3 predicted.
    assert task.score(predictions) == {"f1": 2 / 3}


def test_f1_of_nothing_is_none():
    np.testing.assert_array_equal(
        f1(np.array([0.0, 1.0]), np.array([0.0, 1.0]), np.array([0.0, 3.0])), [np.nan, 0.5]
    )


def test_answers_are_written_in_their_own_script():
    assert write_answer(["größe", "北京"]) == '["größe","北京"]'
    assert read_answer(write_answer({"start": 3})) == {"start": 3}
