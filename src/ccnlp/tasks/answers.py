"""Which tasks give labels: those that can be judged side by side, tried and served."""

from ccnlp.tasks.base import Task


def has_one_label(task: Task) -> bool:
    """Whether the task's answer is one label a row, which is what can be judged."""
    return (
        bool(task.labels)
        and len(task.target_columns) == 1
        and not set(task.target_columns) & set(task.list_columns)
    )


def labels_one_text(task: Task) -> bool:
    """Whether the task gives one label to one text, which is what can be tried and served."""
    return has_one_label(task) and tuple(task.input_columns) == ("text",)
