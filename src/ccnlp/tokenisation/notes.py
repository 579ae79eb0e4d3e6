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
        noted = (table.schema.metadata or {}).get(ENCODED_FOR)
        if noted is None:
            continue
        now = note_of(
            tasks[name], max_length_tokens=max_length_tokens, num_added_tokens=num_added_tokens
        )
        change = _change(name, json.loads(noted), json.loads(now))
        if change is not None:
            raise ConfigurationError(f"task {name!r} was tokenised {change}; {MEND}")


def _change(task: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
    """How texts were tokenised and how they would be now, in words; `None` where that is equal."""
    if was.get(ADDED, 0) != now.get(ADDED, 0):
        return (
            f"to leave room for {was.get(ADDED, 0)} tokens of culture, and culture.conditioning "
            f"now adds {now.get(ADDED, 0)} (parameters/culture.yml)"
        )
    if was.get(MAX_LENGTH) != now[MAX_LENGTH]:
        return (
            f"with tokenisation.max_length_tokens {was.get(MAX_LENGTH, 'unknown')}, which is "
            f"{now[MAX_LENGTH]} now (parameters/tokenisation.yml)"
        )
    was_read, is_read = was.get(CONTEXT, "none"), now.get(CONTEXT, "none")
    if was_read != is_read:
        return (
            f"with context {was_read}, and tasks.{task}.context is {is_read} now "
            "(parameters/tasks.yml)"
        )
    if was != now:
        own = ", ".join(f"{name} {value}" for name, value in was.get("options", {}).items())
        options = f" and the options {own}" if own else ""
        return (
            f"as {was['kind']} with the labels {was['labels']}{options}, and has changed since "
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
        noted = (table.schema.metadata or {}).get(ENCODED_BY)
        if noted is not None and noted.decode() != encoder:
            raise ConfigurationError(
                f"task {task!r} was tokenised for the encoder {noted.decode()}, and the encoder is "
                f"{encoder} now (parameters/encoder.yml); {MEND}"
            )


def with_note(table: pa.Table, key: bytes, note: str) -> pa.Table:
    """The table with a note in its metadata, beside those that it has."""
    return table.replace_schema_metadata({**(table.schema.metadata or {}), key: note.encode()})
