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
        same = seen.get(form)
        if same == label:
            raise ConfigurationError(
                f"{where} {list(labels)} name {label!r} twice (parameters/tasks.yml)"
            )
        if same is not None:
            raise ConfigurationError(
                f"{where}: {same!a} and {label!a} look the same, and differ in their Unicode "
                "normal form alone; name one (parameters/tasks.yml)"
            )
        seen[form] = label


def why_unknown(labels: pd.Series, known: Sequence[str]) -> pd.Series:
    """Of each row why its label can't be used; missing where it is one of `known`."""
    reasons = pd.Series(pd.NA, index=labels.index, dtype="string")
    is_unknown = ~labels.isin(known)
    wrong = labels[is_unknown]
    told = {label: unknown_label(label, known) for label in wrong.unique()}
    reasons[is_unknown] = wrong.map(told)
    return reasons


def unknown_label(label: object, known: Sequence[str]) -> str:
    """What is said of a label that is none of `known`, with the near one where there is one."""
    near = did_you_mean(str(label), known)
    hint = f"; {near} (label_map)" if near.startswith("did") else ""
    return f"label {label!r} is not one of {', '.join(map(repr, known))}{hint}"
