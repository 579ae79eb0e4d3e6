"""A model that finds passages, and an index of a few."""

import dataclasses

import pandas as pd
import pytest
import torch
from tests.tasks.retrieval_options import OPTIONS

from ccnlp.models.network import build_network, load_backbone
from ccnlp.models.trained import TrainedModel
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters


@pytest.fixture
def tasks():
    labels = {"kind": "sequence_classification", "loss_weight": 1, "labels": ["a", "b"]}
    finding = {"kind": "retrieval", "loss_weight": 1, "options": OPTIONS}
    return build_tasks(TasksParameters.model_validate({"finding": finding, "mood": labels}))


@pytest.fixture
def finding_model(tiny_encoder, tasks) -> TrainedModel:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build_network(
            load_backbone(tiny_encoder.folder), tasks, pooling="mean", head_dropout=0.0
        )
    return TrainedModel(
        network=network.eval(),
        tokenizer=tiny_encoder.load_tokenizer(),
        tasks=tasks,
        encoder=tiny_encoder,
        pooling="mean",
        max_length_tokens=32,
        precision="fp32",
    )


@pytest.fixture
def other_model(finding_model) -> TrainedModel:
    """The same with other weights."""
    network = build_network(
        load_backbone(finding_model.encoder.folder),
        finding_model.tasks,
        pooling="mean",
        head_dropout=0.0,
    ).eval()
    with torch.no_grad():
        next(network.backbone.parameters()).add_(1.0)
    return dataclasses.replace(finding_model, network=network)


@pytest.fixture
def examples() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "task": ["finding", "finding", "finding", "mood"],
            "split": ["train", "test", "test", "test"],
            "query": ["was it good", "was it bad", "es buena", pd.NA],
            "passage": ["the film was good", "it was bad", "the film was good", pd.NA],
            "passage_language": ["en", "en", "en", pd.NA],
            "negatives": [["it was boring"], None, ["it was bad", "it is great"], None],
        }
    )
