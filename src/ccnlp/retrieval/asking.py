"""Questions to an index of passages."""

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from ccnlp.corpora.cleaning import clean_text, has_visible_text
from ccnlp.corpora.decoding import why_not_text
from ccnlp.corpora.language_identification import detect_language
from ccnlp.errors import CcnlpError
from ccnlp.retrieval.embedding import Embedder
from ccnlp.retrieval.index import PassageIndex


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
    number: int = 10,
    languages: Collection[str] | None = None,
) -> Answer:
    """The passages that answer a query, with the language that it seems to be in.

    Args:
        index: of passages.
        query: in any language; cleaned as passages are.
        embedder: that made the index.
        number: of passages, 1 or more.
        languages: of the passages; any if `None`.

    Raises:
        CcnlpError: the query is empty or no text, the number is none, or the index was made with
            other weights.
        ConfigurationError: there is no passage in a language.
    """
    text = clean_text(query)
    if not has_visible_text(text):
        raise CcnlpError("the query is empty; ask something")
    if why_not_text(text) is not None:
        raise CcnlpError("the query has null bytes or halves of characters, which are no text")
    if not isinstance(number, int) or number < 1:
        raise CcnlpError(f"the number of passages is {number!r}; ask for 1 or more")
    index.check_origin(embedder.origin)
    language, score = detect_language(text)
    found = index.search(embedder.embed([text], side="query"), number=number, languages=languages)
    return Answer(language, score, found.drop(columns="query"))
