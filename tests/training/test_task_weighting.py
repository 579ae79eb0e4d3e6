"""How the losses of several tasks become one sum."""

import math

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from ccnlp.errors import ConfigurationError
from ccnlp.models.network import build_network, load_backbone
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.training.assembly import build_trainer
from ccnlp.training.batches import PlannedBatch
from ccnlp.training.preparation import prepare_network
from ccnlp.training.task_weighting import TASK_WEIGHTINGS, build_weighting
from ccnlp.training.task_weightings.gradient_norm import last_shared

ENTRY = {"kind": "sequence_classification", "loss_weight": 1, "labels": ["a", "b"]}


@pytest.fixture
def network(tiny_encoder):
    torch.manual_seed(0)
    tasks = build_tasks(TasksParameters.model_validate({"x": ENTRY, "y": ENTRY}))
    backbone = load_backbone(tiny_encoder.folder)
    return build_network(backbone, tasks, pooling="mean", head_dropout=0.0)


@pytest.fixture
def build(network, training_parameters):
    def build(name, weights=(1.0, 1.0), **options):
        values = training_parameters().multitask.model_dump() | {"weighting": name}
        if options:
            values[name] |= options
        entries = {
            task: {**ENTRY, "loss_weight": w} for task, w in zip("xy", weights, strict=False)
        }
        network.tasks = build_tasks(TasksParameters.model_validate(entries))
        parameters = training_parameters(multitask=values).multitask
        return build_weighting(network, list(entries), parameters)

    return build


def loss_of(weighting, slope, value=1.0):
    """A loss of the given value whose gradient in the shared weights has the norm `slope`."""
    shared = getattr(weighting, "shared", torch.zeros(1, requires_grad=True))
    first = shared.reshape(-1)[0]
    return value + slope * (first - first.detach())


@pytest.mark.parametrize("name", list(TASK_WEIGHTINGS))
def test_weightings_begin_with_the_fixed_weights(build, name):
    weighting = build(name, weights=(2.0, 0.5))

    assert [weighting.weight(task) for task in "xy"] == [2.0, 0.5]
    weighed = weighting.weigh("y", loss_of(weighting, 1.0))
    assert weighed.item() == pytest.approx(0.5)


@pytest.mark.parametrize("name", ["uncertainty", "gradient_norm"])
def test_weightings_go_on_from_their_state(build, name):
    first, second = build(name), build(name)
    values = np.random.default_rng(0).random(2)
    for log_variance, value in zip(
        getattr(first, "log_variances", {}).values(), values, strict=False
    ):
        log_variance.data.fill_(value)
    for _ in range(3):
        for task, slope in (("x", 1.0), ("y", 5.0)):
            first.weigh(task, loss_of(first, slope))
        first.step()
    assert first.metrics() != second.metrics()

    second.load({key: tensor.clone() for key, tensor in first.state().items()})

    assert second.metrics() == first.metrics()


@pytest.mark.parametrize("name", ["uncertainty", "gradient_norm"])
def test_weights_of_a_single_task_are_not_to_be_learnt(build, name):
    with pytest.raises(ConfigurationError, match=rf"weighting is {name}, but x is the only task"):
        build(name, weights=(1.0,))


def test_uncertainty_is_smallest_where_the_variance_is_twice_the_loss(build):
    weighting = build("uncertainty")
    optimiser = torch.optim.SGD([weight for weight, _ in weighting.trained()], lr=0.2)
    losses = {"x": 0.25, "y": 2.0}

    for _ in range(300):
        optimiser.zero_grad()
        sum(weighting.weigh(task, torch.tensor(loss)) for task, loss in losses.items()).backward()
        optimiser.step()

    metrics = weighting.metrics()
    assert metrics["x/log_variance"] == pytest.approx(math.log(0.5), abs=1e-3)
    assert metrics["y/log_variance"] == pytest.approx(math.log(4.0), abs=1e-3)
    assert weighting.weight("x") * 0.25 == pytest.approx(weighting.weight("y") * 2.0, abs=1e-3)


def test_uncertainty_learns_from_each_step_alone(build):
    weighting = build("uncertainty")
    weighting.weigh("x", torch.tensor(2.0)).backward()
    assert all(weight.grad is not None for weight, _ in weighting.trained()[:1])

    weighting.step()

    assert all(weight.grad is None for weight, _ in weighting.trained())


def test_gradient_norm_has_all_tasks_pull_alike(build):
    weighting = build("gradient_norm", step_size=0.01, asymmetry=0.0, averaged_batches=1)

    for _ in range(400):
        weighting.weigh("x", loss_of(weighting, 1.0))
        weighting.weigh("y", loss_of(weighting, 4.0))
        weighting.step()

    # w_x · 1 = w_y · 4, and they sum to 2.
    assert weighting.weight("x") == pytest.approx(1.6, abs=0.03)
    assert weighting.weight("y") == pytest.approx(0.4, abs=0.03)


