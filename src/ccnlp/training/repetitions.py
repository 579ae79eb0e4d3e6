"""How often a mixture draws each row: what evening out costs in texts that are seen again."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ccnlp import progress
from ccnlp.training.batches import PlannedBatch, TaskRows

logger = logging.getLogger(__name__)

MAX_LISTED = 12

COLUMNS = ["task", "group", "num_rows", "num_examples", "per_epoch"]

LARGE_SHARE, MANY_TIMES = 0.1, 10
"""Of a task's windows, and beside the row in the middle: from there on a row is told that has so
many of them."""


def count_repetitions(
    plan: Sequence[Sequence[PlannedBatch]], tasks: Mapping[str, TaskRows]
) -> pd.DataFrame:
    """How often a row of each group is drawn an epoch.

    Args:
        plan: batches of each epoch.
        tasks: what the plan was made of.

    Returns:
        Columns `task`, `group`, `num_rows`, `num_examples` and `per_epoch`, the mean over the
        group's rows; the most repeated group of a task first. There are fewer examples than rows
        where these are windows.
    """
    frames = []
    for task, task_rows in tasks.items():
        batches = [batch.rows for epoch in plan for batch in epoch if batch.task == task]
        draws_by_row = np.bincount(np.concatenate([*batches, np.empty(0, np.int64)]))
        num_padded = int(task_rows.rows.max()) + 1 - len(draws_by_row)
        num_draws = np.pad(draws_by_row, (0, num_padded))[task_rows.rows]
        draws_by_group = pd.Series(num_draws / len(plan)).groupby(task_rows.groups)
        num_examples = task_rows.ids.to_pandas().groupby(task_rows.groups).nunique()
        frame = pd.DataFrame(
            {
                "num_rows": draws_by_group.size(),
                "num_examples": num_examples,
                "per_epoch": draws_by_group.mean(),
            }
        )
        frame = frame.rename_axis("group").reset_index().assign(task=task)
        frames.append(frame.sort_values("per_epoch", ascending=False, kind="stable"))
    return pd.concat(frames, ignore_index=True)[COLUMNS]


def report_repetitions(
    plan: Sequence[Sequence[PlannedBatch]], tasks: Mapping[str, TaskRows]
) -> None:
    """Tells the log, and whoever listens, how often groups are drawn; nothing where all come once.

    A group that is drawn many times over is learnt by heart sooner than it is learnt.
    """
    repetitions = count_repetitions(plan, tasks)
    if np.allclose(repetitions["per_epoch"], 1.0, rtol=0, atol=1e-9):
        return
    for task, groups in repetitions.groupby("task"):
        shown = groups.head(MAX_LISTED)
        is_windowed = groups["num_rows"].sum() > groups["num_examples"].sum()
        listed = ", ".join(
            f"{row.group} {row.per_epoch:.2f} times ({_size(row, is_windowed)})"
            for row in shown.itertuples()
        )
        more = f", and {len(groups) - len(shown)} more groups" if len(groups) > len(shown) else ""
        unit = "window" if is_windowed else "row"
        logger.info(f"training: an epoch of {task} draws each {unit} of {listed}{more}")
        never_drawn = groups.loc[groups["per_epoch"] == 0, "group"]
        if len(never_drawn):
            logger.warning(
                f"training: the mixture of {task} draws no row of {', '.join(never_drawn)}; raise "
                "training.mixture.temperature or the corpus's weight to train on them"
            )
    rows = zip(repetitions["task"], repetitions["group"], repetitions["per_epoch"], strict=True)
    values = {f"training/draws_per_epoch/{task}/{group}": value for task, group, value in rows}
    progress.report(progress.Metrics(values, step=0))


def _size(group: Any, is_windowed: bool) -> str:
    if is_windowed:
        return f"{group.num_rows:,} windows of {group.num_examples:,} rows"
    return f"{group.num_rows:,} rows"


def warn_of_long_rows(tasks: Mapping[str, TaskRows]) -> None:
    """Warns of the row of each task that has a large share of its windows.

    Windows are drawn alike, so that such a row is most of what the task learns from.
    """
    for task, task_rows in tasks.items():
        num_windows = task_rows.ids.to_pandas().value_counts()
        most, total = int(num_windows.iloc[0]), int(num_windows.sum())
        if most >= LARGE_SHARE * total and most >= MANY_TIMES * num_windows.median():
            logger.warning(
                f"training: {most:,} of the {total:,} windows of {task} are of one row (example "
                f"{num_windows.index[0]}), which weighs {100 * most / total:.0f} % of the task; a "
                "larger tokenisation.max_length_tokens or a shorter text evens it out"
            )
