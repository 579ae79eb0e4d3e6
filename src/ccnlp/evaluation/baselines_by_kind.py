"""How each baseline answers the kinds of tasks; one that knows no way sits out."""

from collections.abc import Callable
from functools import partial

import pandas as pd

from ccnlp.evaluation import (
    baselines,
    baselines_answers,
    baselines_retrieval,
    baselines_scores,
    baselines_sets,
    baselines_tags,
)
from ccnlp.evaluation.baselines import Embed
from ccnlp.evaluation.parameters import ProbeParameters, TfidfParameters
from ccnlp.tasks.answers import has_one_label
from ccnlp.tasks.base import Task
from ccnlp.tasks.kinds.multi_label_classification import MultiLabelClassification
from ccnlp.tasks.kinds.pair_similarity import PairSimilarity
from ccnlp.tasks.kinds.question_answering import QuestionAnswering
from ccnlp.tasks.kinds.retrieval import Retrieval
from ccnlp.tasks.word_tagging import WordTagging

BY_NGRAMS: tuple[tuple[type[Task], Callable[..., pd.DataFrame]], ...] = (
    (MultiLabelClassification, baselines_sets.predict_tfidf),
    (PairSimilarity, baselines_scores.predict_score_by_ngrams),
    (WordTagging, baselines_tags.predict_tfidf_tags),
    (Retrieval, baselines_retrieval.rank_by_tfidf),
)
"""By kind, what counts n-grams by the parameters of TF-IDF."""


def predict_majority(train: pd.DataFrame, rows: pd.DataFrame, task: Task) -> pd.DataFrame | None:
    """What is commonest in train, whatever the row says."""
    match task:
        case MultiLabelClassification():
            return baselines_sets.predict_majority(train, rows, task)
        case PairSimilarity():
            return baselines_scores.predict_mean_score(train, rows, task)
        case WordTagging():
            return baselines_tags.predict_majority_tags(train, rows, task)
        case _ if has_one_label(task):
            return baselines.predict_majority(train, rows, task)
    return None


def predict_tfidf(
    train: pd.DataFrame, rows: pd.DataFrame, task: Task, *, parameters: TfidfParameters
) -> pd.DataFrame | None:
    """What counting words and n-grams of characters gives."""
    if isinstance(task, QuestionAnswering):
        return baselines_answers.predict_by_overlap(train, rows, task)
    for kind, predict in BY_NGRAMS:
        if isinstance(task, kind):
            return predict(train, rows, task, parameters=parameters)
    if has_one_label(task):
        return baselines.predict_tfidf(train, rows, task, parameters=parameters)
    return None


def predict_probe(
    train: pd.DataFrame,
    rows: pd.DataFrame,
    task: Task,
    *,
    parameters: ProbeParameters,
    seed: int,
    embed: Embed,
) -> pd.DataFrame | None:
    """What the frozen encoder's vectors give; the seed draws train rows where they are many."""
    match task:
        case MultiLabelClassification():
            sampled_train = baselines.draw_train(train, parameters, seed)
            return baselines_sets.predict_probe(
                sampled_train, rows, task, parameters=parameters, embed=embed
            )
        case PairSimilarity():
            return baselines_scores.predict_score_by_vectors(train, rows, task, embed=embed)
        case Retrieval():
            return baselines_retrieval.rank_by_encoder(
                train,
                rows,
                task,
                embed_queries=partial(embed, prefix=task.options.query_prefix),
                embed_passages=partial(embed, prefix=task.options.passage_prefix),
            )
        case _ if has_one_label(task):
            return baselines.predict_probe(
                train, rows, task, parameters=parameters, seed=seed, embed=embed
            )
    return None
