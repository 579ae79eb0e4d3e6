"""The passages of a pool, ranked for each of its queries."""

from typing import Any

import numpy as np
import pandas as pd

from ccnlp.tasks.ranking import Places, Scores, Vectors, best_places, ranks_of, score_blocks
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
    best = np.zeros(len(texts.rows))
    for _, rows in texts.rows.groupby("pool", sort=False):
        ranked = _RankedPool.of(texts, rows, queries, passages)
        for row, answer, confidence in ranked.answers(rows):
            answers[row], best[row] = answer, confidence
    return pd.DataFrame(
        {
            "prediction": pd.Series(answers, dtype="object"),
            "confidence": best.clip(0, 1),
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
        own_queries = rows["query"].unique()
        own_passages = texts.pool(rows)
        languages = texts.passage_languages[own_passages]
        relevant = localised(texts.relevant(rows), own_queries, own_passages)
        itself = own_places(texts, own_queries, own_passages)
        best: dict[int, list[tuple[str, float]]] = {}
        parts = []
        for block, scores in score_blocks(queries[own_queries], passages[own_passages]):
            leave_out(scores, itself[block])
            places = best_places(scores, number=NUM_KEPT)
            keys = texts.passage_keys[own_passages]
            for query, found, own in zip(own_queries[block], places, scores, strict=True):
                is_candidate = np.isfinite(own[found])
                best[query] = [
                    (passage_id(keys[place]), round(float(own[place]), DIGITS))
                    for place in found[is_candidate]
                ]
            inside = relevant["query"].between(block.start, block.stop - 1)
            parts.append(_with_ranks(relevant[inside], scores, block.start, languages))
        ranked = pd.concat(parts, ignore_index=True)
        ranked["query"] = own_queries[ranked["query"]]
        return cls(
            best,
            _lists(ranked, ["query"], "rank"),
            _lists(ranked, ["query", "language"], "rank_in_language"),
        )

    def answers(self, rows: pd.DataFrame) -> list[tuple[int, str, float]]:
        """Of each row its place, its prediction, and the best score."""
        share = 1 / rows.groupby("query")["query"].transform("size")
        in_language = 1 / rows.groupby(["query", "passage_language"])["query"].transform("size")
        columns = ["query", "query_language", "passage_language"]
        told = []
        for row, query, asked, answered in rows[columns].itertuples():
            best = self._best[query]
            answer = RankedAnswer(
                passages=best,
                ranks=self._ranks.get(query, []),
                ranks_in_language=self._ranks_in_language.get((query, answered), []),
                is_same_language=asked == answered,
                share=float(share[row]),
                share_in_language=float(in_language[row]),
            )
            told.append((row, write_answer(answer), best[0][1] if best else 0.0))
        return told


def localised(pairs: pd.DataFrame, queries: Places, passages: Places) -> pd.DataFrame:
    """The pairs as places among these queries and passages, in the order of the queries.

    Pairs of other queries or passages are left out.
    """
    local = pd.DataFrame(
        {
            "query": pd.Index(queries).get_indexer(pd.Index(pairs["query"])),
            "passage": pd.Index(passages).get_indexer(pd.Index(pairs["passage"])),
        }
    )
    inside = local[(local >= 0).all(axis=1)]
    return inside.sort_values("query", kind="stable", ignore_index=True)


def own_places(texts: RelatedTexts, queries: Places, passages: Places) -> Places:
    """The place of each query itself among the passages; -1 where it is none of them."""
    keys = pd.Index(texts.passage_keys[passages])
    places: Places = keys.get_indexer(pd.Index(texts.query_keys[queries]))
    return places


def leave_out(scores: Scores, places: Places) -> None:
    """Makes one passage of each query no candidate, in place; none where its place is -1."""
    rows = np.flatnonzero(places >= 0)
    scores[rows, places[rows]] = -np.inf


def _with_ranks(pairs: pd.DataFrame, scores: Scores, first: int, languages: Any) -> pd.DataFrame:
    """The pairs with `rank`, and `rank_in_language` among the passages of their `language`."""
    queries, passages = pairs["query"].to_numpy() - first, pairs["passage"].to_numpy()
    own = languages[passages]
    in_language = np.zeros(len(pairs), dtype=np.int64)
    for language in pd.unique(own):
        columns = np.flatnonzero(languages == language)
        is_own = own == language
        places = np.searchsorted(columns, passages[is_own])
        in_language[is_own] = ranks_of(scores[:, columns], queries[is_own], places)
    return pairs.assign(
        rank=ranks_of(scores, queries, passages), language=own, rank_in_language=in_language
    )


def _lists(pairs: pd.DataFrame, by: list[str], column: str) -> dict[Any, list[int]]:
    """By query, or by query and more, the values of a column, rising."""
    ordered = pairs.sort_values(column, kind="stable")
    key = by if len(by) > 1 else by[0]
    return {name: own.tolist() for name, own in ordered.groupby(key, sort=False)[column]}
