"""From the culture, language and domain of rows to the numbers that a network looks up."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.atlas.attributes import Atlas
from ccnlp.examples import UNKNOWN

COLUMNS = ("culture", "language", "domain")
"""What rows tell; a column or a cell that is missing is unknown."""

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ConditionKeys:
    """The values of each field that a model knows, in the order of its numbers.

    Attributes:
        atlas: derives the fields from `COLUMNS`.
        fields: attributes of rows.
        values: by field, the values of the training rows, sorted; their numbers begin with 1, and
            0 is what is unknown or was not seen in training.
        cultures: of the training rows, sorted, without `und`.
    """

    atlas: Atlas
    fields: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]
    cultures: tuple[str, ...]

    @classmethod
    def of(cls, rows: pd.DataFrame, fields: Sequence[str], atlas: Atlas) -> "ConditionKeys":
        """The keys of training rows, with `COLUMNS`."""
        values = [
            _without_unknown(
                {atlas.value(field, key) for key in _distinct_values(rows, atlas.sources[field])}
            )
            for field in fields
        ]
        return cls(
            atlas, tuple(fields), tuple(values), _without_unknown(_distinct_values(rows, "culture"))
        )

    @property
    def num_values(self) -> tuple[int, ...]:
        """Numbers of each field, that of the unknown included."""
        return tuple(len(values) + 1 for values in self.values)

    def indices(self, rows: pd.DataFrame) -> Indices:
        """The number of each row's value in each field; shape (rows, fields)."""
        indices = np.zeros((len(rows), len(self.fields)), dtype=np.int64)
        for column, (field, values) in enumerate(zip(self.fields, self.values, strict=True)):
            source = self.atlas.sources[field]
            index_by_value = {value: index for index, value in enumerate(values, start=1)}
            index_by_key = {
                key: index_by_value.get(self.atlas.value(field, key), 0)
                for key in _distinct_values(rows, source)
            }
            if index_by_key:
                indices[:, column] = rows[source].astype(object).map(index_by_key).fillna(0)
        return indices


def _without_unknown(values: "set[str] | Sequence[str]") -> tuple[str, ...]:
    return tuple(sorted(set(values) - {UNKNOWN}))


def _distinct_values(rows: pd.DataFrame, column: str) -> list[str]:
    if column not in rows:
        return []
    return [str(key) for key in rows[column].dropna().unique()]
