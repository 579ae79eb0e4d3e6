"""One step at a time on the tiny encoder, without dropout, so that gradients can be compared."""

import numpy as np
import pytest
import torch

from ccnlp.training.batches import PlannedBatch
from ccnlp.training.preparation import build_trainer, prepare_network

NO_DROPOUT = {"encoder_dropout": 0.0, "head_dropout": 0.0}
ACCUMULATING = {"examples": 4, "tokens": 256, "window": 2, "accumulation_steps": 2}


@pytest.fixture
def make_trainer(features, vocabulary, tiny_encoder, tasks, training_parameters, tmp_path):
    """A trainer over batches of the given rows."""

    def build(plan, *, tasks=tasks, features=features, regularisation=(), **others):
        values = training_parameters().model_dump()
        regularisation = {**values["regularisation"], **NO_DROPOUT, **dict(regularisation)}
        parameters = training_parameters(
            regularisation=regularisation, **{"precision": "fp32", **others}
        )
        network = prepare_network(tiny_encoder, tasks, vocabulary=vocabulary, parameters=parameters)
        return build_trainer(
            network,
            [[PlannedBatch("sentiment", np.array(rows)) for rows in plan]],
            features=features,
            tokenizer=tiny_encoder.load_tokenizer(),
            parameters=parameters,
            folder=tmp_path,
        )

    return build


def accumulated_gradient(trainer) -> dict[str, torch.Tensor]:
    """As a step of the optimiser sees it."""
    torch.manual_seed(0)
    trainer.network.heads.apply(reset_head)
    trainer.network.train()
    trainer.current_gradient_accumulation_steps = len(trainer.planned)
    for index in range(len(trainer.planned)):
        trainer.training_step(trainer.network, trainer.planned[index])
    return {
        name: weight.grad.clone()
        for name, weight in trainer.network.named_parameters()
        if weight.grad is not None
    }


def reset_head(module) -> None:
    if isinstance(module, torch.nn.Linear):
        torch.nn.init.normal_(module.weight, std=0.5)


def test_accumulating_unequal_batches_gives_the_gradient_of_one(make_trainer):
    whole = accumulated_gradient(make_trainer([[0, 1, 2, 6]]))
    parts = accumulated_gradient(make_trainer([[0, 1, 2], [6]], batches=ACCUMULATING))

    assert whole.keys() == parts.keys()
    for name, gradient in whole.items():
        torch.testing.assert_close(parts[name], gradient, rtol=1e-4, atol=1e-6, msg=name)
