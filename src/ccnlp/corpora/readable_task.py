"""What reading needs of a task, and what the task asks of a corpus entry."""

from collections.abc import Mapping
from typing import ClassVar, Protocol

import pandas as pd

from ccnlp.corpora.entry import CorpusEntry
from ccnlp.corpora.fields import ValueMap
from ccnlp.corpora.task_columns import ConstantTarget, columns_of, gives_list
from ccnlp.corpora.values import PARAMETERS_FILE
from ccnlp.errors import ConfigurationError, did_you_mean


class ReadableTask(Protocol):
    """What reading needs of a task; see `ccnlp.tasks.base.Task`."""

    input_columns: ClassVar[tuple[str, ...]]
    target_columns: ClassVar[tuple[str, ...]]
    list_columns: ClassVar[tuple[str, ...]]
    emptiable_columns: ClassVar[tuple[str, ...]]
    span_columns: ClassVar[tuple[str, ...]]
    optional_columns: ClassVar[tuple[str, ...]]
    key_columns: ClassVar[tuple[str, ...]]
    has_one_answer: ClassVar[bool]
    annotation_columns: ClassVar[tuple[str, ...]]
    quoted_column: ClassVar[str | None]
    can_read_context: ClassVar[bool]

    @property
    def labels(self) -> tuple[str, ...]:
        """The label set; empty where there is none."""

    @property
    def target_values(self) -> tuple[str, ...]:
        """What targets, or items of those that are lists, may be; empty where it is anything."""

    @property
    def reads_context(self) -> bool:
        """Whether the model is to read the context of texts."""

    def validate(self, rows: pd.DataFrame) -> "pd.Series[str]":
        """Why each row can't be used, missing where it can."""


def identifying_columns(task: ReadableTask) -> tuple[str, ...]:
    """The inputs that tell which rows are the same, and in what language."""
    return task.key_columns or task.input_columns


def other_columns(task: ReadableTask) -> tuple[str, ...]:
    """All but the identifying columns: what rows tell of these, other inputs and the targets."""
    other_inputs = (
        column for column in task.input_columns if column not in identifying_columns(task)
    )
    return (*other_inputs, *task.target_columns)


def check_entry(entry: CorpusEntry, task: ReadableTask, *, where: str) -> None:
    """Checks that the entry says where all is that the task needs, and nothing else.

    Raises:
        ConfigurationError: a column is missing or not the task's, a label is not in its set,
            annotations are given to a task of one label a text, or a context to one that reads
            none, or made of what the task reads or predicts.
    """
    _check_annotations(entry, task, where=where)
    _check_columns(entry, task, where=where)
    _check_labels(entry, task, where=where)
    _check_context(entry, task, where=where)


def check_contexts(entries: Mapping[str, CorpusEntry], tasks: Mapping[str, ReadableTask]) -> None:
    """Checks that a task which is to read contexts has a corpus that names one.

    Raises:
        ConfigurationError: none of its corpora does.
    """
    tasks_with_context = {entry.task for entry in entries.values() if entry.context}
    for task in sorted({entry.task for entry in entries.values()}):
        if tasks[task].reads_context and task not in tasks_with_context:
            corpora = ", ".join(repr(name) for name, entry in entries.items() if entry.task == task)
            raise ConfigurationError(
                f"the task {task!r} is to read the context of texts (context, "
                f"parameters/tasks.yml), and none of its corpora {corpora} names one; give an "
                f"entry `context: {{title: the title's column}}` ({PARAMETERS_FILE}), or the task "
                "`context: none`"
            )


