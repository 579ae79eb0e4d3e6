"""Examples to token ids, in one call a task, as Arrow tables."""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ccnlp.corpora.tokens import join_tokens
from ccnlp.errors import ConfigurationError
from ccnlp.examples import CONTEXT
from ccnlp.tasks.base import WINDOW_OF, Task
from ccnlp.tokenisation.fitting import check_fits, check_has_examples
from ccnlp.tokenisation.notes import ENCODED_FOR, note_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

logger = logging.getLogger(__name__)

IDENTITY_COLUMNS = ("id", "corpus", "split", "language", "culture", "domain", "origin", "weight")
"""What features keep of their example, so that sampling and slices need no join."""

NUM_TOKENS, NUM_CHARACTERS = "num_tokens", "num_characters"
"""Of all that is read of a row, unless the task's features say how much training reads of it."""

LENGTHS = (NUM_TOKENS, "num_tokens_before_truncation")
REPORTED = ("id", "language", *LENGTHS, NUM_CHARACTERS)

ROWS_AT_ONCE = 10_000
"""Rows whose tokens are Python's numbers at one time, of ten times the size of Arrow's."""

MIN_TEXT_TOKENS = 8
"""As `tokenisation.max_length_tokens` at least is."""

TOKEN_IDS = pa.list_(pa.int32())

REFERENCE = "reference"
"""The column with the target in the form of predictions, which validation compares with."""

REFERENCE_PROBABILITIES = "reference_probabilities"
"""The column with the annotators' distribution, of tasks that have one."""

QUOTED = "quoted"
"""The column with the text that predictions are cut out of, of tasks that have one; each distinct
text is kept once."""

PARENT = "parent_id"
"""The column with the example that a round trip comes from, where examples have it."""

NOT_READ_BY_MODELS = frozenset(
    {*IDENTITY_COLUMNS, REFERENCE, REFERENCE_PROBABILITIES, QUOTED, PARENT}
)


def encode_examples(
    examples: pd.DataFrame,
    tasks: Mapping[str, Task],
    tokenizer: "PreTrainedTokenizerBase",
    *,
    max_length_tokens: int,
    num_added_tokens: int = 0,
) -> dict[str, pa.Table]:
    """A table of features for each task that has examples.

    Args:
        examples: columns of `ccnlp.examples.COLUMNS` and of each task, and `context` where corpora
            have one.
        tasks: the tasks by the name that `examples["task"]` holds.
        tokenizer: a fast tokenizer.
        max_length_tokens: tokens a text is cut to, with those that are added.
        num_added_tokens: tokens that culture conditioning will put to each text; lengths count
            them, `input_ids` do not hold them.

    Returns:
        By task, a table with `IDENTITY_COLUMNS`, `reference`, `input_ids` (list of int32),
        `num_tokens`, `num_tokens_before_truncation`, `num_characters` and the task's targets, in
        the order of `examples`: a row an example, or several where the task cuts it into windows.

    Raises:
        ConfigurationError: the model reads fewer tokens than `max_length_tokens`, or those that
            are added leave too few of them, no task has examples, a task can't read its own as it
            is configured now, or is to read contexts and has none.
    """
    _check_length(tokenizer, max_length_tokens, num_added_tokens)
    check_has_examples(examples, tasks)
    tables = {}
    for name, task in tasks.items():
        rows = examples[examples["task"] == name].reset_index(drop=True)
        if len(rows):
            check_fits(task, rows)
            _check_contexts(task, rows)
            rows = task.prepare(rows)
            encode = partial(_encode_rows, task, tokenizer, max_length_tokens, num_added_tokens)
            note = note_of(
                task, max_length_tokens=max_length_tokens, num_added_tokens=num_added_tokens
            )
            tables[name] = _concat_tables(_encode_in_slices(rows, encode), note)
            logger.info("%s: %s texts encoded", name, f"{len(rows):,}")
    return tables


def _check_length(
    tokenizer: "PreTrainedTokenizerBase", max_length_tokens: int, num_added_tokens: int
) -> None:
    """Raises ConfigurationError where the model reads fewer tokens, or a text is left too few."""
    limit = tokenizer.model_max_length
    if max_length_tokens > limit:
        raise ConfigurationError(
            f"tokenisation.max_length_tokens is {max_length_tokens}, but the encoder reads at most "
            f"{limit} tokens (parameters/tokenisation.yml)"
        )
    if max_length_tokens - num_added_tokens < MIN_TEXT_TOKENS:
        raise ConfigurationError(
            f"tokenisation.max_length_tokens is {max_length_tokens}, of which culture conditioning "
            f"takes {num_added_tokens}, and a text needs {MIN_TEXT_TOKENS}; set it higher "
            "(parameters/tokenisation.yml) or tell less (parameters/culture.yml)"
        )


def _check_contexts(task: Task, rows: pd.DataFrame) -> None:
    """Raises ConfigurationError where contexts are to be read and there are none at all."""
    if not task.reads_context:
        return
    num_contexts = int(rows[CONTEXT].notna().sum()) if CONTEXT in rows else 0
    if not num_contexts:
        raise ConfigurationError(
            f"tasks.{task.name}.context is {task.parameters.context}, but none of the "
            f"{len(rows):,} examples has a context (parameters/tasks.yml); name its columns in the "
            "corpus's entry (context, parameters/corpora.yml) and read the corpora again: "
            "kedro run; or set the parameter to none"
        )
    logger.info(
        "%s: %s of %s texts have a context", task.name, f"{num_contexts:,}", f"{len(rows):,}"
    )


