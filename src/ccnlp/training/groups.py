"""Groups of training rows: which rows share a language, a culture, a corpus or several of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.errors import ConfigurationError
from ccnlp.examples import groups_by_columns
from ccnlp.tokenisation.encoding import IDENTITY_COLUMNS

if TYPE_CHECKING:
    import pyarrow as pa

Rows = npt.NDArray[np.int64]
GroupNames = npt.NDArray[np.object_]
"""The group of each row, such as `es-MX`; shape (rows,)."""

GROUP_COLUMNS = tuple(
    column for column in IDENTITY_COLUMNS if column not in ("id", "split", "weight")
)
"""Columns of features that can make groups."""


def group_names(table: "pa.Table", columns: Sequence[str], *, parameter: str) -> GroupNames:
    """The group of each row of features: its values joined, such as `es-MX`; missing is `und`.

    Args:
        table: of `encode_examples`.
        columns: that make the groups.
        parameter: which names the columns, for the message.

    Raises:
        ConfigurationError: the features lack a column.
    """
    missing = [column for column in columns if column not in table.column_names]
    if missing:
        raise ConfigurationError(
            f"{parameter} names the columns {', '.join(missing)}, which the features lack; "
            "tokenise again (kedro run --pipelines tokenisation), or name others "
            "(parameters/training.yml)"
        )
    rows = table.select(list(columns)).to_pandas()
    groups: GroupNames = groups_by_columns(rows, columns).to_numpy(dtype=object)
    return groups


@dataclass(frozen=True)
class TrainedGroups:
    """The groups of a task that its plan draws.

    Attributes:
        names: sorted.
        draws: rows that the plan draws of each, shape (groups,); above 0.
        sizes: different rows among them.
        codes: position in `names` of the group of each row of features, shape (rows,); -1 where
            the plan draws none of its group.
        row_groups: name of the group of each row of features, shape (rows,).
    """

    names: tuple[str, ...]
    draws: Rows
    sizes: Rows
    codes: Rows
    row_groups: GroupNames

    @classmethod
    def of(cls, groups: GroupNames, batches: Iterable[Rows]) -> "TrainedGroups":
        """The groups of the rows that are drawn.

        Args:
            groups: of each row of features, by name.
            batches: positions of the rows of each batch that the plan draws.
        """
        codes, all_names = pd.factorize(groups, sort=True)
        drawn_rows = np.concatenate([*batches, np.empty(0, np.int64)])
        draws_by_row = np.bincount(drawn_rows, minlength=len(groups))
        draws = np.bincount(codes[drawn_rows], minlength=len(all_names))
        sizes = np.bincount(codes[draws_by_row > 0], minlength=len(all_names))
        is_drawn = draws > 0
        new_codes = np.where(is_drawn, np.cumsum(is_drawn) - 1, -1)
        return cls(
            names=tuple(all_names[is_drawn]),
            draws=draws[is_drawn],
            sizes=sizes[is_drawn],
            codes=new_codes[codes],
            row_groups=groups,
        )

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        """The share of each in the rows that are drawn; sums to 1."""
        shares: npt.NDArray[np.float64] = self.draws / self.draws.sum()
        return shares
