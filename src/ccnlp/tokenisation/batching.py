"""Batches of texts of like length, so that little is computed on padding."""

import numpy as np
import numpy.typing as npt


def length_sorted_batches(
    lengths: npt.NDArray[np.int64], *, tokens_per_batch: int
) -> list[npt.NDArray[np.int64]]:
    """Indices of the rows of each batch, the longest rows first.

    A batch's padded size, its longest length times its rows, stays within the budget; a row that
    exceeds it alone is a batch of its own. Starting with the longest shows at once whether the
    memory suffices.

    Args:
        lengths: tokens of each row, shape (rows,).
        tokens_per_batch: most tokens of a batch, padding included.

    >>> [batch.tolist() for batch in length_sorted_batches(np.array([2, 9, 3]), tokens_per_batch=6)]
    [[1], [2, 0]]
    """
    order = np.argsort(-lengths, kind="stable")
    batches = []
    start = 0
    while start < len(order):
        longest = max(1, int(lengths[order[start]]))
        end = start + max(1, tokens_per_batch // longest)
        batches.append(order[start:end])
        start = end
    return batches
