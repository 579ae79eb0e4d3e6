"""Slices of the predictions: which group each row falls into."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.errors import ConfigurationError
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.examples import groups_by_columns

ALL = "all"
"""The slice of all rows, and its group; of the corpora of a task, all together."""
LABEL = "label"
"""The slice whose groups are the labels: the rows that have each as their reference."""
LANGUAGE_AVERAGE = "language_average"
"""The group of the slice `all` whose scores are the mean over the languages."""


def slices_of(rows: pd.DataFrame, parameters: EvaluationParameters) -> dict[str, pd.Series]:
    """By slice, the group of each row: the slices of columns, then that of the texts' lengths.

    Raises:
        ConfigurationError: a slice has too many groups, or a column that the rows lack.
    """
    check_slices(rows, parameters)
    slices = {name: groups_by_columns(rows, columns) for name, columns in parameters.slices.items()}
    return {**slices, "length": groups_by_length(rows["num_characters"], parameters.length_bins)}


def check_slices(rows: pd.DataFrame, parameters: EvaluationParameters) -> None:
    """Checks that the rows have the slices' columns, and these not too many groups.

    Raises:
        ConfigurationError: says which slice and column, how many groups, and how to mend it.
    """
    for name, columns in parameters.slices.items():
        for column in columns:
            if column not in rows:
                raise ConfigurationError(
                    f"evaluation.slices.{name} is made of the column {column!r}, which the rows "
                    "lack; evaluate again: kedro run --pipelines evaluation"
                )
        num_groups = len(rows[list(columns)].drop_duplicates())
        if num_groups > parameters.max_groups:
            num_values = {column: rows[column].nunique(dropna=False) for column in columns}
            largest = max(num_values, key=lambda column: num_values[column])
            raise ConfigurationError(
                f"evaluation.slices.{name} has {num_groups:,} groups, {num_values[largest]:,} of "
                f"them by the column {largest!r}; at most {parameters.max_groups:,} are scored "
                f"(evaluation.max_groups). Set {name}: null to drop the slice, or bin the column's "
                "values in the corpus before they are read (parameters/evaluation.yml)"
            )


def groups_by_length(num_characters: pd.Series, bins: Sequence[int]) -> pd.Series:
    """The group of each row by its text's length, such as `41–80`; ordered from short to long.

    Args:
        num_characters: length of each text.
        bins: upper ends of the groups, rising; longer texts are one more group.
    """
    names = [f"1–{bins[0]}", *(f"{low + 1}–{high}" for low, high in pairwise(bins))]
    names.append(f"over {bins[-1]}")
    bin_indices = np.searchsorted(np.asarray(bins), num_characters.to_numpy(), side="left")
    groups = pd.Categorical(np.asarray(names)[bin_indices], categories=names, ordered=True)
    return pd.Series(groups, index=num_characters.index)


def members(groups: pd.Series) -> Iterator[tuple[str, npt.NDArray[np.intp]]]:
    """Each group that occurs, in order, with the positions of its rows."""
    codes, names = pd.factorize(groups, sort=True)
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(names)))
    starts = np.append(0, ends)  # of no group, too, where there are no rows
    for name, start, end in zip(names, starts, ends, strict=False):
        yield str(name), order[start:end]
