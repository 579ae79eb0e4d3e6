"""The systems that are judged side by side."""

from collections.abc import Iterable

SYSTEMS: dict[str, str] = {
    "majority": "Majority",
    "tfidf": "TF-IDF",
    "probe": "Frozen encoder",
    "champion": "Current champion",
    "finetuned": "Fine-tuned",
}
"""The systems in the order of tables, with the names that people read."""

SHORT_NAMES: dict[str, str] = {
    "majority": "majority",
    "tfidf": "TF-IDF",
    "probe": "frozen encoder",
    "champion": "champion",
    "finetuned": "fine-tuned",
}
"""The names in the heads of narrow columns."""

SYSTEM_COLOURS: dict[str, str] = {
    "majority": "#b9b3a4",
    "tfidf": "#e0913f",
    "probe": "#67a6c6",
    "champion": "#8067ad",
    "finetuned": "#14507d",
}
"""The systems' colours, the same in every picture."""

LEADING = ("finetuned", "champion", "probe", "tfidf", "majority")
"""Which system a picture of a single system shows: the first of these that predicted."""


def in_order(systems: Iterable[str]) -> list[str]:
    """Each system once, in the order of `SYSTEMS`."""
    present = set(systems)
    return [system for system in SYSTEMS if system in present]


def leading_system(systems: Iterable[str]) -> str:
    """The system that a picture of a single one shows.

    Raises:
        ValueError: none of the systems is known.
    """
    present = set(systems)
    for system in LEADING:
        if system in present:
            return system
    raise ValueError(f"none of {sorted(present)} is a system; known are {list(SYSTEMS)}")
