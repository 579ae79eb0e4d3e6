"""Which tasks can be judged side by side, and which give labels, to be tried and served."""

from collections.abc import Mapping

import pandas as pd

from ccnlp.tasks.base import Task
from ccnlp.tasks.tallied import TalliedTask


def is_judged(task: Task) -> bool:
    """Whether systems can be held against each other on the task."""
    return has_one_label(task) or isinstance(task, TalliedTask)


def has_one_label(task: Task) -> bool:
    """Whether the task's answer is one label a row, judged by how often each was right."""
    return (
        bool(task.labels)
        and len(task.target_columns) == 1
        and not set(task.target_columns) & set(task.list_columns)
    )


def labels_one_text(task: Task) -> bool:
    """Whether the task gives one label to one text, which is what can be tried with texts."""
    return has_one_label(task) and tuple(task.input_columns) == ("text",)


def right_or_wrong(predictions: pd.DataFrame, tasks: Mapping[str, Task]) -> pd.DataFrame:
    """The predictions of tasks whose answers are right exactly where they equal the reference.

    Of the others, such as scores of pairs and rankings, no answer is just right or wrong.
    """
    names = [name for name, task in tasks.items() if task.is_right_if_equal]
    return predictions[predictions["task"].isin(names)]
