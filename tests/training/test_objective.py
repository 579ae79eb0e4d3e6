"""One contract for every registered objective, and what each makes small."""

import math

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from ccnlp.errors import ConfigurationError
from ccnlp.training.group_weighting import GroupLosses
from ccnlp.training.groups import TrainedGroups
from ccnlp.training.objective import (
    OBJECTIVES,
    build_objectives,
    check_several,
    load_state,
    state_of,
)
from ccnlp.training.parameters import ObjectiveParameters

WEIGHING = ["group_dro", "fairness_penalty"]


def parameters(name: str, *, step_size=0.1, adjustment=0.0, weight=1.0, averaged_rows=16):
    return ObjectiveParameters.model_validate(
        {
            "name": name,
            "groups": ["language"],
            "averaged_rows": averaged_rows,
            "group_dro": {"step_size": step_size, "adjustment": adjustment},
            "fairness_penalty": {"weight": weight},
        }
    )


def groups_of(**sizes: int) -> TrainedGroups:
    names = np.repeat(np.array(list(sizes), dtype=object), list(sizes.values()))
    return TrainedGroups.of(names, [np.arange(len(names))])


def build(name: str, sizes=None, **options):
    groups = groups_of(**(sizes or {"am": 1, "es": 3}))
    return build_objectives({"t": groups}, parameters(name, **options))["t"]


def rows(*losses: float) -> torch.Tensor:
    return torch.tensor(losses, requires_grad=True)


@pytest.fixture(params=list(OBJECTIVES))
def objective(request):
    return build(request.param)


AS_DRAWN = torch.tensor([0, 1, 1, 1])
"""Groups of rows in the shares that the plan draws."""


def learn(objective, steps: int = 5) -> None:
    for step in range(steps):
        objective.loss(rows(1.0 + step, 0.5, 0.2, 0.1), AS_DRAWN)
        objective.step()


def test_objective_of_equal_losses_is_that_loss(objective):
    learn(objective)

    loss = objective.loss(rows(2.0, 2.0, 2.0, 2.0), AS_DRAWN)

    assert loss.ndim == 0
    assert loss.item() == pytest.approx(2.0)


def test_objective_does_not_depend_on_how_rows_fall_into_batches(objective):
    learn(objective)
    losses = rows(3.0, 2.0, 1.0, 4.0)

    whole = objective.loss(losses, AS_DRAWN).item()
    parts = [objective.loss(losses[i : i + 1], AS_DRAWN[i : i + 1]).item() for i in range(4)]

    assert np.mean(parts) == pytest.approx(whole)


def test_objective_goes_on_from_its_state(objective):
    learn(objective)
    again = {"t": build(next(n for n in OBJECTIVES if isinstance(objective, OBJECTIVES.get(n))))}
    load_state(again, {name: value.clone() for name, value in state_of({"t": objective}).items()})
    learn(objective)
    learn(again["t"])

    assert again["t"].metrics() == objective.metrics()
    losses = rows(3.0, 2.0, 1.0, 4.0)
    assert again["t"].loss(losses, AS_DRAWN).item() == objective.loss(losses, AS_DRAWN).item()


def test_objective_keeps_the_precision_of_the_losses(objective):
    losses = torch.ones(4, requires_grad=True)

    loss = objective.loss(losses, AS_DRAWN)
    loss.backward()

    assert loss.dtype == losses.grad.dtype == torch.float32


def test_state_of_several_tasks_is_kept_apart():
    groups = groups_of(am=1, es=3)
    tasks = {"a": groups, "a b": groups_of(am=1, es=1, zu=1)}
    objectives = build_objectives(tasks, parameters("group_dro"))
    learn(objectives["a"])
    again = build_objectives(tasks, parameters("group_dro"))

    load_state(again, state_of(objectives))

    assert again["a"].metrics() == objectives["a"].metrics()
    assert again["a b"].weights.tolist() == pytest.approx([1 / 3] * 3)


def test_average_learns_nothing():
    objective = build("average")
    learn(objective)

    assert not objective.state()
    assert not objective.metrics()
    assert objective.loss(rows(1.0, 2.0, 3.0, 6.0), AS_DRAWN).item() == 3.0


