"""Slices of the predictions: which group each row falls into."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.examples import UNKNOWN


def groups_by_columns(rows: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """The group of each row: its values joined, such as `es-MX`; a missing value is `und`."""
    parts = [rows[column].astype("object").fillna(UNKNOWN).astype(str) for column in columns]
    groups = parts[0]
    for part in parts[1:]:
        groups = groups + "-" + part
    return groups


def groups_by_length(num_characters: pd.Series, bins: Sequence[int]) -> pd.Series:
    """The group of each row by its text's length, such as `41–80`; ordered from short to long.

    Args:
        num_characters: length of each text.
        bins: upper ends of the groups, rising; longer texts are one more group.
    """
    names = [f"1–{bins[0]}", *(f"{low + 1}–{high}" for low, high in pairwise(bins))]
    names.append(f"over {bins[-1]}")
    places = np.searchsorted(np.asarray(bins), num_characters.to_numpy(), side="left")
    lengths = pd.Categorical(np.asarray(names)[places], categories=names, ordered=True)
    return pd.Series(lengths, index=num_characters.index)


def members(groups: pd.Series) -> Iterator[tuple[str, npt.NDArray[np.intp]]]:
    """Each group that occurs, in order, with the positions of its rows."""
    codes, names = pd.factorize(groups, sort=True)
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(names)))
    for name, positions in zip(names, np.split(order, ends[:-1]), strict=True):
        yield str(name), positions
