"""Queries of a request, answered with passages of an index."""

from collections.abc import Sequence

import pandas as pd

from ccnlp.errors import CcnlpError
from ccnlp.retrieval.asking import ask_each
from ccnlp.retrieval.embedding import ModelEmbedder
from ccnlp.retrieval.index import PassageIndex
from ccnlp.serving.errors import RequestError

MAX_PASSAGES = 100
"""Of an answer."""


def answer_with_passages(
    index: PassageIndex,
    queries: "pd.Series[str]",
    *,
    embedder: ModelEmbedder,
    number: int,
    languages: Sequence[str],
) -> pd.DataFrame:
    """A row a query: `passages`, `query_language` and `query_language_score`.

    A passage has `passage_id`, `language`, `passage` and `score`, the cosine; the best comes first.

    Args:
        index: of passages that the embedder embedded.
        queries: clean.
        embedder: of the served model.
        number: of passages a query; fewer where there are fewer.
        languages: of the passages; any if there are none.

    Raises:
        RequestError: the number is none of 1 to `MAX_PASSAGES`, or there is no passage in a
            language.
    """
    try:
        answers = ask_each(
            index,
            queries.tolist(),
            embedder=embedder,
            number=number,
            languages=languages,
            max_number=MAX_PASSAGES,
        )
    except CcnlpError as error:
        raise RequestError(str(error)) from None
    columns = ["passage_id", "language", "passage", "score"]
    passages = [answer.passages[columns].to_dict("records") for answer in answers]
    query_languages = [answer.language for answer in answers]
    scores = [answer.language_score for answer in answers]
    return pd.DataFrame(
        {
            "passages": pd.Series(passages, dtype="object"),
            "query_language": pd.Series(query_languages, dtype="object"),
            "query_language_score": pd.Series(scores, dtype="float64"),
        }
    )
