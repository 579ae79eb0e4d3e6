"""How often a mixture draws each row: what evening out costs in texts that are seen again."""

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ccnlp import progress
from ccnlp.training.batches import PlannedBatch, TaskRows

logger = logging.getLogger(__name__)

MAX_LISTED = 12


def count_repetitions(
    plan: Sequence[Sequence[PlannedBatch]], tasks: Mapping[str, TaskRows]
) -> pd.DataFrame:
    """How often a row of each group is drawn an epoch.

    Args:
        plan: batches of each epoch.
        tasks: what the plan was made of.

    Returns:
        Columns `task`, `group`, `num_rows` and `per_epoch`, the mean over the group's rows; the
        most repeated group of a task first.
    """
    frames = []
    for task, own in tasks.items():
        drawn = [batch.rows for epoch in plan for batch in epoch if batch.task == task]
        draws = np.bincount(np.concatenate([*drawn, np.empty(0, np.int64)]))
        counts = np.pad(draws, (0, int(own.rows.max()) + 1 - len(draws)))[own.rows]
        by_group = pd.Series(counts / len(plan)).groupby(own.groups)
        frame = pd.DataFrame({"num_rows": by_group.size(), "per_epoch": by_group.mean()})
        frame = frame.rename_axis("group").reset_index().assign(task=task)
        frames.append(frame.sort_values("per_epoch", ascending=False, kind="stable"))
    return pd.concat(frames, ignore_index=True)[["task", "group", "num_rows", "per_epoch"]]


def report_repetitions(
    plan: Sequence[Sequence[PlannedBatch]], tasks: Mapping[str, TaskRows]
) -> None:
    """Tells the log, and whoever listens, how often groups are drawn; nothing where all come once.

    A group that is drawn many times over is learnt by heart sooner than it is learnt.
    """
    repetitions = count_repetitions(plan, tasks)
    if np.allclose(repetitions["per_epoch"], 1.0, rtol=0, atol=1e-9):
        return
    for task, own in repetitions.groupby("task"):
        shown = own.head(MAX_LISTED)
        listed = ", ".join(
            f"{row.group} {row.per_epoch:.2f} times ({row.num_rows:,} rows)"
            for row in shown.itertuples()
        )
        more = f", and {len(own) - len(shown)} more groups" if len(own) > len(shown) else ""
        logger.info(f"training: an epoch of {task} draws each row of {listed}{more}")
        never = own.loc[own["per_epoch"] == 0, "group"]
        if len(never):
            logger.warning(
                f"training: the mixture of {task} draws no row of {', '.join(never)}; raise "
                "training.mixture.temperature or the corpus's weight to train on them"
            )
    rows = zip(repetitions["task"], repetitions["group"], repetitions["per_epoch"], strict=True)
    values = {f"training/draws_per_epoch/{task}/{group}": value for task, group, value in rows}
    progress.report(progress.Metrics(values, step=0))
