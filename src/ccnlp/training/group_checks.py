"""Whether there are languages to train on and groups to weigh, told before anything is trained."""

from collections.abc import Mapping

import pandas as pd

from ccnlp.examples import groups_by_columns
from ccnlp.tasks.base import Task
from ccnlp.training.languages import check_languages
from ccnlp.training.objective import OBJECTIVES, check_several
from ccnlp.training.parameters import TrainingParameters
from ccnlp.training.worst_group import check_large_enough

MADE_BY_AUGMENTATION = "origin"
"""Round trips have their own; the groups of all other columns are those of the examples."""


def check_groups(
    examples: pd.DataFrame, tasks: Mapping[str, Task], parameters: TrainingParameters
) -> None:
    """Checks on the examples what training needs of languages and groups.

    Training checks it again on what it draws: round trips may make groups, and few steps may leave
    some out.

    Raises:
        ConfigurationError: there are no train rows of a language that is to be trained on, or the
            objective weighs groups and the train rows of each task are one, or a task is judged by
            its worst group and none has enough validation rows.
    """
    trained_tasks = [name for name in tasks if name not in parameters.kept_tasks]
    check_languages(examples, trained_tasks, parameters.languages)
    if parameters.languages is not None:
        examples = examples[examples["language"].isin(parameters.languages)]
    task_examples = {name: examples[examples["task"] == name] for name in trained_tasks}
    task_examples = {name: rows for name, rows in task_examples.items() if len(rows)}
    columns = parameters.objective.groups
    looks_at_groups = OBJECTIVES.get(parameters.objective.name).looks_at_groups
    if looks_at_groups and MADE_BY_AUGMENTATION not in columns:
        groups = {
            name: tuple(groups_by_columns(rows[rows["split"] == "train"], columns).unique())
            for name, rows in task_examples.items()
        }
        check_several(groups, parameters.objective)
    if parameters.validation.select_by == "worst_group":
        for name, rows in task_examples.items():
            validation_rows = rows[rows["split"] == "validation"]
            references = pd.DataFrame({"reference": tasks[name].reference(validation_rows)})
            is_counted = tasks[name].counts_in_score(references).astype(bool)
            sizes = groups_by_columns(validation_rows[is_counted], columns).value_counts()
            check_large_enough(sizes, task=name, parameters=parameters)