def _check_annotations(entry: CorpusEntry, task: ReadableTask, *, where: str) -> None:
    if entry.annotations is None:
        return
    if not task.annotation_columns:
        raise ConfigurationError(
            f"{where}: annotations are given, and the task {entry.task!r} has one label a text; "
            "make its kind label_distribution (parameters/tasks.yml), or leave annotations out "
            f"({PARAMETERS_FILE})"
        )
    distribution = entry.annotations.distribution
    if not distribution:
        return
    for label in distribution:
        if label not in task.labels:
            raise ConfigurationError(
                f"{where}: annotations.distribution counts {label!r}, which is no label of the "
                f"task {entry.task!r}; {did_you_mean(label, task.labels)} ({PARAMETERS_FILE})"
            )
    for label in task.labels:
        if label not in distribution:
            raise ConfigurationError(
                f"{where}: annotations.distribution does not say which column counts {label!r}, a "
                f"label of the task {entry.task!r} ({PARAMETERS_FILE})"
            )


def _check_columns(entry: CorpusEntry, task: ReadableTask, *, where: str) -> None:
    is_counted = entry.annotations is not None and entry.annotations.distribution
    needed = (*task.input_columns, *(() if is_counted else task.target_columns))
    for column in needed:
        if column not in entry.columns:
            raise ConfigurationError(
                f"{where}: columns does not say where to find {column!r}, which the task "
                f"{entry.task!r} needs ({PARAMETERS_FILE})"
            )
    allowed = (*needed, *task.optional_columns)
    for column in entry.columns:
        if column not in allowed:
            raise ConfigurationError(
                f"{where}: the task {entry.task!r} has no column {column!r}; "
                f"{did_you_mean(column, allowed)} ({PARAMETERS_FILE})"
            )
    for column, source_column in entry.columns.items():
        is_single_target = column in {*task.target_columns} - {*task.list_columns}
        if isinstance(source_column, ConstantTarget) and not is_single_target:
            raise ConfigurationError(
                f"{where}: columns gives {column!r} a constant, which only a target such as a "
                f"label can be ({PARAMETERS_FILE})"
            )
        if gives_list(source_column) and column not in task.list_columns:
            raise ConfigurationError(
                f"{where}: columns makes a list of {column!r}, which holds one text in tasks of "
                f"the kind of {entry.task!r}; name its column ({PARAMETERS_FILE})"
            )
        if isinstance(source_column, list) and is_single_target:
            raise ConfigurationError(
                f"{where}: columns gives {column!r} the columns {source_column}, and it is one "
                f"label; name its column ({PARAMETERS_FILE})"
            )


def _check_labels(entry: CorpusEntry, task: ReadableTask, *, where: str) -> None:
    labels = [("label_map", label) for label in entry.label_map.values()]
    for column in entry.columns.values():
        if isinstance(column, ConstantTarget):
            label = ValueMap(entry.label_map).get(column.constant) or column.constant
            labels.append(("columns", label))
    for key, label in labels:
        if task.target_values and label not in task.target_values:
            raise ConfigurationError(
                f"{where}: {key} gives {label!r}, which is no label of the task "
                f"{entry.task!r}; {did_you_mean(label, task.target_values)} ({PARAMETERS_FILE})"
            )


def _check_context(entry: CorpusEntry, task: ReadableTask, *, where: str) -> None:
    if not entry.context:
        return
    if not task.can_read_context:
        raise ConfigurationError(
            f"{where}: context is given, and tasks of the kind of {entry.task!r} read none; leave "
            f"it out ({PARAMETERS_FILE})"
        )
    distribution = entry.annotations.distribution if entry.annotations is not None else {}
    context_columns = {field.column for field in entry.context}
    for name, source_column in {**entry.columns, **distribution}.items():
        for column in context_columns.intersection(columns_of(source_column)):
            raise ConfigurationError(
                f"{where}: context names the column {column!r}, which is the task's {name!r}; the "
                f"context is what stands beside it ({PARAMETERS_FILE})"
            )


def task_of(rows: pd.DataFrame, tasks: Mapping[str, ReadableTask]) -> ReadableTask:
    """The task of a curated corpus, which all of its rows name."""
    return tasks[str(rows["task"].iloc[0])]
