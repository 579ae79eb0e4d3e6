"""The index of the passages of examples."""

import logging
from collections.abc import Collection

import numpy as np
import pandas as pd

from ccnlp.errors import ConfigurationError, CorpusError
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.models.trained import TrainedModel
from ccnlp.retrieval.approximate import NeighbourGraph
from ccnlp.retrieval.embedding import Embedder, EncoderEmbedder, ModelEmbedder
from ccnlp.retrieval.index import PassageIndex
from ccnlp.retrieval.parameters import PassageIndexParameters, Search
from ccnlp.tasks.base import Task
from ccnlp.tasks.kinds.retrieval import Retrieval
from ccnlp.tasks.ranking import normalised
from ccnlp.tasks.retrieval_texts import lists_of, passage_id, text_key

logger = logging.getLogger(__name__)


def choose_task(tasks: "dict[str, Task]", name: str | None) -> Retrieval:
    """The configured task whose passages are indexed.

    Args:
        tasks: by name.
        name: `retrieval.task`.

    Raises:
        ConfigurationError: there is none of that name and kind, or none is named and there is not
            exactly one.
    """
    retrieval_tasks = {key: task for key, task in tasks.items() if isinstance(task, Retrieval)}
    names = ", ".join(map(repr, retrieval_tasks)) or "none"
    if name is None and len(retrieval_tasks) == 1:
        return next(iter(retrieval_tasks.values()))
    if name is None:
        raise ConfigurationError(
            f"retrieval.task is null, and tasks of kind retrieval are {names}; name one "
            "(parameters/retrieval.yml), or take an environment that has one: --env xquad_r"
        )
    if name not in retrieval_tasks:
        raise ConfigurationError(
            f"retrieval.task is {name!r}, and tasks of kind retrieval are {names} "
            "(parameters/retrieval.yml, parameters/tasks.yml)"
        )
    return retrieval_tasks[name]


def choose_embedder(
    model: TrainedModel | EncoderCheckpoint, task: Retrieval, parameters: PassageIndexParameters
) -> Embedder:
    """What makes the vectors.

    Raises:
        ConfigurationError: the model was not trained on the task.
    """
    if isinstance(model, EncoderCheckpoint):
        return EncoderEmbedder(model, task.options, parameters.max_length_tokens)
    return ModelEmbedder(model, task.name)


def list_passages(examples: pd.DataFrame, *, task: str, splits: Collection[str]) -> pd.DataFrame:
    """The passages and negatives of a task's examples, each text of a language once.

    Columns: `passage_id`, `language`, `passage`, in the order of the examples.

    Raises:
        CorpusError: there are none.
    """
    rows = examples[(examples["task"] == task) & examples["split"].isin(list(splits))]
    if not len(rows):
        raise CorpusError(
            f"no examples of task {task!r} in {', '.join(splits)}; read a corpus of it: "
            "kedro run --pipelines ingestion (retrieval.splits, parameters/retrieval.yml)"
        )
    positives = rows[["passage_language", "passage"]].set_axis(["language", "passage"], axis=1)
    negative_lists = lists_of(rows, "negatives")
    languages = positives["language"].to_numpy(dtype=object)
    negatives = pd.DataFrame(
        {
            "language": np.repeat(languages, [*map(len, negative_lists)]),
            "passage": [text for texts in negative_lists for text in texts],
        }
    )
    passages = pd.concat([positives, negatives], ignore_index=True)
    passages = passages.drop_duplicates(ignore_index=True)
    pairs = zip(passages["passage"], passages["language"], strict=True)
    ids = [passage_id(text_key(text, language)) for text, language in pairs]
    return passages.assign(passage_id=ids)[["passage_id", "language", "passage"]].astype("string")


def build_index(
    passages: pd.DataFrame,
    embedder: Embedder,
    *,
    task: str,
    num_dimensions: int | None = None,
    search: Search = "exact",
) -> PassageIndex:
    """The index of passages.

    Args:
        passages: of `list_passages`.
        embedder: makes the vectors.
        task: whose passages these are.
        num_dimensions: numbers that vectors are cut to; all of them if `None`.
        search: exact, or by a graph of near neighbours.

    Raises:
        ConfigurationError: vectors have fewer numbers, or faiss is needed and not installed.
    """
    check_num_dimensions(num_dimensions, hidden_size=embedder.hidden_size)
    vectors = embedder.embed(passages["passage"].tolist(), side="passage")
    if num_dimensions is not None:
        if num_dimensions not in (*embedder.sizes, vectors.shape[1]):
            logger.warning(
                "%s: vectors are cut to %d numbers, and were not trained to be: rankings may be "
                "worse; name the size in options.dimensions (parameters/tasks.yml) and train",
                task,
                num_dimensions,
            )
        vectors = normalised(vectors[:, :num_dimensions])
    graph = NeighbourGraph.of(vectors) if search == "approximate" else None
    logger.info("%s: %s passages indexed with %s", task, f"{len(passages):,}", embedder.origin)
    return PassageIndex(passages, vectors, embedder.origin, task, graph)


def check_num_dimensions(num_dimensions: int | None, *, hidden_size: int) -> None:
    """Checks that vectors can be cut to so many numbers.

    Args:
        num_dimensions: `retrieval.num_dimensions`; all of them if `None`.
        hidden_size: numbers of a vector.

    Raises:
        ConfigurationError: they have fewer.
    """
    if num_dimensions is not None and num_dimensions > hidden_size:
        raise ConfigurationError(
            f"retrieval.num_dimensions is {num_dimensions}, and vectors have {hidden_size} numbers "
            "(parameters/retrieval.yml)"
        )
