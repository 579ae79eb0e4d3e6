"""Exact ranking by scores, in blocks of matrix products; ties in the order of the passages."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]
"""Of queries and passages (queries, passages); minus infinity where one is no candidate."""
Indices = npt.NDArray[np.int64]
Vectors = Any
"""Rows of numbers that may be multiplied: a dense array, or a sparse matrix of scipy."""

CELLS_PER_BLOCK = 1 << 24
"""Scores in memory at one time: 64 MiB."""


def score_blocks(queries: Vectors, passages: Vectors) -> Iterator[tuple[slice, Scores]]:
    """The scores of all passages for some queries at a time, which the first says.

    Args:
        queries: of shape (queries, size).
        passages: of shape (passages, size), of the same kind.
    """
    num_queries = queries.shape[0]
    block_size = max(1, CELLS_PER_BLOCK // max(1, passages.shape[0]))
    transposed = passages.T
    for start in range(0, num_queries, block_size):
        block = slice(start, min(start + block_size, num_queries))
        scores = queries[block] @ transposed
        dense = scores.toarray() if hasattr(scores, "toarray") else scores
        yield block, np.asarray(dense, dtype=np.float32)


def best_passages(scores: Scores, *, number: int) -> Indices:
    """The indices of the best passages of each query, the best first; shape (queries, found).

    Args:
        scores: of finite numbers, or minus infinity.
        number: of passages; all of them where there are fewer.
    """
    number = min(number, scores.shape[1])
    if not number:
        return np.empty((len(scores), 0), dtype=np.int64)
    lowest = -np.partition(-scores, number - 1, axis=1)[:, number - 1 : number]
    is_above, is_tied = scores > lowest, scores == lowest
    num_tied = number - is_above.sum(axis=1, keepdims=True)
    is_best = is_above | (is_tied & (is_tied.cumsum(axis=1) <= num_tied))
    passages = np.nonzero(is_best)[1].reshape(len(scores), number)
    order = np.argsort(-np.take_along_axis(scores, passages, axis=1), axis=1, kind="stable")
    return np.take_along_axis(passages, order, axis=1)


def ranks_of(scores: Scores, queries: Indices, passages: Indices) -> Indices:
    """The rank of each passage for the query beside it, from 1; shape (pairs,).

    Of passages with equal scores the first in their order comes first.

    Args:
        scores: of queries and passages.
        queries: rows of `scores`; shape (pairs,).
        passages: columns of `scores`; shape (pairs,).
    """
    ranks = np.empty(len(queries), dtype=np.int64)
    block_size = max(1, CELLS_PER_BLOCK // max(1, scores.shape[1]))
    for start in range(0, len(queries), block_size):
        block = slice(start, start + block_size)
        query_scores, columns = scores[queries[block]], passages[block, None]
        passage_scores = np.take_along_axis(query_scores, columns, axis=1)
        is_before = np.arange(scores.shape[1]) < columns
        is_tied = query_scores == passage_scores
        is_better = (query_scores > passage_scores) | (is_tied & is_before)
        ranks[block] = 1 + is_better.sum(axis=1)
    return ranks


def normalised(vectors: Scores) -> Scores:
    """The vectors with length 1; one of zeros stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Scores = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return scaled
