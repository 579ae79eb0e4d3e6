import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccnlp.tokenisation.batching import length_sorted_batches


def batches(lengths: list[int], tokens_per_batch: int) -> list[list[int]]:
    found = length_sorted_batches(
        np.array(lengths, dtype=np.int64), tokens_per_batch=tokens_per_batch
    )
    return [batch.tolist() for batch in found]


@pytest.mark.parametrize(
    ("lengths", "tokens_per_batch", "expected"),
    [
        ([5, 1, 4, 2], 10, [[0, 2], [3, 1]]),  # 5·2 fills the budget, then 2·2
        ([2, 9, 3], 6, [[1], [2, 0]]),  # 9 exceeds it alone
        ([3, 3, 3], 6, [[0, 1], [2]]),  # equal lengths keep their order
        ([0, 0], 4, [[0, 1]]),
        ([7], 1, [[0]]),
        ([], 8, []),
    ],
)
def test_length_sorted_batches_by_hand(lengths, tokens_per_batch, expected) -> None:
    assert batches(lengths, tokens_per_batch) == expected


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(1, 90))
def test_length_sorted_batches_hold_every_row_once_within_the_budget(lengths, budget) -> None:
    found = batches(lengths, budget)
    assert sorted(row for batch in found for row in batch) == list(range(len(lengths)))
    for batch in found:
        assert len(batch) == 1 or max(lengths[row] for row in batch) * len(batch) <= budget
