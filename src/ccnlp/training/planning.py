"""The plan of a training on features, and how much of it is whose."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from ccnlp.errors import ConfigurationError
from ccnlp.training.batches import PlannedBatch, TaskRows, plan_epochs
from ccnlp.training.groups import Rows, group_names
from ccnlp.training.languages import of_languages
from ccnlp.training.parameters import TrainingParameters
from ccnlp.training.preparation import rows_and_partners


def count_batches(
    features: Mapping[str, pa.Table], parameters: TrainingParameters
) -> dict[str, int]:
    """By task, the batches that a training on the features takes, if it does not stop early.

    Raises:
        CorpusError: a task has no train rows.
        ConfigurationError: there are none of a language that is to be trained on, or a task has no
            batch.
    """
    features = of_languages(features, parameters.languages)
    rows, _ = rows_and_partners(features, parameters)
    plan = plan_training(rows_to_draw(features, rows, parameters), parameters)
    counts = Counter(batch.task for epoch in plan for batch in epoch)
    return {task: counts[task] for task in features}


def rows_to_draw(
    features: Mapping[str, pa.Table], rows: Mapping[str, Rows], parameters: TrainingParameters
) -> dict[str, TaskRows]:
    """By task, the training rows as the plan sees them."""
    columns = parameters.mixture.groups
    return {name: _select_rows(features[name], rows[name], columns) for name in rows}


def plan_training(
    tasks: Mapping[str, TaskRows], parameters: TrainingParameters
) -> list[list[PlannedBatch]]:
    """The batches of each epoch.

    Raises:
        ConfigurationError: there is none of some task, whose head would stay as it began.
    """
    plan = plan_epochs(
        tasks,
        num_epochs=parameters.epochs,
        num_batches=parameters.num_batches(len(tasks)),
        mixture=parameters.mixture,
        multitask=parameters.multitask,
        batches=parameters.batches,
        seed=parameters.seed,
    )
    drawn_tasks = {batch.task for epoch in plan for batch in epoch}
    missing = [task for task in tasks if task not in drawn_tasks]
    if missing:
        raise ConfigurationError(
            f"the training has {sum(map(len, plan))} batches, and none of {', '.join(missing)}, "
            "which would learn nothing; raise training.steps or training.multitask.temperature, or "
            "take multitask.batches: mixed (parameters/training.yml)"
        )
    return plan


def _select_rows(table: pa.Table, rows: Rows, columns: Sequence[str]) -> TaskRows:
    groups = group_names(table, columns, parameter="training.mixture.groups")
    return TaskRows(
        rows=rows,
        ids=table["id"].take(rows),
        lengths=table["num_tokens"].to_numpy().astype(np.int64)[rows],
        groups=groups[rows],
        weights=table["weight"].to_numpy().astype(np.float64)[rows],
    )
