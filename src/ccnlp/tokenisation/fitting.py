"""Whether examples are what tasks ask for now, which may have changed since they were ingested."""

from collections.abc import Mapping

import pandas as pd

from ccnlp.errors import ConfigurationError, listed
from ccnlp.examples import LABEL_COUNTS
from ccnlp.tasks.base import Task

MEND = "read the corpora again: kedro run --pipelines ingestion, with the --env of the run"


def check_has_examples(examples: pd.DataFrame, tasks: Mapping[str, Task]) -> None:
    """Checks that some task has examples.

    Args:
        examples: of all tasks.
        tasks: by name, as they are configured now.

    Raises:
        ConfigurationError: the examples are of other tasks, such as those of another environment.
    """
    example_tasks = sorted(examples["task"].unique())
    if not set(example_tasks) & set(tasks):
        of_tasks = f"of {listed(example_tasks)}" if example_tasks else "none"
        raise ConfigurationError(
            f"the examples are {of_tasks}, and the tasks are {listed(tasks)} "
            f"(parameters/tasks.yml); {MEND}"
        )


def check_fits(task: Task, rows: pd.DataFrame) -> None:
    """Checks that a task can still read its examples.

    Rows without a label, such as those whose annotators are tied, are none of its business.

    Args:
        task: as it is configured now.
        rows: its examples; at least one.

    Raises:
        ConfigurationError: they lack a column, or a row has what the task no longer knows, such as
            a label.
    """
    columns = [*task.input_columns, *task.target_columns]
    missing = [name for name in columns if name not in rows or rows[name].isna().all()]
    if LABEL_COUNTS in rows and set(missing) <= set(task.target_columns):
        return  # what people answered stands in numbers alone
    if missing:
        raise ConfigurationError(
            f"tasks.{task.name}: its examples have no {listed(missing)}, which kind "
            f"{task.parameters.kind} reads (parameters/tasks.yml); {MEND}"
        )
    reasons = task.validate(rows[rows[columns].notna().all(axis=1)]).dropna()
    if len(reasons):
        raise ConfigurationError(
            f"tasks.{task.name}: {len(reasons):,} of {len(rows):,} examples don't fit the task as "
            f"it is now (parameters/tasks.yml), the first as {reasons.iloc[0]}; {MEND}"
        )
