"""One step at a time on the tiny encoder, without dropout, so that gradients can be compared."""

import shutil

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch.nn.functional import cross_entropy

from ccnlp.tasks.kinds.sequence_classification import SequenceClassification
from ccnlp.training.assembly import build_trainer
from ccnlp.training.batches import PlannedBatch
from ccnlp.training.preparation import prepare_network

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


@pytest.mark.parametrize("name", ["group_dro", "fairness_penalty"])
def test_accumulating_batches_of_one_group_gives_the_gradient_of_one(
    make_trainer, features, training_parameters, name
):
    table = features["sentiment"]
    languages = pa.array(["es" if i in (1, 6) else "en" for i in range(len(table))])
    index = table.column_names.index("language")
    features["sentiment"] = table.set_column(index, "language", languages)
    objective = {**training_parameters().model_dump()["objective"], "name": name}
    groups = {"objective": objective}

    whole = accumulated_gradient(make_trainer([[0, 1, 2, 6]], **groups))
    parts = accumulated_gradient(make_trainer([[0, 2], [1, 6]], batches=ACCUMULATING, **groups))

    for weight, gradient in whole.items():
        torch.testing.assert_close(parts[weight], gradient, rtol=1e-4, atol=1e-6, msg=weight)


def loss_of(trainer, index: int = 0) -> float:
    """Of a batch of the plan, with the dropout of seed 0."""
    trainer.network.train()
    torch.manual_seed(0)
    return trainer.compute_loss(trainer.network, trainer.planned[index]).item()


def passes_of(trainer, count: int) -> tuple[list[torch.Tensor], dict[str, torch.Tensor]]:
    """Outputs of so many passes over the first batch with the dropout of seed 0, and the batch."""
    batch = dict(trainer.planned[0])
    task = batch.pop("task")
    del batch["relative_size"], batch["groups"]
    trainer.network.train()
    torch.manual_seed(0)
    return [trainer.network(task=task, batch=batch) for _ in range(count)], batch


def test_loss_is_the_tasks_with_its_label_smoothing(make_trainer):
    trainer = make_trainer([[0, 1, 2]], regularisation={"label_smoothing": 0.3})

    (outputs,), batch = passes_of(trainer, 1)

    smoothed = cross_entropy(outputs, batch["target"], label_smoothing=0.3)
    assert loss_of(trainer) == pytest.approx(smoothed.item())
    assert loss_of(trainer) != pytest.approx(cross_entropy(outputs, batch["target"]).item())


def test_loss_with_consistency_is_of_two_passes_with_their_own_dropout(make_trainer):
    regularisation = {"consistency_weight": 2.0, "encoder_dropout": 0.3}
    trainer = make_trainer([[0, 1, 2]], regularisation=regularisation)

    (first, second), batch = passes_of(trainer, 2)

    divergence = trainer.tasks["sentiment"].divergence(first, second, batch)
    mean = (cross_entropy(first, batch["target"]) + cross_entropy(second, batch["target"])) / 2
    assert divergence.item() > 0
    assert loss_of(trainer) == pytest.approx((mean + 2 * divergence).item())


@pytest.fixture
def heavy(tasks):
    """The task with three times its weight."""
    entry = tasks["sentiment"].parameters.model_copy(update={"loss_weight": 3.0})
    return {"sentiment": SequenceClassification("sentiment", entry)}


def test_loss_is_weighted_by_its_task_and_by_the_size_of_its_batch(make_trainer, heavy):
    plan = [[0, 1, 2], [6]]
    trainer = make_trainer(plan)
    plain = loss_of(trainer, 0), loss_of(trainer, 1)
    weighted = make_trainer(plan, tasks=heavy)
    weighted.network.load_state_dict(trainer.network.state_dict())

    assert loss_of(weighted, 0) == pytest.approx(3 * plain[0])
    (outputs,), batch = passes_of(trainer, 1)
    assert plain[0] == pytest.approx(1.5 * cross_entropy(outputs, batch["target"]).item())


def test_gradient_checkpointing_gives_the_same_gradient(make_trainer):
    plain = accumulated_gradient(make_trainer([[0, 1, 2, 6]]))
    trainer = make_trainer([[0, 1, 2, 6]], gradient_checkpointing=True)

    assert trainer.network.backbone.is_activation_checkpointing
    for name, gradient in accumulated_gradient(trainer).items():
        torch.testing.assert_close(gradient, plain[name], msg=name)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("g++"), reason="torch.compile needs g++ on a processor")
@pytest.mark.filterwarnings("default")  # of the libraries that torch compiles with
def test_compiled_training_ends_with_the_same_loss(make_trainer):
    losses = []
    for is_compiled in (False, True):
        torch.manual_seed(0)
        trainer = make_trainer([[0, 1, 2, 6]], compile=is_compiled)
        trainer.train()
        assert hasattr(trainer.model_wrapped, "_orig_mod") == is_compiled
        losses.append(trainer.state.log_history[0]["loss"])

    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_training_accumulates_all_batches_of_a_step(make_trainer):
    trainer = make_trainer([[0, 1, 2], [6]], batches=ACCUMULATING)
    sizes = []

    def note(head, inputs, logits):
        if head.training:
            sizes.append(len(logits))

    trainer.network.heads["sentiment"].register_forward_hook(note)
    trainer.train()

    assert trainer.state.global_step == 1
    assert sizes == [3, 1]
