"""Nodes of ingestion.

Corpora come and go as callables, each called when its table is saved, so that one corpus is in
memory at a time.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from ccnlp.agreement.plots import draw_alphas, draw_disagreement
from ccnlp.atlas import attributes
from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.corpora import acceptance, agreement, curation, plots, report, selection
from ccnlp.corpora.agreement import CorporaAgreement
from ccnlp.corpora.curation import IngestionParameters, for_each, with_columns
from ccnlp.corpora.entry import CorporaParameters
from ccnlp.corpora.readable_task import check_contexts, other_columns
from ccnlp.corpora.reading import read_corpus
from ccnlp.corpora.report import CorpusSummary
from ccnlp.evaluation.views import with_views
from ccnlp.models import checkpoint
from ccnlp.models.checkpoint import EncoderCheckpoint, EncoderParameters
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

Corpora = dict[str, Callable[..., pd.DataFrame]]


def resolve_encoder(encoder: EncoderParameters, pretrained: Path) -> EncoderCheckpoint:
    """The encoder's local checkpoint."""
    return checkpoint.resolve_encoder(encoder, cache_folder=pretrained)


def curate_corpora(
    corpora: CorporaParameters,
    tasks: TasksParameters,
    ingestion: IngestionParameters,
    raw_folder: Path,
) -> Corpora:
    """Every corpus read, cleaned, deduplicated and split; all entries are checked before."""
    built_tasks = build_tasks(tasks)
    entries = corpora.entries()
    readers = {
        name: partial(read_corpus, name, entry, raw_folder=raw_folder, tasks=built_tasks)
        for name, entry in entries.items()
    }
    for reader in readers.values():
        reader()  # checks the entry and finds its files, and reads no row
    check_contexts(entries, built_tasks)
    return {
        name: partial(
            _curate,
            name,
            readers[name],
            task=built_tasks[entry.task],
            ratios=entry.ratios,
            parameters=ingestion,
            unit=entry.annotations.unit if entry.annotations else None,
        )
        for name, entry in entries.items()
    }


def _curate(name: str, read: Callable[[], Iterator[pd.DataFrame]], **settings: Any) -> pd.DataFrame:
    return curation.curate_corpus(name, read(), **settings)


def find_held_out_texts(
    curated: Corpora, tasks: TasksParameters, ingestion: IngestionParameters
) -> Corpora:
    """The texts of validation and test, by corpus."""
    find = partial(
        curation.find_held_out_texts, tasks=build_tasks(tasks), parameters=ingestion.deduplication
    )
    return for_each(curated, find)


def clear_held_out_texts(held_out: Corpora, ingestion: IngestionParameters) -> Corpora:
    """The same without those of validation that stand in test, and leave with it."""
    clear = partial(
        curation.clear_held_out_texts, held_out=held_out, parameters=ingestion.deduplication
    )
    return for_each(held_out, clear)


def remove_leaks(
    curated: Corpora, held_out: Corpora, tasks: TasksParameters, ingestion: IngestionParameters
) -> Corpora:
    """The corpora with rows of train rejected whose text stands in validation or test."""
    keep_out = partial(
        curation.keep_out,
        held_out=held_out,
        tasks=build_tasks(tasks),
        parameters=ingestion.deduplication,
    )
    return for_each(curated, keep_out)


def summarise_corpora(checked: Corpora, tasks: TasksParameters) -> CorpusSummary:
    """Counts, reasons, conflicts and fingerprints."""
    built_tasks = build_tasks(tasks)
    task_columns = {column for task in built_tasks.values() for column in other_columns(task)}
    return report.summarise(with_columns(checked, report.NEEDED | task_columns), built_tasks)


def check_corpora(
    checked: Corpora,
    row_counts: pd.DataFrame,
    ingestion_report: dict[str, Any],
    tasks: TasksParameters,
) -> Corpora:
    """The corpora, if every task can be learnt from them; the report on them is there by then."""
    acceptance.check_corpora(row_counts, ingestion_report, build_tasks(tasks))
    return checked


def select_examples(accepted: Corpora, tasks: TasksParameters) -> Corpora:
    """The kept rows, by corpus."""
    return for_each(accepted, partial(selection.select_examples, tasks=build_tasks(tasks)))


def select_rejected_examples(checked: Corpora, tasks: TasksParameters) -> Corpora:
    """The quarantine: the rejected rows with their reasons, by corpus."""
    return for_each(checked, partial(selection.select_rejected, tasks=build_tasks(tasks)))


def select_annotations(accepted: Corpora) -> Corpora:
    """The single annotations of the kept rows, of the corpora that have some."""
    annotated = {name: load for name, load in accepted.items() if selection.is_annotated(load)}
    return for_each(annotated, selection.select_annotations)


def measure_agreement(
    accepted: Corpora, tasks: TasksParameters, ingestion: IngestionParameters
) -> CorporaAgreement:
    """How far annotators agree, within their culture and between cultures."""
    built_tasks = build_tasks(tasks)
    inputs = {column for task in built_tasks.values() for column in task.input_columns}
    needed = with_columns(accepted, agreement.NEEDED | inputs)
    return agreement.measure_agreement(needed, built_tasks, ingestion.agreement)


def draw_agreement(agreement_table: pd.DataFrame) -> tuple[Any, Any]:
    """Plots of the cultures' disagreement, and of Krippendorff's alpha."""
    rows_by_corpus = {
        str(name): rows for name, rows in agreement_table.groupby("corpus", sort=False)
    }
    return (
        with_views({name: draw_disagreement(rows) for name, rows in rows_by_corpus.items()}),
        with_views({name: draw_alphas(rows) for name, rows in rows_by_corpus.items()}),
    )


def report_ingestion(
    row_counts: pd.DataFrame,
    rejection_counts: pd.DataFrame,
    conflicts: pd.DataFrame,
    fingerprints: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    """Counts in, out and rejected."""
    return report.report_ingestion(row_counts, rejection_counts, conflicts, fingerprints)


def describe_cultures(row_counts: pd.DataFrame, culture: CultureParameters) -> pd.DataFrame:
    """The cultures of the examples, with what is known of them."""
    return attributes.describe_cultures(row_counts, culture)


def draw_ingestion(
    row_counts: pd.DataFrame, rejection_counts: pd.DataFrame
) -> tuple[Any, Any, Any]:
    """Plots of languages, cultures and rejections."""
    return (
        plots.draw_languages(row_counts),
        plots.draw_cultures(row_counts),
        plots.draw_rejections(row_counts, rejection_counts),
    )
