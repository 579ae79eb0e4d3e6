"""Tasks whose metrics are made of sums over rows: of spans found, answers matched, ranks.

Only sums are looked at, so that scores of any group of rows, and of any resample of it, come from
one multiplication of weights with what the rows add.
"""

import json
from abc import abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.tasks.base import Task

Sums = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class TalliedTask(Task):
    """A task that is scored by what each row adds to a few sums.

    Its predictions and references are text: one answer as it is, several as JSON (`write_answer`),
    so that one table holds those of all tasks.
    """

    @abstractmethod
    def tallies(self, predictions: pd.DataFrame) -> Sums:
        """What each row adds to the sums, shape (rows, kinds).

        Args:
            predictions: `prediction` and `reference`, neither of them missing, and `language`.
        """

    @abstractmethod
    def metrics(self, sums: Sums) -> dict[str, Sums]:
        """Metrics of summed tallies (..., kinds), each of shape (...); NaN where there is none.

        Up is better, and the primary one is among them. Shares are 0..1, correlations −1..1.
        """

    def absent(self, sums: Sums) -> Flags:
        """Which kinds are of labels that a group lacks as a reference and as a prediction.

        Metrics that are means over labels do not count them, so that what is known of a small
        group beforehand must not bring them in. None, unless a kind of task says otherwise.

        Args:
            sums: of the group, shape (..., kinds).
        """
        return np.zeros(sums.shape, dtype=bool)

    def supports(self, sums: Sums) -> dict[str, Sums]:
        """By metric of a single label, such as `f1:PER`, how many references have it.

        Args:
            sums: of rows, shape (..., kinds); each number has the shape (...).
        """
        del sums
        return {}

    def score(self, predictions: pd.DataFrame) -> dict[str, float]:
        """The metrics of all rows that have a reference."""
        with_reference = predictions[predictions["reference"].notna()]
        sums = self.tallies(with_reference).sum(axis=0)
        return {name: float(value) for name, value in self.metrics(sums).items()}


def write_answer(answer: Any) -> str:
    """An answer of several parts, such as the tags of words or spans, as JSON on one line."""
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))


def read_answer(text: str) -> Any:
    """The answer that `write_answer` wrote."""
    return json.loads(text)


def f1(hits: Sums, references: Sums, predictions: Sums) -> Sums:
    """F1 of how much was right, there, and predicted, of any shape; NaN where there was neither."""
    size = references + predictions
    with np.errstate(invalid="ignore", divide="ignore"):
        quotient: Sums = np.where(size > 0, 2 * hits / size, np.nan)
    return quotient


def absent_labels(sums: Sums, num_labels: int) -> Flags:
    """`TalliedTask.absent` where the first kinds are each label's hits, references, predictions."""
    references, predictions = (sums[..., num_labels * i : num_labels * (i + 1)] for i in (1, 2))
    flags = np.zeros(sums.shape, dtype=bool)
    flags[..., : 3 * num_labels] = np.tile(references + predictions == 0, 3)
    return flags
