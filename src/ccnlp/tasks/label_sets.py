"""Checks of the labels that `parameters/tasks.yml` names, and of those that rows have."""

from collections.abc import Sequence
from unicodedata import normalize

import pandas as pd

from ccnlp.errors import ConfigurationError, did_you_mean


def check_labels(labels: Sequence[str], where: str) -> None:
    """Checks that there are two or more, each once, and each as cells hold them.

    Args:
        labels: of a task.
        where: begins the message, such as `task 'topic': labels`.

    Raises:
        ConfigurationError: one is empty, has a space at an edge, or is named twice.
    """
    for label in labels:
        if not label or label != label.strip():
            raise ConfigurationError(
                f"{where}: {label!r} is empty, or begins or ends with a space "
                "(parameters/tasks.yml)"
            )
    if len(labels) < 2:
        raise ConfigurationError(
            f"{where} {list(labels)} name fewer than two (parameters/tasks.yml)"
        )
    check_distinct(labels, where)


def check_distinct(labels: Sequence[str], where: str) -> None:
    """Checks that each is named once, in whichever normal form of Unicode.

    Raises:
        ConfigurationError: names the one that is named again.
    """
    seen: dict[str, str] = {}
    for label in labels:
        form = normalize("NFC", label)
        seen_label = seen.get(form)
        if seen_label == label:
            raise ConfigurationError(
                f"{where} {list(labels)} name {label!r} twice (parameters/tasks.yml)"
            )
        if seen_label is not None:
            raise ConfigurationError(
                f"{where}: {seen_label!a} and {label!a} look the same, and differ in their Unicode "
                "normal form alone; name one (parameters/tasks.yml)"
            )
        seen[form] = label


def why_unknown(labels: pd.Series, known: Sequence[str]) -> pd.Series:
    """Of each row why its label can't be used; missing where it is one of `known`."""
    reasons = pd.Series(pd.NA, index=labels.index, dtype="string")
    is_unknown = ~labels.isin(known)
    unknown = labels[is_unknown]
    reason_by_label = {label: unknown_label(label, known) for label in unknown.unique()}
    reasons[is_unknown] = unknown.map(reason_by_label)
    return reasons


def unknown_label(label: object, known: Sequence[str]) -> str:
    """What is said of a label that is none of `known`, with the near one where there is one."""
    suggestion = did_you_mean(str(label), known)
    hint = f"; {suggestion} (label_map)" if suggestion.startswith("did") else ""
    return f"label {label!r} is not one of {', '.join(map(repr, known))}{hint}"
