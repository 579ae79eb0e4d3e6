"""What tables of features remember of how they were made, and the check that it still holds.

Nothing else would tell: features of other labels, of a text that was cut elsewhere, or of another
tokenizer train without an error.
"""

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from ccnlp.errors import ConfigurationError
from ccnlp.examples import CONTEXT
from ccnlp.tasks.base import Task

ENCODED_FOR = b"ccnlp.encoded_for"
"""In the tables' metadata: kind and labels of the task, by which targets are numbers, and how texts
were read and cut."""

ENCODED_BY = b"ccnlp.encoded_by"
"""There, too: the encoder whose tokenizer the ids are of."""

MAX_LENGTH = "max_length_tokens"
ADDED = "num_added_tokens"
"""In the note, where texts are cut to leave room for so many tokens of their culture."""

MEND = "tokenise again: kedro run --pipelines tokenisation"


def note_of(task: Task, *, max_length_tokens: int, num_added_tokens: int) -> bytes:
    """What `ENCODED_FOR` holds of features that were encoded so."""
    note = {**task.encoding_parameters(), MAX_LENGTH: max_length_tokens}
    if num_added_tokens:
        note[ADDED] = num_added_tokens
    return json.dumps(note).encode()


def check_encoded_for(
    features: Mapping[str, pa.Table],
    tasks: Mapping[str, Task],
    *,
    max_length_tokens: int,
    num_added_tokens: int = 0,
) -> None:
    """Checks that texts were encoded as they would be now.

    Raises:
        ConfigurationError: the kind, the labels, the options or the reading of contexts of a task
            has changed since, or how many tokens a text is cut to or becomes longer by.
    """
    for name, table in features.items():
        note = (table.schema.metadata or {}).get(ENCODED_FOR)
        if note is None:
            continue
        note_now = note_of(
            tasks[name], max_length_tokens=max_length_tokens, num_added_tokens=num_added_tokens
        )
        change = _describe_change(name, json.loads(note), json.loads(note_now))
        if change is not None:
            raise ConfigurationError(f"task {name!r} was tokenised {change}; {MEND}")


def _describe_change(task: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
    """How texts were tokenised and how they would be now, in words; `None` where that is equal."""
    if old.get(ADDED, 0) != new.get(ADDED, 0):
        return (
            f"to leave room for {old.get(ADDED, 0)} tokens of culture, and culture.conditioning "
            f"now adds {new.get(ADDED, 0)} (parameters/culture.yml)"
        )
    if old.get(MAX_LENGTH) != new[MAX_LENGTH]:
        return (
            f"with tokenisation.max_length_tokens {old.get(MAX_LENGTH, 'unknown')}, which is "
            f"{new[MAX_LENGTH]} now (parameters/tokenisation.yml)"
        )
    old_context, new_context = old.get(CONTEXT, "none"), new.get(CONTEXT, "none")
    if old_context != new_context:
        return (
            f"with context {old_context}, and tasks.{task}.context is {new_context} now "
            "(parameters/tasks.yml)"
        )
    if old != new:
        listed_options = ", ".join(
            f"{name} {value}" for name, value in old.get("options", {}).items()
        )
        options = f" and the options {listed_options}" if listed_options else ""
        return (
            f"as {old['kind']} with the labels {old['labels']}{options}, and has changed since "
            "(parameters/tasks.yml)"
        )
    return None


def note_encoder(features: Mapping[str, pa.Table], *, encoder: str) -> dict[str, pa.Table]:
    """The tables of features, which remember whose tokenizer their ids are of."""
    return {task: with_note(table, ENCODED_BY, encoder) for task, table in features.items()}


def check_encoder(features: Mapping[str, pa.Table], *, encoder: str) -> None:
    """Checks that ids are those of the encoder's tokenizer, where the tables remember whose.

    Args:
        features: by task.
        encoder: name and revision, as they were noted.

    Raises:
        ConfigurationError: they were made for another encoder, or for another revision of it.
    """
    for task, table in features.items():
        noted_encoder = (table.schema.metadata or {}).get(ENCODED_BY)
        if noted_encoder is not None and noted_encoder.decode() != encoder:
            raise ConfigurationError(
                f"task {task!r} was tokenised for the encoder {noted_encoder.decode()}, and the "
                f"encoder is {encoder} now (parameters/encoder.yml); {MEND}"
            )


def with_note(table: pa.Table, key: bytes, note: str) -> pa.Table:
    """The table with a note in its metadata, beside those that it has."""
    return table.replace_schema_metadata({**(table.schema.metadata or {}), key: note.encode()})
