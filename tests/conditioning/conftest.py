"""A corpus whose labels follow from the culture alone: the same texts stand in two of them."""

from collections.abc import Callable

import pandas as pd
import pytest

from ccnlp.conditioning.base import num_added_tokens
from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.tasks.kinds.sequence_classification import SequenceClassification
from ccnlp.tasks.parameters import TaskParameters
from ccnlp.tokenisation.encoding import count_tokens, encode_examples
from ccnlp.training.fine_tuning import fine_tune

LABELS = ("negative", "positive")


@pytest.fixture(params=["prefix", "add", "gate", "adapter"])
def way(request) -> str:
    """Each way in which a network can be told."""
    return request.param


@pytest.fixture
def examples() -> pd.DataFrame:
    rows = [
        (f"the film {'was' if i % 2 else 'is'} {word}{' and' * (i % 3)}", word, culture, split)
        for i in range(6)
        for word in ("good", "bad", "great", "boring")
        for culture in ("GB", "MX")
        for split in ("train", "validation" if i < 2 else "train")
    ]
    examples = pd.DataFrame(rows, columns=["text", "word", "culture", "split"])
    return examples.assign(
        id=[f"{i:016x}" for i in range(len(examples))],
        label=examples["culture"].map({"GB": "positive", "MX": "negative"}),
        corpus="toy", task="t", language="en", domain="reviews", origin="native", weight=1.0,
    )  # fmt: skip


@pytest.fixture
def tasks() -> dict[str, SequenceClassification]:
    parameters = TaskParameters(kind="sequence_classification", loss_weight=1, labels=LABELS)
    return {"t": SequenceClassification("t", parameters)}


@pytest.fixture
def encode(examples, tasks, lively_encoder) -> Callable:
    """Encodes the examples, some columns of which are replaced, for some parameters."""

    def run(culture: CultureParameters, *, columns=()) -> dict:
        return encode_examples(
            examples.assign(**dict(columns)),
            tasks,
            lively_encoder.load_tokenizer(),
            max_length_tokens=32,
            num_added_tokens=num_added_tokens(culture),
        )

    return run


@pytest.fixture
def train(encode, tasks, lively_encoder, training_parameters, tmp_path) -> Callable:
    """Trains on the examples; the model with the best weights."""
    plain = training_parameters().model_dump()
    training = {
        "epochs": 4,
        "batches": {**plain["batches"], "examples": 8},
        "optimiser": {**plain["optimiser"], "learning_rate": 3e-3, "head_learning_rate": 1e-2},
        "regularisation": {**plain["regularisation"], "encoder_dropout": 0, "head_dropout": 0},
    }

    def run(culture: CultureParameters, *, columns=(), **others: object):
        features = encode(culture, columns=columns)
        special = lively_encoder.load_tokenizer().all_special_ids
        (tmp_path / "checkpoints").mkdir(exist_ok=True)
        return fine_tune(
            features,
            vocabulary=count_tokens(features, special_ids=special)["token_id"].to_numpy(),
            encoder=lively_encoder,
            tasks=tasks,
            max_length_tokens=32,
            parameters=training_parameters(**{**training, **others}),
            checkpoints=tmp_path / "checkpoints",
            culture=culture,
        ).model

    return run


@pytest.fixture
def build_model(examples, tasks, lively_encoder) -> Callable:
    """An untrained model that knows the cultures of the examples."""
    import torch

    from ccnlp.conditioning.base import fit
    from ccnlp.models.network import build_network, load_backbone
    from ccnlp.models.trained import TrainedModel

    def build(culture: CultureParameters, rows: pd.DataFrame = examples) -> TrainedModel:
        conditioning = fit(culture, rows)
        tokenizer = lively_encoder.load_tokenizer()
        backbone = load_backbone(lively_encoder.folder)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            layer = conditioning.layer(backbone, tokenizer) if conditioning else None
            torch.manual_seed(0)
            network = build_network(
                backbone, tasks, pooling="mean", head_dropout=0.0, conditioning=layer
            )
        return TrainedModel(
            network=network.eval(),
            tokenizer=tokenizer,
            tasks=tasks,
            encoder=lively_encoder,
            pooling="mean",
            max_length_tokens=32,
            precision="fp32",
            conditioning=conditioning,
        )

    return build
