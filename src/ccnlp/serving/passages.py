"""Queries of a request, answered with passages of an index."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ccnlp.corpora.language_identification import detect_language
from ccnlp.cultures import canonical_language
from ccnlp.errors import ConfigurationError
from ccnlp.retrieval.embedding import ModelEmbedder
from ccnlp.retrieval.index import PassageIndex
from ccnlp.serving.errors import RequestError

MAX_PASSAGES = 100
"""Of an answer."""

DEFAULT_PASSAGES = 10


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
    is_whole = isinstance(number, int | np.integer) and not isinstance(number, bool)
    if not is_whole or not 1 <= number <= MAX_PASSAGES:
        raise RequestError(f"'number' of passages is {number!r}; give 1 to {MAX_PASSAGES}")
    asked = _parse_languages(languages)
    vectors = embedder.embed(queries.tolist(), side="query")
    try:
        found = index.search(vectors, number=int(number), languages=asked or None)
    except ConfigurationError as error:
        raise RequestError(str(error)) from None
    columns = ["passage_id", "language", "passage", "score"]
    by_query = {query: own[columns].to_dict("records") for query, own in found.groupby("query")}
    detected = [detect_language(text) for text in queries]
    return pd.DataFrame(
        {
            "passages": pd.Series(
                [by_query.get(row, []) for row in range(len(queries))], dtype="object"
            ),
            "query_language": pd.Series([tag for tag, _ in detected], dtype="object"),
            "query_language_score": pd.Series([score for _, score in detected], dtype="float64"),
        }
    )


def _parse_languages(languages: Sequence[str]) -> list[str]:
    """The tags in their canonical form.

    Raises:
        RequestError: one is none; names the near one.
    """
    try:
        return [canonical_language(tag) for tag in languages]
    except ValueError as error:
        raise RequestError(f"the request: languages: language {error}") from None
