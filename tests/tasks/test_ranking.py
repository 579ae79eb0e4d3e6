import numpy as np
import pytest
from scipy.sparse import csr_matrix

from ccnlp.tasks import ranking
from ccnlp.tasks.rank_metrics import measure
from ccnlp.tasks.ranking import best_passages, normalised, ranks_of, score_blocks

SCORES = np.array([[0.5, 0.9, 0.5, 0.1], [0.2, 0.2, 0.2, 0.2]], dtype=np.float32)


@pytest.mark.parametrize(
    ("number", "passages"),
    [
        (0, [[], []]),
        (2, [[1, 0], [0, 1]]),
        (3, [[1, 0, 2], [0, 1, 2]]),
        (9, [[1, 0, 2, 3], [0, 1, 2, 3]]),
    ],
)
def test_best_passages_come_with_ties_in_the_order_of_the_passages(number, passages):
    assert best_passages(SCORES, number=number).tolist() == passages


def test_ranks_count_what_is_better_and_what_ties_before():
    queries, passages = np.array([0, 0, 0, 1]), np.array([1, 2, 3, 2])

    assert ranks_of(SCORES, queries, passages).tolist() == [1, 3, 4, 3]


def test_what_is_no_candidate_comes_last():
    scores = np.array([[-np.inf, 0.1, -0.3]], dtype=np.float32)

    assert best_passages(scores, number=3).tolist() == [[1, 2, 0]]
    assert ranks_of(scores, np.array([0, 0]), np.array([1, 2])).tolist() == [1, 2]


@pytest.mark.parametrize("kind", [np.array, csr_matrix])
def test_blocks_give_the_products_of_all(kind, monkeypatch):
    monkeypatch.setattr(ranking, "CELLS_PER_BLOCK", 5)
    queries = np.arange(15, dtype=np.float32).reshape(5, 3)
    passages = np.eye(2, 3, dtype=np.float32)

    blocks = list(score_blocks(kind(queries), kind(passages)))

    assert [block for block, _ in blocks] == [slice(0, 2), slice(2, 4), slice(4, 5)]
    np.testing.assert_array_equal(np.concatenate([s for _, s in blocks]), queries[:, :2])


def test_ranks_are_the_same_in_small_blocks(monkeypatch):
    queries, passages = np.array([0, 0, 1]), np.array([1, 2, 2])
    monkeypatch.setattr(ranking, "CELLS_PER_BLOCK", 1)

    assert ranks_of(SCORES, queries, passages).tolist() == [1, 3, 3]


def test_normalised_vectors_have_length_one_but_that_of_zeros():
    vectors = np.array([[3, 4], [0, 0]], dtype=np.float32)

    np.testing.assert_allclose(normalised(vectors), [[0.6, 0.8], [0, 0]])


def log(number):
    return np.log2(number)


@pytest.mark.parametrize(
    ("ranks", "expected"),
    [
        ([1], [1, 1, 1, 1, 1, 1]),
        # Found first and third: (1/1 + 2/3) / 2; gains 1 + 1/2 of an ideal 1 + 1/log2(3).
        ([1, 3], [5 / 6, 1.5 / (1 + 1 / log(3)), 1 / 2, 1, 1, 1]),
        # The second one is found behind the cut.
        ([2, 11], [(1 / 2 + 2 / 11) / 2, 1 / log(3) / (1 + 1 / log(3)), 0, 1 / 2, 1 / 2, 1 / 2]),
        ([20], [1 / 20, 0, 0, 0, 0, 1 / 20]),
        # Twelve relevant ones in the first places: ten of them are within the cut of nDCG.
        ([*range(1, 13)], [1, 1, 1 / 12, 5 / 12, 10 / 12, 1]),
    ],
)
def test_measures_of_one_query(ranks, expected):
    np.testing.assert_allclose(measure(ranks), expected)
