"""Nodes of augmentation."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd

from ccnlp.augmentation import back_translation, report, round_trips, selection
from ccnlp.augmentation.parameters import AugmentationParameters
from ccnlp.augmentation.store import TranslationStore
from ccnlp.augmentation.translator import build_translator
from ccnlp.corpora.curation import IngestionParameters
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.models.embedding import embed_texts
from ccnlp.tasks.answers import labels_one_text
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters


def select_rows(
    examples: pd.DataFrame, tasks: TasksParameters, augmentation: AugmentationParameters
) -> pd.DataFrame:
    """The train rows to translate, of tasks that give one label to one text.

    A translated text no longer fits what else a row of other tasks holds, such as the places of
    entities in it.
    """
    task_names = [name for name, task in build_tasks(tasks).items() if labels_one_text(task)]
    return selection.select_rows(examples[examples["task"].isin(task_names)], augmentation)


def translate_round_trips(
    selected: pd.DataFrame, translations: TranslationStore, augmentation: AugmentationParameters
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The selected rows there and back, and what was asked of the engine."""
    translator = build_translator(augmentation.translator)
    return round_trips.translate_round_trips(
        selected, augmentation, translator=translator, store=translations
    )


def score_round_trips(
    translated: pd.DataFrame,
    examples: pd.DataFrame,
    encoder: EncoderCheckpoint,
    augmentation: AugmentationParameters,
) -> pd.DataFrame:
    """The round trips with the scores of every filter."""
    embed = partial(
        embed_texts,
        encoder,
        max_length_tokens=augmentation.embedding_max_length_tokens,
    )
    return back_translation.score_candidates(translated, examples, augmentation, embed=embed)


def filter_round_trips(
    scored: pd.DataFrame,
    examples: pd.DataFrame,
    augmentation: AugmentationParameters,
    ingestion: IngestionParameters,
) -> pd.DataFrame:
    """The round trips with the filters that reject them."""
    return back_translation.filter_candidates(
        scored, examples, augmentation, deduplication=ingestion.deduplication
    )


def build_augmented_examples(filtered: pd.DataFrame, examples: pd.DataFrame) -> pd.DataFrame:
    """The kept round trips as train examples."""
    return back_translation.build_augmented_examples(filtered, examples)


def build_augmentation_report(
    examples: pd.DataFrame,
    filtered: pd.DataFrame,
    counts: pd.DataFrame,
    augmentation: AugmentationParameters,
) -> tuple[Mapping[str, Any], pd.DataFrame, pd.DataFrame]:
    """Totals, counts by language and route, and pairs side by side."""
    table = report.count_round_trips(examples, filtered, augmentation)
    summary = report.summarise(table, counts, augmentation)
    return summary, table, report.sample_pairs(filtered, augmentation)


def skip_augmentation(
    examples: pd.DataFrame,
) -> tuple[pd.DataFrame, Mapping[str, Any], pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """No augmented examples, and reports that say so in place of those of an earlier run."""
    counts = pd.DataFrame(columns=round_trips.COUNT_COLUMNS)
    return examples.iloc[:0], {"is_enabled": False}, *report.empty_tables(), counts
