import pytest

from ccnlp.corpora import raw
from ccnlp.corpora.raw import BrokenRow, collect, columns_of_lists


def batches(rows):
    return list(collect(rows, lambda cells: columns_of_lists(["text"], cells)))


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([4, 4, 4, 4], [[1, 2, 3], [4]]),  # of 10 characters or more
        ([30, 1, 1], [[1], [2, 3]]),
        ([1] * 7, [[1, 2, 3, 4, 5], [6, 7]]),  # of 5 rows
    ],
)
def test_batches_are_bounded_by_characters_and_by_rows(monkeypatch, sizes, expected):
    monkeypatch.setattr(raw, "CHARACTERS_PER_BATCH", 10)
    monkeypatch.setattr(raw, "ROWS_PER_BATCH", 5)
    rows = [(number, ["x" * size], size) for number, size in enumerate(sizes, start=1)]
    assert [batch.rows for batch in batches(rows)] == expected


def test_broken_rows_count_in_a_batch(monkeypatch):
    monkeypatch.setattr(raw, "CHARACTERS_PER_BATCH", 10)
    rows = [BrokenRow(number, "no row", "x" * 6) for number in (1, 2, 3)]
    assert [[row.row for row in batch.broken] for batch in batches(rows)] == [[1, 2], [3]]