def test_gradient_norm_has_the_task_that_learns_slowly_pull_harder(build):
    weighting = build("gradient_norm", step_size=0.01, asymmetry=1.0, averaged_batches=1)

    for step in range(400):
        weighting.weigh("x", loss_of(weighting, 1.0))
        weighting.weigh("y", loss_of(weighting, 1.0, value=1.0 if step == 0 else 1 / 3))
        weighting.step()

    # Rates 1 and 1/3 are 1.5 and 0.5 by their mean, and the gradients are alike.
    assert weighting.weight("x") == pytest.approx(1.5, abs=0.03)


def test_gradient_norm_waits_for_the_first_batches_of_every_task(build):
    weighting = build("gradient_norm", averaged_batches=2)

    for task in "xxxy":
        weighting.weigh(task, loss_of(weighting, 2.0))
        weighting.step()

    assert weighting.weight("x") == 1


def test_gradient_is_measured_in_the_last_matrix_of_the_top_layer(network):
    assert last_shared(network) is network.backbone.encoder.layer[1].output.dense.weight


def test_gradient_norm_without_trained_layers_says_how_to_mend(build, network):
    network.backbone.requires_grad_(False)

    with pytest.raises(ConfigurationError, match=r"gradient_norm, but no layer .* is trained"):
        build("gradient_norm")


def test_gradient_norm_of_a_compiled_network_says_how_to_mend(training_parameters):
    values = training_parameters().multitask.model_dump() | {"weighting": "gradient_norm"}
    with pytest.raises(
        ValidationError, match=r"compile is true, and multitask\.weighting is gradi"
    ):
        training_parameters(multitask=values, compile=True)


def test_unknown_weighting_names_the_near_one(training_parameters):
    values = training_parameters().multitask.model_dump() | {"weighting": "uncertaint"}
    with pytest.raises(ValidationError, match="'uncertaint'; did you mean 'uncertainty'"):
        training_parameters(multitask=values)


@pytest.fixture
def step_of(features, vocabulary, tiny_encoder, training_parameters, tmp_path):
    """The gradient that the optimiser gets of a step, by the weights of two tasks."""

    def step(plan, *, weights, batches="interleaved", max_norm=1.0):
        entries = {
            name: {**ENTRY, "labels": ["negative", "neutral", "positive"], "loss_weight": weight}
            for name, weight in weights.items()
        }
        tasks = build_tasks(TasksParameters.model_validate(entries))
        values = training_parameters().model_dump()
        values["multitask"]["batches"] = batches
        values["optimiser"]["max_gradient_norm"] = max_norm
        values["regularisation"] |= {"encoder_dropout": 0.0, "head_dropout": 0.0}
        parameters = type(training_parameters()).model_validate(values)
        torch.manual_seed(0)
        network = prepare_network(tiny_encoder, tasks, vocabulary=vocabulary, parameters=parameters)
        for head in network.heads.values():
            torch.nn.init.normal_(head.classifier.weight, std=2.0)
        trainer = build_trainer(
            network,
            [[PlannedBatch(task, np.array(rows)) for task, rows in plan]],
            features=dict.fromkeys(weights, features["sentiment"]),
            tokenizer=tiny_encoder.load_tokenizer(),
            parameters=parameters,
            folder=tmp_path,
        )
        trainer.current_gradient_accumulation_steps = trainer.args.gradient_accumulation_steps
        for index in range(len(plan)):
            trainer.training_step(trainer.network, trainer.planned[index])
        norm = trainer._clip_grad_norm(trainer.network)
        weight = trainer.network.backbone.encoder.layer[1].output.dense.weight
        return norm.item(), weight.grad.clone()

    return step


@pytest.mark.parametrize("max_norm", [1e-3, 1e3])
def test_a_step_of_one_task_is_as_large_as_its_weight_also_where_it_is_clipped(step_of, max_norm):
    plan = [("x", [0, 1, 2])]
    norm, plain = step_of(plan, weights={"x": 1.0, "y": 1.0}, max_norm=max_norm)
    _, heavy = step_of(plan, weights={"x": 5.0, "y": 1.0}, max_norm=max_norm)

    assert (norm > max_norm) == (max_norm < 1)
    torch.testing.assert_close(heavy, 5 * plain)


def test_a_mixed_step_has_the_gradient_of_the_weighted_sum(step_of):
    weights = {"x": 3.0, "y": 0.5}
    _, x = step_of([("x", [0, 1, 2])], weights=weights, max_norm=1e6)
    _, y = step_of([("y", [6])], weights=weights, max_norm=1e6)
    plan = [("x", [0, 1, 2]), ("y", [6])]

    _, both = step_of(plan, weights=weights, max_norm=1e6, batches="mixed")

    # The mean over the tasks; each task counts by its weight, and not by the rows of its batch.
    torch.testing.assert_close(2 * both, x + y)