def _encode_in_slices(
    rows: pd.DataFrame, encode: Callable[[pd.DataFrame], pa.Table]
) -> list[pa.Table]:
    """The tables of all rows, so many at a time that memory suffices."""
    starts = range(0, len(rows), ROWS_AT_ONCE)
    return [encode(rows[start : start + ROWS_AT_ONCE]) for start in starts]


def _concat_tables(tables: list[pa.Table], note: bytes) -> pa.Table:
    """One table of one chunk; a column without a value in one table has the type of the others."""
    table = pa.concat_tables(tables, promote_options="permissive")
    noted_table = table.replace_schema_metadata({ENCODED_FOR: note})
    return noted_table.unify_dictionaries().combine_chunks()


def _encode_rows(
    task: Task,
    tokenizer: "PreTrainedTokenizerBase",
    max_length_tokens: int,
    num_added_tokens: int,
    rows: pd.DataFrame,
) -> pa.Table:
    max_text_tokens = max_length_tokens - num_added_tokens
    features = task.encode(rows, tokenizer, max_length_tokens=max_text_tokens)
    window_of = features.pop(WINDOW_OF, None)
    kept_columns = _columns_to_keep(task, rows)
    if NUM_CHARACTERS not in features:
        kept_columns = kept_columns.assign(**{NUM_CHARACTERS: _num_characters(task, rows)})
    if window_of is not None:
        kept_columns = kept_columns.iloc[list(window_of)]
    columns = {str(name): pa.array(kept_columns[name]) for name in kept_columns}
    columns |= {
        name: pa.array(values, type=TOKEN_IDS if _holds_token_ids(name) else None)
        for name, values in features.items()
    }
    if NUM_TOKENS not in features:
        id_columns = [column for name, column in columns.items() if _holds_token_ids(name)]
        columns[NUM_TOKENS] = pa.array(
            sum(column.value_lengths().to_numpy() for column in id_columns)
        )
    for name in LENGTHS if num_added_tokens else ():
        columns[name] = pc.add(columns[name], num_added_tokens)
    return pa.table(columns)


def _columns_to_keep(task: Task, rows: pd.DataFrame) -> pd.DataFrame:
    """What features keep of their examples: where they belong, and references."""
    names = [*IDENTITY_COLUMNS, *({PARENT} & set(rows.columns))]
    references = {REFERENCE: task.reference(rows)}
    distributions = task.reference_probabilities(rows)
    if distributions is not None:
        references[REFERENCE_PROBABILITIES] = distributions
    if task.quoted_column is not None:
        references[QUOTED] = rows[task.quoted_column].astype("category")
    return rows[names].assign(**references)


def _num_characters(task: Task, rows: pd.DataFrame) -> pd.Series:
    """Of what the model reads of each row."""
    texts = [
        rows[column].map(join_tokens) if column in task.list_columns else rows[column]
        for column in task.columns_read(rows)
        if column not in task.span_columns
    ]
    lengths = pd.concat([text.str.len() for text in texts], axis=1)
    return lengths.sum(axis=1).astype("int64")


def _holds_token_ids(column: str) -> bool:
    return column == "input_ids" or column.endswith("_input_ids")


def count_tokens(features: Mapping[str, pa.Table], *, special_ids: list[int]) -> pd.DataFrame:
    """The vocabulary in use: `token_id` and `count` over train and validation rows, by token id.

    The special tokens are always in it, so that padding and masks have their rows too.
    """
    counts = pd.Series(0, index=sorted(set(special_ids)), dtype="int64")
    for table in features.values():
        is_seen = table["split"].to_numpy(zero_copy_only=False) != "test"
        for column in filter(_holds_token_ids, table.column_names):
            token_ids = table[column].filter(pa.array(is_seen)).combine_chunks().flatten()
            counts = counts.add(token_ids.to_pandas().value_counts(), fill_value=0)
    counts = counts.sort_index().astype("int64")
    return pd.DataFrame({"token_id": counts.index.astype("int64"), "count": counts.to_numpy()})


def report_tokens(features: Mapping[str, pa.Table]) -> pd.DataFrame:
    """How each language is cut into tokens, a row a task and language.

    Columns: `num_texts`, `tokens_per_text`, `tokens_per_character` (fertility: a language with
    twice the tokens costs twice the time and is truncated sooner), `share_truncated` (0..1; a text
    that is read in several windows is read to its end).
    """
    frames = []
    for task, table in features.items():
        windows = table.select(list(REPORTED)).to_pandas()
        is_cut = windows["num_tokens_before_truncation"] > windows["num_tokens"]
        windows["is_truncated"] = is_cut & ~windows["id"].duplicated(keep=False)
        texts = windows.drop_duplicates("id")
        by_language = texts.groupby("language", observed=True)
        num_tokens = by_language["num_tokens_before_truncation"].sum()
        frames.append(
            pd.DataFrame(
                {
                    "task": task,
                    "num_texts": by_language.size(),
                    "tokens_per_text": by_language["num_tokens_before_truncation"].mean(),
                    "tokens_per_character": num_tokens / by_language["num_characters"].sum(),
                    "share_truncated": by_language["is_truncated"].mean(),
                }
            ).reset_index()
        )
    columns = ["task", "language", "num_texts", "tokens_per_text", "tokens_per_character"]
    return pd.concat(frames, ignore_index=True)[[*columns, "share_truncated"]]
