"""Questions to an index of passages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ccnlp.corpora.cleaning import clean_text, has_visible_text
from ccnlp.corpora.decoding import why_not_text
from ccnlp.corpora.language_identification import detect_language
from ccnlp.cultures import canonical_language, check_is_list
from ccnlp.errors import CcnlpError
from ccnlp.retrieval.embedding import Embedder
from ccnlp.retrieval.index import PassageIndex

DEFAULT_PASSAGES = 10
"""Of an answer."""


@dataclass(frozen=True)
class Answer:
    """What an index says to a query.

    Attributes:
        language: that the query seems to be in, `und` where nothing is found.
        language_score: how surely, 0..1.
        passages: `rank`, `score`, `passage_id`, `language` and `passage`, the best first.
    """

    language: str
    language_score: float
    passages: pd.DataFrame


def ask(
    index: PassageIndex,
    query: str,
    *,
    embedder: Embedder,
    number: int = DEFAULT_PASSAGES,
    languages: Collection[str] | None = None,
) -> Answer:
    """The passages that answer a query, with the language that it seems to be in.

    Args:
        index: of passages.
        query: in any language; cleaned as passages are.
        embedder: that made the index.
        number: of passages, 1 or more; fewer where there are fewer.
        languages: of the passages (BCP-47); any if there are none.

    Raises:
        CcnlpError: the query is empty or no text, the number or a language is none, or the index
            was made with other weights.
        ConfigurationError: there is no passage in a language.
    """
    (answer,) = ask_each(
        index, [_clean(query)], embedder=embedder, number=number, languages=languages
    )
    return answer


def ask_each(
    index: PassageIndex,
    queries: Sequence[str],
    *,
    embedder: Embedder,
    number: int,
    languages: Collection[str] | None,
    max_number: int | None = None,
) -> list[Answer]:
    """The answer to each of several queries, which are clean.

    Args:
        index: see `ask`, as of the others.
        queries: none of them empty.
        embedder: that made the index.
        number: of passages a query.
        languages: of the passages.
        max_number: of passages a query; as many as there are if `None`.

    Raises:
        CcnlpError: as of `ask`; also where the number is above `max_number`.
        ConfigurationError: there is no passage in a language.
    """
    _check_number(number, most=max_number)
    canonical_languages = _parse_languages(languages)
    index.check_origin(embedder.origin)
    vectors = embedder.embed(queries, side="query")
    ranked = index.search(vectors, number=int(number), languages=canonical_languages or None)
    no_passages = ranked.drop(columns="query").iloc[:0]
    by_query = {
        query: passages.drop(columns="query") for query, passages in ranked.groupby("query")
    }
    return [
        Answer(*detect_language(text), by_query.get(i, no_passages).reset_index(drop=True))
        for i, text in enumerate(queries)
    ]


def _clean(query: str) -> str:
    if not isinstance(query, str):
        raise CcnlpError(f"the query is {query!r}, which is no text")
    text = clean_text(query)
    if not has_visible_text(text):
        raise CcnlpError("the query is empty; ask something")
    if why_not_text(text) is not None:
        raise CcnlpError("the query has null bytes or halves of characters, which are no text")
    return text


def _check_number(number: int, *, most: int | None) -> None:
    is_whole = isinstance(number, int | np.integer) and not isinstance(number, bool)
    if not is_whole or number < 1 or (most is not None and number > most):
        allowed = "1 or more" if most is None else f"1 to {most}"
        raise CcnlpError(f"'number' of passages is {number!r}; give {allowed}")


def _parse_languages(languages: Collection[str] | None) -> list[str]:
    """The tags in their canonical form; none where any is asked for."""
    if languages is None:
        return []
    try:
        check_is_list(languages, "languages")
    except ValueError as error:
        raise CcnlpError(str(error)) from None
    try:
        return [canonical_language(tag) for tag in languages]
    except ValueError as error:
        raise CcnlpError(f"'languages': language {error}") from None
