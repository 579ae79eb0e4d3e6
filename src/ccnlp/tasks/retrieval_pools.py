"""The passages of a pool, ranked for each of its queries."""

from typing import Any

import numpy as np
import pandas as pd

from ccnlp.tasks.ranking import (
    Indices,
    Scores,
    Vectors,
    best_passages,
    ranks_of,
    score_blocks,
)
from ccnlp.tasks.retrieval_answers import RankedAnswer
from ccnlp.tasks.retrieval_texts import RelatedTexts, passage_id
from ccnlp.tasks.tallied import write_answer

NUM_KEPT = 10
"""Passages that a prediction names; the ranks of the relevant ones are told however high."""

DIGITS = 4
"""Of a score, as predictions tell it."""


def rank_pools(texts: RelatedTexts, queries: Vectors, passages: Vectors) -> pd.DataFrame:
    """Each row's `RankedAnswer` as `prediction`, with `confidence`; `probabilities` are missing.

    A pool is all passages and negatives of a corpus and split; a passage that is the query itself
    is no candidate. The confidence is the best score, 0..1.

    Args:
        texts: of the rows.
        queries: vectors of the distinct queries, in the order of `texts`.
        passages: of the distinct passages.
    """
    answers: list[str] = [""] * len(texts.rows)
    best_scores = np.zeros(len(texts.rows))
    for _, rows in texts.rows.groupby("pool", sort=False):
        pool = _RankedPool.of(texts, rows, queries, passages)
        for row, answer, best_score in pool.answers(rows):
            answers[row], best_scores[row] = answer, best_score
    return pd.DataFrame(
        {
            "prediction": pd.Series(answers, dtype="object"),
            "confidence": best_scores.clip(0, 1),
            "probabilities": None,
        }
    )


class _RankedPool:
    """What was found in one pool.

    Args:
        best: by query, ids and scores of the best passages.
        ranks: by query, of its relevant passages, rising.
        ranks_in_language: the same by query and language of the passages.
    """

    def __init__(
        self,
        best: dict[int, list[tuple[str, float]]],
        ranks: dict[int, list[int]],
        ranks_in_language: dict[tuple[int, str], list[int]],
    ) -> None:
        self._best = best
        self._ranks = ranks
        self._ranks_in_language = ranks_in_language

    @classmethod
    def of(
        cls, texts: RelatedTexts, rows: pd.DataFrame, queries: Vectors, passages: Vectors
    ) -> "_RankedPool":
        """The pool of these rows, ranked in blocks of its queries."""
        pool_queries = rows["query"].unique()
        pool_passages = texts.pool(rows)
        languages = texts.passage_languages[pool_passages]
        keys = texts.passage_keys[pool_passages]
        relevant = localised(texts.relevant(rows), pool_queries, pool_passages)
        self_indices = find_queries_among(texts, pool_queries, pool_passages)
        best: dict[int, list[tuple[str, float]]] = {}
        blocks = []
        for block, scores in score_blocks(queries[pool_queries], passages[pool_passages]):
            leave_out(scores, self_indices[block])
            best_columns = best_passages(scores, number=NUM_KEPT)
            for query, columns, query_scores in zip(
                pool_queries[block], best_columns, scores, strict=True
            ):
                is_candidate = np.isfinite(query_scores[columns])
                best[query] = [
                    (passage_id(keys[column]), round(float(query_scores[column]), DIGITS))
                    for column in columns[is_candidate]
                ]
            is_in_block = relevant["query"].between(block.start, block.stop - 1)
            blocks.append(_with_ranks(relevant[is_in_block], scores, block.start, languages))
        ranked = pd.concat(blocks, ignore_index=True)
        ranked["query"] = pool_queries[ranked["query"]]
        return cls(
            best,
            _lists(ranked, ["query"], "rank"),
            _lists(ranked, ["query", "language"], "rank_in_language"),
        )

    def answers(self, rows: pd.DataFrame) -> list[tuple[int, str, float]]:
        """Of each row its index, its prediction, and the best score."""
        shares = 1 / rows.groupby("query")["query"].transform("size")
        by_language = rows.groupby(["query", "passage_language"])["query"]
        shares_in_language = 1 / by_language.transform("size")
        columns = ["query", "query_language", "passage_language"]
        answers = []
        for row, query, query_language, passage_language in rows[columns].itertuples():
            best = self._best[query]
            answer = RankedAnswer(
                passages=best,
                ranks=self._ranks.get(query, []),
                ranks_in_language=self._ranks_in_language.get((query, passage_language), []),
                is_same_language=query_language == passage_language,
                share=float(shares[row]),
                share_in_language=float(shares_in_language[row]),
            )
            answers.append((row, write_answer(answer), best[0][1] if best else 0.0))
        return answers


def localised(pairs: pd.DataFrame, queries: Indices, passages: Indices) -> pd.DataFrame:
    """The pairs as indices among these queries and passages, in the order of the queries.

    Pairs of other queries or passages are left out.
    """
    local = pd.DataFrame(
        {
            "query": pd.Index(queries).get_indexer(pd.Index(pairs["query"])),
            "passage": pd.Index(passages).get_indexer(pd.Index(pairs["passage"])),
        }
    )
    kept = local[(local >= 0).all(axis=1)]
    return kept.sort_values("query", kind="stable", ignore_index=True)


def find_queries_among(texts: RelatedTexts, queries: Indices, passages: Indices) -> Indices:
    """The index of each query itself among the passages; -1 where it is none of them."""
    keys = pd.Index(texts.passage_keys[passages])
    indices: Indices = keys.get_indexer(pd.Index(texts.query_keys[queries]))
    return indices


def leave_out(scores: Scores, columns: Indices) -> None:
    """Makes one passage of each query no candidate, in place; none where its column is -1."""
    rows = np.flatnonzero(columns >= 0)
    scores[rows, columns[rows]] = -np.inf


def _with_ranks(pairs: pd.DataFrame, scores: Scores, first: int, languages: Any) -> pd.DataFrame:
    """The pairs with `rank`, and `rank_in_language` among the passages of their `language`.

    Args:
        pairs: of queries of a block, and passages.
        scores: of the queries of the block and all passages.
        first: the query that the block begins with.
        languages: of all passages.
    """
    queries, passages = pairs["query"].to_numpy() - first, pairs["passage"].to_numpy()
    pair_languages = languages[passages]
    ranks_in_language = np.zeros(len(pairs), dtype=np.int64)
    for language in pd.unique(pair_languages):
        columns = np.flatnonzero(languages == language)
        is_in_language = pair_languages == language
        local_passages = np.searchsorted(columns, passages[is_in_language])
        ranks_in_language[is_in_language] = ranks_of(
            scores[:, columns], queries[is_in_language], local_passages
        )
    return pairs.assign(
        rank=ranks_of(scores, queries, passages),
        language=pair_languages,
        rank_in_language=ranks_in_language,
    )


def _lists(pairs: pd.DataFrame, by: list[str], column: str) -> dict[Any, list[int]]:
    """By query, or by query and more, the values of a column, rising."""
    ordered = pairs.sort_values(column, kind="stable")
    groups = ordered.groupby(by if len(by) > 1 else by[0], sort=False)
    return {key: values.tolist() for key, values in groups[column]}
