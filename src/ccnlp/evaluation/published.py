"""Our scores beside those that others published on the same test rows."""

import pandas as pd

from ccnlp.evaluation.naming import METRIC_NAMES
from ccnlp.evaluation.parameters import PublishedScores
from ccnlp.evaluation.slices import ALL, LANGUAGE_AVERAGE
from ccnlp.evaluation.stages import Table
from ccnlp.evaluation.summary import GroupRow, group_rows
from ccnlp.evaluation.systems import SYSTEMS, in_order

AVERAGE = "average"
"""The key of the mean over the languages in the published numbers."""


def compare_with_published(scores: pd.DataFrame, published: PublishedScores | None) -> Table | None:
    """By language: our systems with their intervals, then the published ones, in percent.

    `None` where nothing is published, or the corpus was not scored.
    """
    if published is None:
        return None
    metric, corpus = published.metric, published.corpus
    languages = group_rows(scores, "language", metric=metric, corpus=corpus)
    overall = group_rows(scores, ALL, metric=metric, corpus=corpus)
    rows = [*languages, *(row for row in overall if row.key == LANGUAGE_AVERAGE)]
    systems = in_order(system for row in rows for system in row.cells)
    if not systems:
        return None
    name = METRIC_NAMES.get(metric, metric)
    return Table(
        title=f"{corpus}: {name} on test in percent, beside {published.source}",
        columns=("language", "n", *(SYSTEMS[system] for system in systems), *published.systems),
        rows=tuple(_row(row, systems, published) for row in rows),
        num_left_out=0,
    )


def benchmark_table(scores: pd.DataFrame, published: PublishedScores | None) -> str:
    """`compare_with_published` as Markdown."""
    table = compare_with_published(scores, published)
    if table is None:
        return "No published scores to compare with (evaluation.published).\n"
    lines = [table.columns, ("---", *("---:" for _ in table.columns[1:])), *table.rows]
    rows = ["| " + " | ".join(cells) + " |" for cells in lines]
    return "\n".join([f"{table.title}.", "", *rows, ""])


def _row(row: GroupRow, systems: list[str], published: PublishedScores) -> tuple[str, ...]:
    is_average = row.key == LANGUAGE_AVERAGE
    key = AVERAGE if is_average else row.key
    our_scores = [
        str(row.cells[system].score) if system in row.cells else "–" for system in systems
    ]
    published_scores = [
        f"{numbers[key]:.1f}" if key in numbers else "–" for numbers in published.systems.values()
    ]
    name = "mean over languages" if is_average else row.name or row.key
    return (name, f"{row.n:,}", *our_scores, *published_scores)
