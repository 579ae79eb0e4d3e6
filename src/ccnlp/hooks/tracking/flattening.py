"""Nested values as the flat names and short texts that MLflow takes."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

MAX_KEY_LENGTH = 250
MAX_VALUE_LENGTH = 6000
ILLEGAL = re.compile(r"[^\w\-./ ]")


def legal_name(name: str) -> str:
    """The name with what MLflow refuses replaced, cut to its limit.

    >>> legal_name("seconds/draw (all)")
    'seconds/draw _all_'
    """
    return ILLEGAL.sub("_", name)[:MAX_KEY_LENGTH]


def flatten(prefix: str, value: Any) -> dict[str, str]:
    """The leaves of a parameter by dotted name; typed values as plain ones.

    >>> flatten("training", {"epochs": 3, "freeze": {"embeddings": False}, "betas": [0.9, 0.98]})
    {'training.epochs': '3', 'training.freeze.embeddings': 'false', 'training.betas': '[0.9, 0.98]'}
    """
    return {name: _as_text(leaf) for name, leaf in _leaves(prefix, as_plain(value))}


def as_plain(value: Any) -> Any:
    """The value as JSON can hold it."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(key): as_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def shorten(text: str, limit: int = MAX_VALUE_LENGTH) -> str:
    """The text, cut to a limit with a mark that says so."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(f"{name}.{key}", item)
    else:
        yield name, value


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
