"""Examples to token ids, in one call a task, as Arrow tables."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from ccnlp.errors import ConfigurationError
from ccnlp.tasks.base import Task

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

logger = logging.getLogger(__name__)

IDENTITY_COLUMNS = ("id", "corpus", "split", "language", "culture", "domain", "origin", "weight")
"""What features keep of their example, so that sampling and slices need no join."""


def encode_examples(
    examples: pd.DataFrame,
    tasks: Mapping[str, Task],
    tokenizer: "PreTrainedTokenizerBase",
    *,
    max_length_tokens: int,
) -> dict[str, pa.Table]:
    """A table of features for each task that has examples.

    Args:
        examples: columns of `ccnlp.examples.COLUMNS` and of each task.
        tasks: the tasks by the name that `examples["task"]` holds.
        tokenizer: a fast tokenizer.
        max_length_tokens: tokens a text is cut to.

    Returns:
        By task, a table with `IDENTITY_COLUMNS`, `input_ids` (list of int32), `num_tokens`,
        `num_tokens_before_truncation`, `num_characters` and the task's targets, rows in the order
        of `examples`.

    Raises:
        ConfigurationError: the model reads fewer tokens than `max_length_tokens`.
    """
    limit = tokenizer.model_max_length
    if max_length_tokens > limit:
        raise ConfigurationError(
            f"tokenisation.max_length_tokens is {max_length_tokens}, but the encoder reads at most "
            f"{limit} tokens (parameters/tokenisation.yml)"
        )
    tables = {}
    for name, task in tasks.items():
        rows = examples[examples["task"] == name].reset_index(drop=True)
        if len(rows):
            tables[name] = _encode(rows, task, tokenizer, max_length_tokens)
            logger.info("%s: %s texts encoded", name, f"{len(rows):,}")
    return tables


def _encode(
    rows: pd.DataFrame,
    task: Task,
    tokenizer: "PreTrainedTokenizerBase",
    max_length_tokens: int,
) -> pa.Table:
    features = task.encode(rows, tokenizer, max_length_tokens=max_length_tokens)
    columns = {name: pa.array(rows[name]) for name in IDENTITY_COLUMNS}
    columns |= {name: pa.array(values) for name, values in features.items() if name != "input_ids"}
    input_ids = pa.array(features["input_ids"], type=pa.list_(pa.int32()))
    columns["input_ids"] = input_ids
    columns["num_tokens"] = input_ids.value_lengths()
    columns["num_characters"] = pa.array(
        pd.concat([rows[column].str.len() for column in task.input_columns], axis=1).sum(axis=1),
        type=pa.int64(),
    )
    return pa.table(columns)


def count_tokens(features: Mapping[str, pa.Table], *, special_ids: list[int]) -> pd.DataFrame:
    """The vocabulary in use: `token_id` and `count` over train and validation rows, by token id.

    The special tokens are always in it, so that padding and masks have their rows too.
    """
    counts = pd.Series(0, index=sorted(set(special_ids)), dtype="int64")
    for table in features.values():
        frame = table.select(["split", "input_ids"]).to_pandas()
        ids = frame.loc[frame["split"] != "test", "input_ids"].explode()
        counts = counts.add(ids.dropna().astype("int64").value_counts(), fill_value=0)
    counts = counts.sort_index().astype("int64")
    return pd.DataFrame({"token_id": counts.index.astype("int64"), "count": counts.to_numpy()})


def report_tokens(features: Mapping[str, pa.Table]) -> pd.DataFrame:
    """How each language is cut into tokens, a row a task and language.

    Columns: `num_texts`, `tokens_per_text`, `tokens_per_character` (fertility: a language with
    twice the tokens costs twice the time and is truncated sooner), `share_truncated` (0..1).
    """
    frames = []
    for task, table in features.items():
        frame = table.drop_columns(["input_ids"]).to_pandas()
        frame["is_truncated"] = frame["num_tokens_before_truncation"] > frame["num_tokens"]
        by_language = frame.groupby("language", observed=True)
        tokens = by_language["num_tokens_before_truncation"].sum()
        frames.append(
            pd.DataFrame(
                {
                    "task": task,
                    "num_texts": by_language.size(),
                    "tokens_per_text": by_language["num_tokens_before_truncation"].mean(),
                    "tokens_per_character": tokens / by_language["num_characters"].sum(),
                    "share_truncated": by_language["is_truncated"].mean(),
                }
            ).reset_index()
        )
    columns = ["task", "language", "num_texts", "tokens_per_text", "tokens_per_character"]
    return pd.concat(frames, ignore_index=True)[[*columns, "share_truncated"]]
