"""Types of parameters that several groups share."""

from typing import Annotated, TypeVar

from pydantic import BeforeValidator, Field

T = TypeVar("T")

Share = Annotated[float, Field(ge=0, le=1)]
"""A part of a whole, or a probability."""

Positive = Annotated[float, Field(gt=0)]
"""A number above 0."""


def without_removed(entries: object) -> object:
    """Entries by name without those that were set to null; anything else as it is."""
    if not isinstance(entries, dict):
        return entries
    return {name: entry for name, entry in entries.items() if entry is not None}


WITHOUT_REMOVED = BeforeValidator(without_removed)
"""Leaves out the entries of a dictionary that are null."""

Removable = Annotated[dict[str, T], WITHOUT_REMOVED]
"""Entries by name; an environment removes one by setting it to null."""
