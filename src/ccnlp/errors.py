"""The errors that a user can mend, and the hint that a misspelt name deserves."""

from collections.abc import Iterable
from difflib import get_close_matches
from unicodedata import normalize

MAX_LISTED = 12


class CcnlpError(Exception):
    """Something a user can mend: the message says what is wrong, where, and how to mend it."""


class ConfigurationError(CcnlpError):
    """A parameter, catalog entry or environment variable is missing or not allowed."""


class CorpusError(CcnlpError):
    """A corpus as a whole cannot be read; single bad rows go to quarantine instead."""


class ModelSourceError(CcnlpError):
    """A pretrained or registered model cannot be had or is broken."""


class TranslationError(CcnlpError):
    """A translator is missing, failed, or broke the alignment of rows."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The clause that names the nearest known name, or lists them all when none is near.

    >>> did_you_mean("delimted", ["delimited", "parquet"])
    "did you mean 'delimited'?"
    >>> did_you_mean("x", ["delimited", "parquet"])
    "known are 'delimited', 'parquet'"
    >>> did_you_mean("NEUTRAL", ["neutral", "positive"])
    "did you mean 'neutral'?"

    Names that look the same, as they differ in their Unicode normal form alone, are told by code
    points.
    """
    names = sorted(known)
    by_lower = {known_name.lower(): known_name for known_name in names}
    near = get_close_matches(name, names, n=1)
    near = near or [by_lower[lower] for lower in get_close_matches(name.lower(), by_lower, n=1)]
    if near and normalize("NFC", near[0]) == normalize("NFC", name):
        return f"did you mean {near[0]!a} instead of {name!a}?"
    if near:
        return f"did you mean {near[0]!r}?"
    if not names:
        return "none is known"
    return f"known are {listed(names)}"


def listed(names: Iterable[str]) -> str:
    """The names in quotes, and how many more there are where they are many.

    >>> listed(["text", "label"])
    "'text', 'label'"
    """
    all_names = list(names)
    more = f" and {len(all_names) - MAX_LISTED} more" if len(all_names) > MAX_LISTED else ""
    return f"{', '.join(map(repr, all_names[:MAX_LISTED]))}{more}"