def test_group_losses_are_averages_that_forget_by_rows():
    losses = GroupLosses(2, num_rows=2)  # a row keeps half of what was before it
    losses.add(torch.tensor([1.0]), torch.tensor([0]))
    losses.step()
    assert losses.means.tolist() == [1.0, 1.0]  # of the other nothing is known

    losses.add(torch.tensor([3.0, 2.0]), torch.tensor([0, 1]))
    losses.step()
    # (1/4 · 1 + 1/2 · 3) / (1/4 + 1/2)
    assert losses.means.tolist() == pytest.approx([7 / 3, 2.0])

    losses.add(torch.tensor([4.0, 0.0]), torch.tensor([1, 1]))
    losses.step()
    # Two rows keep a quarter: (1/2 · 1/4 · 2 + 3/4 · 2) / (1/2 · 1/4 + 3/4)
    assert losses.means.tolist() == pytest.approx([7 / 3, 2.0])


def test_group_losses_of_batches_of_a_step_are_those_of_one_batch():
    parts, whole = GroupLosses(2, num_rows=8), GroupLosses(2, num_rows=8)
    losses, groups = torch.tensor([1.0, 2.0, 5.0]), torch.tensor([0, 1, 0])
    for i in range(3):
        parts.add(losses[i : i + 1], groups[i : i + 1])
    whole.add(losses, groups)
    parts.step()
    whole.step()

    torch.testing.assert_close(parts.means, whole.means)


def test_group_dro_starts_with_all_groups_alike():
    # Of a row of `am`, of which a quarter is drawn, twice its loss; of one of `es`, two thirds.
    loss = build("group_dro").loss(rows(1.0, 0.0, 0.0, 3.0), AS_DRAWN)

    assert loss.item() == pytest.approx((2 * 1.0 + 2 / 3 * 3.0) / 4)


def test_group_dro_follows_the_losses_exponentially():
    objective = build("group_dro", step_size=1.0)
    objective.loss(rows(2.0, 1.0, 1.0, 1.0), AS_DRAWN)
    objective.step()

    weight = math.e / (1 + math.e)  # e² and e to their sum
    assert objective.weights.tolist() == pytest.approx([weight, 1 - weight])
    assert objective.metrics() == {
        "group_weight/am": pytest.approx(weight),
        "group_weight/es": pytest.approx(1 - weight),
        "group_loss/am": pytest.approx(2.0),
        "group_loss/es": pytest.approx(1.0),
    }


def test_group_dro_adds_its_adjustment_to_small_groups():
    objective = build("group_dro", {"am": 4, "es": 16}, step_size=1.0, adjustment=4.0)
    objective.loss(rows(1.0, 1.0), torch.tensor([0, 1]))
    objective.step()

    weight = math.e / (1 + math.e)  # 4 / √4 is above 4 / √16 by 1
    assert objective.weights.tolist() == pytest.approx([weight, 1 - weight])


def test_group_dro_lets_a_group_rise_from_next_to_nothing():
    objective = build("group_dro", step_size=1.0, averaged_rows=2)
    for _ in range(2000):
        objective.loss(rows(9.0, 0.0), torch.tensor([1, 0]))
        objective.step()
    for _ in range(2000):
        objective.loss(rows(0.0, 9.0), torch.tensor([1, 0]))
        objective.step()

    assert objective.weights.tolist() == pytest.approx([1.0, 0.0])


def test_fairness_penalty_adds_the_gradient_of_the_variance():
    objective = build("fairness_penalty", weight=0.5)
    objective.loss(rows(3.0, 1.0, 1.0, 1.0), AS_DRAWN)
    objective.step()

    # The shares, plus 2 λ / 2 times 1 above and 1 below the mean of 3 and 1.
    assert objective.weights.tolist() == pytest.approx([0.25 + 0.5, 0.75 - 0.5])


