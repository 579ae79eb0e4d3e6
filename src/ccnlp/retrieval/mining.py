"""Hard negatives: the passages that an untrained encoder takes for an answer and that are none.

As Xiong et al. (2021, "Approximate Nearest Neighbor Negative Contrastive Learning for Dense Text
Retrieval") mine them, once and before the training.
"""

import logging
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from ccnlp.errors import CorpusError
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.retrieval.embedding import Embedder, EncoderEmbedder
from ccnlp.tasks.base import Task
from ccnlp.tasks.kinds.retrieval import Retrieval
from ccnlp.tasks.ranking import Indices, Vectors, best_passages, score_blocks
from ccnlp.tasks.retrieval_pools import find_queries_among, leave_out, localised
from ccnlp.tasks.retrieval_texts import NEGATIVES, RelatedTexts, lists_of, read_texts

logger = logging.getLogger(__name__)


def mine_negatives(
    examples: pd.DataFrame,
    tasks: Mapping[str, Task],
    encoder: EncoderCheckpoint,
    *,
    max_length_tokens: int,
) -> pd.DataFrame:
    """For each train row of a task whose negatives are mined, `id` and `negatives`.

    These are `num_negatives` passages of the row's pool, in the language of its passage, the
    nearest to its query first: none that answers the query as any row says, nor the query itself.
    A row has fewer where there are fewer.

    Args:
        examples: of all tasks and splits.
        tasks: by name; those of other kinds, or whose negatives are given, have no rows here.
        encoder: whose cosines say what is near, behind the task's prefixes.
        max_length_tokens: that a text is cut to.
    """
    mined = [pd.DataFrame({"id": [], NEGATIVES: []}, dtype="object")]
    for name, task in tasks.items():
        if isinstance(task, Retrieval) and task.options.negatives == "mined":
            rows = examples[(examples["task"] == name) & (examples["split"] == "train")]
            embedder = EncoderEmbedder(encoder, task.options, max_length_tokens)
            if len(rows):
                mined.append(_mine(task, rows.reset_index(drop=True), embedder))
    return pd.concat(mined, ignore_index=True)


def put_first(examples: pd.DataFrame, mined: pd.DataFrame) -> pd.DataFrame:
    """The examples with mined negatives in front of those that a row has, each once.

    Args:
        examples: of all tasks and splits.
        mined: of `mine_negatives`.

    Raises:
        CorpusError: some were mined for rows that are no train examples.
    """
    mined_by_id = dict(zip(mined["id"], lists_of(mined, NEGATIVES), strict=True))
    has_mined = (examples["split"] == "train") & examples["id"].isin(mined_by_id.keys())
    rows = examples[has_mined]
    num_mined = len(mined_by_id)
    if len(rows) < num_mined:
        raise CorpusError(
            f"{num_mined - len(rows):,} of {num_mined:,} rows with mined negatives are no train "
            "examples now, because corpora or splits have changed; mine again: "
            "kedro run --pipelines tokenisation"
        )
    if not mined_by_id:
        return examples
    negatives = np.full(len(examples), None, dtype=object)
    if NEGATIVES in examples:
        negatives[:] = examples[NEGATIVES]
    row_indices = np.flatnonzero(has_mined)
    for row, key, given in zip(row_indices, rows["id"], lists_of(rows, NEGATIVES), strict=True):
        negatives[row] = [*dict.fromkeys([*mined_by_id[key], *given])]
    return examples.assign(**{NEGATIVES: negatives})


def _mine(task: Retrieval, rows: pd.DataFrame, embedder: Embedder) -> pd.DataFrame:
    texts, queries, passages = read_texts(rows)
    hardest = find_hardest(
        texts,
        embedder.embed(queries, side="query"),
        embedder.embed(passages, side="passage"),
        number=task.options.num_negatives,
    )
    lists: list[list[str]] = [[] for _ in range(len(rows))]
    for row, passage in hardest.itertuples(index=False):
        lists[row].append(passages[passage])
    logger.info(
        "%s: %s negatives mined for %s rows among %s passages with %s",
        task.name,
        f"{len(hardest):,}",
        f"{len(rows):,}",
        f"{len(passages):,}",
        embedder.origin,
    )
    return pd.DataFrame({"id": rows["id"], NEGATIVES: pd.Series(lists, dtype=object)})


def find_hardest(
    texts: RelatedTexts, queries: Vectors, passages: Vectors, *, number: int
) -> pd.DataFrame:
    """The `row` and the `passage` of each row's hardest negatives, the hardest of a row first.

    Args:
        texts: of the rows.
        queries: vectors of the distinct queries, in the order of `texts`.
        passages: of the distinct passages.
        number: of passages a row.
    """
    tables = [pd.DataFrame({"row": [], "passage": []}, dtype=np.int64)]
    for _, rows in texts.rows.groupby("pool", sort=False):
        pool, relevant = texts.pool(rows), texts.relevant(rows)
        for language, language_rows in rows.groupby("passage_language", sort=False):
            candidates = pool[texts.passage_languages[pool] == language]
            distinct_queries = language_rows["query"].unique()
            blocks = _hardest_by_block(
                queries[distinct_queries],
                passages[candidates],
                relevant=localised(relevant, distinct_queries, candidates),
                self_indices=find_queries_among(texts, distinct_queries, candidates),
                number=number,
            )
            local = pd.concat(blocks)
            hardest = local.assign(
                query=distinct_queries[local["query"]], passage=candidates[local["passage"]]
            )
            row_queries = pd.DataFrame(
                {"row": language_rows.index, "query": language_rows["query"]}
            )
            tables.append(row_queries.merge(hardest, on="query")[["row", "passage"]])
    return pd.concat(tables, ignore_index=True)


def _hardest_by_block(
    queries: Vectors,
    passages: Vectors,
    *,
    relevant: pd.DataFrame,
    self_indices: Indices,
    number: int,
) -> Iterator[pd.DataFrame]:
    """The `query` and `passage` of the best wrong passages, for some queries at a time.

    Args:
        queries: vectors.
        passages: vectors.
        relevant: pairs of `query` and `passage` that belong together, in the order of the queries.
        self_indices: the index of each query itself among the passages, -1 where it is none.
        number: of passages a query.
    """
    for block, scores in score_blocks(queries, passages):
        pairs = relevant[relevant["query"].between(block.start, block.stop - 1)]
        scores[pairs["query"] - block.start, pairs["passage"]] = -np.inf
        leave_out(scores, self_indices[block])
        best = best_passages(scores, number=number)
        is_wrong = np.isfinite(np.take_along_axis(scores, best, axis=1))
        query = block.start + np.nonzero(is_wrong)[0]
        yield pd.DataFrame({"query": query, "passage": best[is_wrong]})
