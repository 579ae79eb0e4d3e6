"""Nodes of retrieval."""

import pandas as pd

from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.models.trained import TrainedModel
from ccnlp.retrieval import building
from ccnlp.retrieval.index import PassageIndex
from ccnlp.retrieval.parameters import PassageIndexParameters
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters


def list_passages(
    examples: pd.DataFrame, tasks: TasksParameters, retrieval: PassageIndexParameters
) -> pd.DataFrame:
    """The passages of the task's examples."""
    task = building.choose_task(build_tasks(tasks), retrieval.task)
    return building.list_passages(examples, task=task.name, splits=retrieval.splits)


def build_passage_index(
    passages: pd.DataFrame,
    model: TrainedModel | EncoderCheckpoint,
    tasks: TasksParameters,
    retrieval: PassageIndexParameters,
) -> PassageIndex:
    """The index of these passages."""
    task = building.choose_task(build_tasks(tasks), retrieval.task)
    return building.build_index(
        passages,
        building.choose_embedder(model, task, retrieval),
        task=task.name,
        num_dimensions=retrieval.num_dimensions,
        search=retrieval.search,
    )
