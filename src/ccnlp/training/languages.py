"""Training on some languages, so that what a model does in the others is zero-shot transfer.

Weights, thresholds and when to stop are chosen on validation rows of the same languages: with a say
of the others they would have been seen.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ccnlp.errors import ConfigurationError, did_you_mean
from ccnlp.tokenisation.encoding import count_tokens

if TYPE_CHECKING:
    import pyarrow as pa


PARAMETER = "training.languages"


def check_languages(
    examples: pd.DataFrame,
    tasks: Collection[str],
    languages: Sequence[str] | None,
    *,
    parameter: str = PARAMETER,
) -> None:
    """Checks on the examples that each task can be trained on the languages.

    Args:
        examples: of all splits.
        tasks: names of those that are trained where they have examples.
        languages: that are to be trained on; `None` trains on all.
        parameter: that names them.

    Raises:
        ConfigurationError: a language has no train rows, or a task none in any of them.
    """
    if languages is not None:
        _check_train_languages(_train_languages_by_task(examples, tasks), languages, parameter)


def trained_languages(examples: pd.DataFrame, tasks: Collection[str]) -> list[str]:
    """The languages that have train rows of the tasks, sorted."""
    return sorted(set[str]().union(*_train_languages_by_task(examples, tasks).values()))


def of_languages(
    features: "Mapping[str, pa.Table]", languages: Sequence[str] | None
) -> "dict[str, pa.Table]":
    """The features of the languages, in every split; of all where `languages` is `None`.

    Raises:
        ConfigurationError: a language has no train rows, or a task none in any of them.
    """
    if languages is None:
        return dict(features)
    task_rows = {
        name: table.select(["split", "language"]).to_pandas() for name, table in features.items()
    }
    _check_train_languages(
        {name: _train_languages(rows) for name, rows in task_rows.items()},
        languages,
        PARAMETER,
    )
    return {
        name: table.filter(task_rows[name]["language"].isin(languages).to_numpy(dtype=bool))
        for name, table in features.items()
    }


def tokens_of(
    features: "Mapping[str, pa.Table]", *, special_ids: list[int]
) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """The token ids that occur in train and validation rows, sorted, with the special ones."""
    counts = count_tokens(features, special_ids=special_ids)
    return counts["token_id"].to_numpy().astype(np.int64)


def _train_languages_by_task(examples: pd.DataFrame, tasks: Collection[str]) -> dict[str, set[str]]:
    """The languages with train rows, of the tasks that have examples."""
    task_examples = {
        name: examples.loc[examples["task"] == name, ["split", "language"]] for name in tasks
    }
    return {name: _train_languages(rows) for name, rows in task_examples.items() if len(rows)}


def _train_languages(rows: pd.DataFrame) -> set[str]:
    return set(rows.loc[rows["split"] == "train", "language"].astype(str))


def _check_train_languages(
    train_languages: Mapping[str, set[str]], languages: Sequence[str], parameter: str
) -> None:
    known_languages = set[str]().union(*train_languages.values())
    file_hint = f"(parameters/{parameter.split('.', maxsplit=1)[0]}.yml)"
    for language in languages:
        if language not in known_languages:
            raise ConfigurationError(
                f"{parameter} names {language!r}, of which there are no train rows; "
                f"{did_you_mean(language, sorted(known_languages))} {file_hint}"
            )
    for task, task_languages in train_languages.items():
        if task_languages.isdisjoint(languages):
            raise ConfigurationError(
                f"{parameter} names {', '.join(languages)}, and task {task!r} has no train rows of "
                f"them, but of {', '.join(sorted(task_languages)) or 'no language'} {file_hint}"
            )
