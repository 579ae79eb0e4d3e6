"""From scored round trips to augmented examples: reject, with the reason on every row."""

from typing import Any

import pandas as pd

from ccnlp.augmentation.filtering import (
    Embed,
    FilterContext,
    rejections,
    remembering,
    score_round_trips,
)
from ccnlp.augmentation.parameters import AugmentationParameters
from ccnlp.augmentation.selection import LABEL, TEXT
from ccnlp.corpora.deduplication import JUDGE_COLUMNS, DeduplicationParameters
from ccnlp.corpora.leakage import are_held_out
from ccnlp.corpora.similarity import text_key
from ccnlp.examples import CONTEXT

HELD_OUT = "held_out"
"""Rejects a candidate that is, exactly or nearly, the text of a validation or test row."""
DUPLICATE = "duplicate"
"""Rejects a candidate that is a text of train, or an earlier candidate, which the same judged."""

DERIVED_COLUMNS = ("parent_id", "engine", "pivot")
NATIVE_COLUMNS = ["id", "task", "group_id", TEXT, LABEL]


def score_candidates(
    round_trips: pd.DataFrame,
    examples: pd.DataFrame,
    parameters: AugmentationParameters,
    *,
    embed: Embed,
) -> pd.DataFrame:
    """The round trips with a column of scores for each configured filter.

    Args:
        round_trips: as `translate_round_trips` gives them.
        examples: all; native train rows with a label teach the label classifier, the others are not
            looked at.
        parameters: of augmentation.
        embed: texts to vectors of length 1.
    """
    is_native_train = (
        (examples["split"] == "train") & (examples["origin"] == "native") & examples[LABEL].notna()
    )
    train = examples.loc[is_native_train, NATIVE_COLUMNS].reset_index(drop=True)
    context = FilterContext(remembering(embed), train, parameters)
    return score_round_trips(round_trips, context)


def filter_candidates(
    scored: pd.DataFrame,
    examples: pd.DataFrame,
    parameters: AugmentationParameters,
    *,
    deduplication: DeduplicationParameters,
) -> pd.DataFrame:
    """The round trips with `rejected_by`: the filters that reject a row, or missing if it is kept.

    Beside the configured filters, no text may stand twice in the data: a kept candidate is neither
    exactly nor nearly the text of a validation or test row, and not the text of a train row or of
    another kept candidate of its task, language, culture and context. A text that several cultures
    judged, or that stands in several contexts, is an example of each, and so is its round trip.
    What is the same text, and what nearly, is the same as in ingestion.

    Args:
        scored: as `score_candidates` gives them.
        examples: all.
        parameters: of augmentation.
        deduplication: of ingestion; what counts as nearly the same text.
    """
    is_rejected_by = pd.DataFrame(
        {name: rejections(scored, name, band) for name, band in parameters.filters.items()},
        index=scored.index,
    )
    texts = examples[TEXT].dropna().astype(str)
    is_train = examples.loc[texts.index, "split"] == "train"
    is_rejected_by[HELD_OUT] = are_held_out(scored["candidate"], texts[~is_train], deduplication)
    is_passed = ~is_rejected_by.any(axis=1)
    contexts = _contexts(examples)
    candidate_contexts = scored["parent_id"].map(dict(zip(examples["id"], contexts, strict=True)))
    keys = _example_keys(scored, scored["candidate"], candidate_contexts)
    train_index = texts[is_train].index
    train_keys = set(
        _example_keys(examples.loc[train_index], texts[train_index], contexts[train_index])
    )
    is_repeated = keys.where(is_passed).duplicated() & is_passed
    is_rejected_by[DUPLICATE] = keys.isin(train_keys) | is_repeated
    filter_names = is_rejected_by.columns.to_numpy()
    rejected_by = [
        ",".join(filter_names[row]) or None for row in is_rejected_by.to_numpy(dtype=bool)
    ]
    return scored.assign(rejected_by=pd.Series(rejected_by, index=scored.index, dtype="string"))


def _contexts(examples: pd.DataFrame) -> "pd.Series[str]":
    no_context = pd.Series("", index=examples.index, dtype="string")
    return examples.get(CONTEXT, no_context).fillna("")


def _example_keys(
    rows: pd.DataFrame, texts: "pd.Series[str]", contexts: "pd.Series[str]"
) -> "pd.Series[Any]":
    """What no two rows of train share: task, whose judgement it is, the text and its context."""
    key_columns = (rows[column] for column in ("task", *JUDGE_COLUMNS))
    keys = zip(*key_columns, texts.map(text_key), contexts, strict=True)
    return pd.Series(list(keys), index=rows.index, dtype="object")


def build_augmented_examples(round_trips: pd.DataFrame, examples: pd.DataFrame) -> pd.DataFrame:
    """The kept candidates as train examples, with the columns and types of `examples`.

    Everything is the parent's but text, id, origin, engine and pivot, and the detected language,
    which nobody detected on this text.
    """
    kept = round_trips[round_trips["rejected_by"].isna()]
    parents = examples.set_index("id").loc[kept["parent_id"]].reset_index(names="parent_key")
    augmented = parents.assign(origin="back_translation")
    for column in ("id", *DERIVED_COLUMNS):
        augmented[column] = kept[column].to_numpy()
    augmented[TEXT] = kept["candidate"].to_numpy()
    if "is_language_suspect" in examples:
        augmented["detected_language"] = pd.NA
        augmented["detected_language_score"] = float("nan")
        augmented["is_language_suspect"] = False
    return augmented[list(examples.columns)].astype(_column_types(examples))


def _column_types(examples: pd.DataFrame) -> dict[Any, Any]:
    """The examples' types; a column that is all missing there may hold text here."""
    return {**examples.dtypes.to_dict(), **dict.fromkeys(DERIVED_COLUMNS, "string")}
