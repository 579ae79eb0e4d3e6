"""The table that a run ends with."""

import math
from collections.abc import Sequence

import pandas as pd

from ccnlp.evaluation.naming import metric_name_of
from ccnlp.evaluation.scores import lookup
from ccnlp.evaluation.slices import ALL, LANGUAGE_AVERAGE
from ccnlp.evaluation.summary import (
    Estimate,
    GroupRow,
    group_rows,
    headline_name,
    kind_metrics,
    language_rows,
)
from ccnlp.evaluation.systems import SHORT_NAMES, SYSTEMS, in_order
from ccnlp.metrics import DISTRIBUTION_SIMILARITY

NAME_WIDTH, COUNT_WIDTH, CELL_WIDTH = 20, 8, 13
HEADINGS = {"language": "by language", "language_culture": "by language and culture"}


def scores_table(scores: pd.DataFrame, *, task: str | None = None) -> str:
    """Headline metrics on test with intervals, in percent: a row a group, a column a system.

    Where annotators gave distributions, a row below tells how near the systems come to them. At
    most 93 characters wide with all five systems. Of all tasks where `task` is not given.
    """
    tasks = [task] if task is not None else [str(name) for name in scores["task"].unique()]
    return "\n\n".join(_task_table(scores, name) for name in tasks)


def _task_table(scores: pd.DataFrame, task: str) -> str:
    overall = group_rows(scores, ALL, task=task)
    if not overall:
        return f"{task}: no scores on test"
    systems = in_order(system for row in overall for system in row.cells)
    baseline = str(lookup(scores, task=task)["baseline"].iloc[0])
    lines = [
        f"{task}: {headline_name(scores, task)} on test, in percent, with its interval",
        _line("", "n", [SHORT_NAMES[system] for system in systems]),
        *(_group_line(_overall_name(row.key), row, systems) for row in overall),
    ]
    for corpus in _corpora(scores, task):
        rows = group_rows(scores, ALL, task=task, corpus=corpus)
        lines += [_group_line(corpus, row, systems) for row in rows if row.key == ALL]
    has_small = False
    for slice_name, rows in language_rows(scores, task=task).items():
        lines += ["", HEADINGS[slice_name], *(_group_line(row.key, row, systems) for row in rows)]
        has_small = has_small or any(row.is_small for row in rows)
    if has_small:
        lines.append("* few rows: read the interval, not the score")
    lines += _more_metrics(scores, task, systems)
    similar = group_rows(scores, ALL, metric=DISTRIBUTION_SIMILARITY, task=task)
    if similar:
        lines += ["", "distribution similarity: 100 less the distance to the annotators' labels"]
        lines += [_group_line(_overall_name(row.key), row, systems) for row in similar]
    if "finetuned" in systems and baseline not in ("", "finetuned"):
        gain = overall[0].cells["finetuned"].difference
        lines += ["", f"fine-tuned minus {SYSTEMS[baseline]}, all rows: {gain.signed}"]
        nearer = [row.cells["finetuned"].difference.signed for row in similar]
        lines += [f"likewise in distribution similarity: {difference}" for difference in nearer]
    return "\n".join(lines)


def _more_metrics(scores: pd.DataFrame, task: str, systems: Sequence[str]) -> list[str]:
    """All rows in the task's own metrics beside the headline."""
    lines = []
    for metric in kind_metrics(scores, task):
        rows = group_rows(scores, ALL, metric=metric, task=task)
        lines += [
            _group_line(metric_name_of(metric), row, systems) for row in rows if row.key == ALL
        ]
    return ["", "all rows, in other metrics", *lines] if lines else []


def _corpora(scores: pd.DataFrame, task: str) -> list[str]:
    corpora = scores.loc[scores["task"] == task, "corpus"].unique()
    return [str(corpus) for corpus in corpora if corpus != ALL] if len(corpora) > 1 else []


def _overall_name(key: str) -> str:
    return "mean over languages" if key == LANGUAGE_AVERAGE else "all rows"


def _group_line(name: str, row: GroupRow, systems: Sequence[str]) -> str:
    cells = [_cell(row.cells[system].score) if system in row.cells else "–" for system in systems]
    return _line(name, f"{row.n:,}{'*' if row.is_small else ' '}", cells)


def _line(name: str, count: str, cells: Sequence[str]) -> str:
    if len(name) > NAME_WIDTH:
        name = name[: NAME_WIDTH - 1] + "…"
    text = f"{name:<{NAME_WIDTH}}{count:>{COUNT_WIDTH}}"
    return (text + "".join(f"{cell:^{CELL_WIDTH}}" for cell in cells)).rstrip()


def _cell(score: Estimate) -> str:
    if math.isnan(score.value):
        return "–"
    interval = f"{score.low:>2.0f}–{score.high:<3.0f}" if score.has_interval else " " * 6
    return f"{score.value:>5.1f} {interval}"
