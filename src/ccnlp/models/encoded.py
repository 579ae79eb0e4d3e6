"""Rows as a model reads them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.tasks.base import IS_CUT, Features


@dataclass(frozen=True)
class EncodedRows:
    """The token ids of rows, in several windows where a row is long.

    Attributes:
        features: of each window.
        window_of: position of the row that each window belongs to; shape (windows,).
        quoted: the text of each row that predictions are cut out of, where the task has one.
        max_length_tokens: that a text is cut to.
        is_windowed: whether rows are read to their end, in windows.
    """

    features: Sequence[Features]
    window_of: npt.NDArray[np.int64]
    quoted: "pd.Series[str] | None"
    max_length_tokens: int
    is_windowed: bool

    @property
    def num_tokens(self) -> int:
        """Of all windows, without padding; each token counts as often as it is read."""
        return sum(len(feature["input_ids"]) for feature in self.features)

    @property
    def is_truncated(self) -> list[bool]:
        """Whether the model does not read all of each row.

        What is read in windows is read to its end; what stands beside it may not be.
        """
        is_window_cut = [self._is_cut(feature) for feature in self.features]
        is_row_cut = pd.Series(is_window_cut, dtype=bool).groupby(self.window_of).any()
        return [bool(is_cut) for is_cut in is_row_cut]

    def _is_cut(self, feature: Features) -> bool:
        if self.is_windowed:
            return bool(feature.get(IS_CUT, False))
        return bool(feature["num_tokens_before_truncation"] > self.max_length_tokens)
