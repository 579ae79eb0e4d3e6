import json

import numpy as np
import pandas as pd
import pytest

from ccnlp.evaluation.baselines_retrieval import rank_by_encoder, rank_by_tfidf
from ccnlp.evaluation.parameters import TfidfParameters
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

TFIDF = TfidfParameters(
    word_ngrams=(1, 1),
    character_ngrams=(2, 4),
    min_document_count=1,
    max_features=1000,
    inverse_regularisation=(1.0,),
)


@pytest.fixture
def task():
    options = {
        "query_prefix": "q: ",
        "passage_prefix": "p: ",
        "temperature": 1,
        "is_symmetric": False,
        "negatives": "given",
        "num_negatives": 0,
        "dimensions": [],
    }
    entry = {"kind": "retrieval", "loss_weight": 1, "options": options}
    return build_tasks(TasksParameters.model_validate({"t": entry}))["t"]


@pytest.fixture
def rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "query": ["where is the mill", "who wrote the letter"],
            "passage": ["The mill stands by the river.", "A letter was written by the queen."],
            "language": ["en", "en"],
            "passage_language": ["en", "en"],
            "negatives": [["A dog barks at noon."], []],
        }
    )


def test_tfidf_ranks_what_shares_parts_of_words_before_what_does_not(task, rows):
    predicted = rank_by_tfidf(rows, rows, task, parameters=TFIDF)

    first, second = (json.loads(text) for text in predicted["prediction"])
    assert (first["ranks"], second["ranks"]) == ([1], [1])
    assert len(first["passages"]) == 3
    assert predicted["confidence"].between(0, 1).all()
    scores = task.score(predicted.assign(reference=task.reference(rows)))
    assert scores["mean_average_precision"] == 1


def test_passages_without_a_common_part_tie_in_their_order(task, rows):
    strange = rows.assign(query=["北京", "東京"])

    predicted = rank_by_tfidf(rows, strange, task, parameters=TFIDF)

    assert [json.loads(text)["ranks"] for text in predicted["prediction"]] == [[1], [2]]
    assert predicted["confidence"].tolist() == [0, 0]


def test_encoder_is_given_each_distinct_text_of_its_side(task, rows):
    given = {}

    def embed(side):
        def embed_texts(texts):
            given[side] = list(texts)
            return np.eye(len(texts), 3, dtype=np.float32)

        return embed_texts

    predicted = rank_by_encoder(
        rows, rows, task, embed_queries=embed("query"), embed_passages=embed("passage")
    )

    assert given["query"] == rows["query"].tolist()
    assert given["passage"] == [*rows["passage"], "A dog barks at noon."]
    assert [json.loads(text)["ranks"] for text in predicted["prediction"]] == [[1], [1]]