def test_fairness_penalty_has_the_gradient_of_what_it_is_named_for():
    parameter = torch.tensor(0.3, requires_grad=True)
    targets = torch.tensor([1.0, 0.0, -0.5, 0.2])
    objective = build("fairness_penalty", weight=0.7)
    objective.loss((parameter - targets) ** 2, AS_DRAWN)
    objective.step()
    objective.loss((parameter - targets) ** 2, AS_DRAWN).backward()

    expected = parameter.detach().requires_grad_()
    losses = (expected - targets) ** 2
    by_group = torch.stack([losses[:1].mean(), losses[1:].mean()])
    (losses.mean() + 0.7 * by_group.var(correction=0)).backward()
    torch.testing.assert_close(parameter.grad, expected.grad)


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("average", {}, 0.1),
        ("group_dro", {"step_size": 0.02}, 0.5),
        # 0.9 θ² + 0.1 (1 − θ)² + λ (θ − 1/2)² is least at (0.2 + λ) / (2 + 2 λ).
        ("fairness_penalty", {"weight": 1.0}, 0.3),
    ],
)
def test_objective_is_made_small_by_batches_of_two_rows(name, options, expected):
    """Nine rows want 0 and one wants 1; most batches hold none of it."""
    targets, groups = torch.tensor([0.0] * 9 + [1.0]), torch.tensor([0] * 9 + [1])
    objective = build(name, {"large": 9, "small": 1}, averaged_rows=4, **options)
    parameter = torch.zeros((), requires_grad=True)
    optimiser = torch.optim.SGD([parameter], lr=0.005)
    generator = torch.Generator().manual_seed(0)
    latest = []
    for step in range(1500):
        if step % 5 == 0:
            order = torch.randperm(10, generator=generator)
        batch = order[step % 5 * 2 :][:2]
        optimiser.zero_grad()
        objective.loss((parameter - targets[batch]) ** 2, groups[batch]).backward()
        optimiser.step()
        objective.step()
        latest.append(parameter.item())

    assert np.mean(latest[-500:]) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("name", WEIGHING)
def test_objective_without_groups_to_weigh_says_how_to_mend(name):
    with pytest.raises(
        ConfigurationError,
        match=rf"objective is {name}, but by language the training rows are one group; name other "
        r"columns in training\.objective\.groups, or take average .*training\.yml",
    ):
        build(name, {"en": 5})


@pytest.mark.parametrize("groups", [{}, {"a": ()}, {"a": (), "b": ()}])
def test_objective_without_any_train_rows_says_so(groups):
    with pytest.raises(
        ConfigurationError,
        match=r"objective is group_dro, but no task has train rows, .*parameters/corpora\.yml",
    ):
        check_several(groups, parameters("group_dro"))


def test_objective_tells_of_the_task_whose_rows_are_one_group(caplog):
    tasks = {"a": groups_of(en=5), "b": groups_of(en=5, es=5)}

    with caplog.at_level("WARNING"):
        objectives = build_objectives(tasks, parameters("group_dro"))

    assert "group_dro has nothing to weigh in 'a': its rows are one group by language, 'en'" in (
        caplog.text
    )
    loss = objectives["a"].loss(rows(1.0, 3.0), torch.tensor([0, 0]))
    assert loss.item() == pytest.approx(2.0)


@pytest.mark.parametrize("name", list(OBJECTIVES))
def test_a_task_of_which_no_row_is_drawn_has_no_objective(name):
    never = TrainedGroups.of(np.array(["en", "es"], dtype=object), [])

    objectives = build_objectives({"a": never, "b": groups_of(en=5, es=5)}, parameters(name))

    assert list(objectives) == ["b"]


def test_average_of_one_group_is_no_mistake(caplog):
    build("average", {"en": 5})

    assert not caplog.text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "group_dor"}, r"unknown objective 'group_dor'; did you mean 'group_dro'.*yml"),
        ({"step_size": 0.0}, "greater than 0"),
        ({"step_size": 1.5}, "less than or equal to 1"),
        ({"adjustment": -1.0}, "greater than or equal to 0"),
        ({"adjustment": math.inf}, "finite number"),
        ({"weight": 0.0}, "greater than 0"),
        ({"weight": math.inf}, "finite number"),
        ({"averaged_rows": 1}, "greater than or equal to 2"),
    ],
)
def test_objectives_out_of_range_are_refused(options, message):
    with pytest.raises(ValidationError, match=message):
        parameters(**{"name": "group_dro", **options})
