"""The systems that a fine-tuned model must beat at finding passages.

They rank the same passages for the same queries as it does, and are scored by the same measures.
The commonest answer of train finds nothing: there is no majority.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.evaluation.parameters import TfidfParameters
from ccnlp.tasks.kinds.retrieval import Retrieval
from ccnlp.tasks.retrieval_texts import read_texts

EmbedTexts = Callable[[Sequence[str]], npt.NDArray[np.float32]]


def rank_by_tfidf(
    train: pd.DataFrame, rows: pd.DataFrame, task: Retrieval, *, parameters: TfidfParameters
) -> pd.DataFrame:
    """Cosines of TF-IDF of characters within words, counted on the texts of train.

    A query and a passage that share no n-gram have a cosine of 0; ties come in the order of the
    passages.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts, queries, passages = read_texts(rows)
    vectoriser = TfidfVectorizer(
        analyzer="char_wb",
        ngram_range=parameters.character_ngrams,
        max_features=parameters.max_features,
        sublinear_tf=True,
        dtype=np.float32,
    )
    vectoriser.fit(pd.unique(pd.concat([train["query"], train["passage"]])))
    return task.rank(texts, vectoriser.transform(queries), vectoriser.transform(passages))


def rank_by_encoder(
    _train: pd.DataFrame,
    rows: pd.DataFrame,
    task: Retrieval,
    *,
    embed_queries: EmbedTexts,
    embed_passages: EmbedTexts,
) -> pd.DataFrame:
    """Cosines of an encoder that was not trained further.

    Args:
        rows: that are predicted.
        task: theirs.
        embed_queries: from texts to vectors of length 1, with the prefix of queries.
        embed_passages: the same with that of passages.
    """
    texts, queries, passages = read_texts(rows)
    return task.rank(texts, embed_queries(queries), embed_passages(passages))
