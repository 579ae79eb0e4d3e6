import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from ccnlp.training.batches import (
    TaskRows,
    cut_into_batches,
    draw_epoch,
    plan_epochs,
)
from ccnlp.training.multitask_parameters import MultitaskParameters
from ccnlp.training.parameters import BatchParameters, MixtureParameters

BATCHES = BatchParameters(examples=2, tokens=100, window=10, accumulation_steps=1)
EVEN = MixtureParameters(groups=("corpus",), temperature=1)


def multitask(**values: object) -> MultitaskParameters:
    others = {
        "batches": "interleaved",
        "temperature": 1,
        "weighting": "fixed",
        "uncertainty": {"learning_rate": 0.1},
        "gradient_norm": {"step_size": 0.1, "asymmetry": 1, "averaged_batches": 1},
    }
    return MultitaskParameters.model_validate({**others, **values})


INTERLEAVED = multitask()
MIXED = multitask(batches="mixed")


def mixture(temperature: float) -> MixtureParameters:
    return EVEN.model_copy(update={"temperature": temperature})


def task_rows(groups: list[str], lengths: list[int] | None = None, weight: float = 1.0) -> TaskRows:
    size = len(groups)
    return TaskRows(
        rows=np.arange(size) + 10,
        ids=pa.chunked_array([[f"{row:016x}" for row in range(size)]]),
        lengths=np.array(lengths or [5] * size),
        groups=np.array(groups, dtype=object),
        weights=np.full(size, weight),
    )


def test_plan_epochs_without_temperature_has_each_row_once_an_epoch():
    rows = {"a": task_rows(["x"] * 3 + ["y"] * 2), "b": task_rows(["z"] * 4)}

    plan = plan_epochs(
        rows, num_epochs=2, mixture=EVEN, multitask=INTERLEAVED, batches=BATCHES, seed=1
    )

    for epoch in plan:
        for task, size in (("a", 5), ("b", 4)):
            seen = np.concatenate([batch.rows for batch in epoch if batch.task == task])
            assert sorted(seen) == list(range(10, 10 + size))


@pytest.mark.parametrize("num_batches", [1, 7, 11, 30])
def test_plan_epochs_with_a_number_of_batches_is_cut_or_goes_on(num_batches):
    rows = {"a": task_rows(["x"] * 20)}
    common = {"mixture": EVEN, "multitask": INTERLEAVED, "batches": BATCHES, "seed": 1}

    plan = plan_epochs(rows, num_epochs=2, num_batches=num_batches, **common)

    batches = [batch.rows.tolist() for epoch in plan for batch in epoch]
    long = [b.rows.tolist() for epoch in plan_epochs(rows, num_epochs=30, **common) for b in epoch]
    assert batches == long[:num_batches]


def test_plan_epochs_is_a_function_of_the_seed():
    rows = {"a": task_rows(["x"] * 20)}

    def flat(seed: int) -> list[list[int]]:
        plan = plan_epochs(
            rows, num_epochs=2, mixture=EVEN, multitask=INTERLEAVED, batches=BATCHES, seed=seed
        )
        return [batch.rows.tolist() for epoch in plan for batch in epoch]

    assert flat(3) == flat(3)
    assert flat(3) != flat(4)


def test_draw_epoch_with_temperature_evens_out_the_corpora():
    # Sizes 1 and 16: at temperature 2 their shares are as 1 to 4, so 17 rows are 3 and 14.
    rows = {"a": task_rows(["small"] + ["large"] * 16)}

    drawn = draw_epoch(rows, mixture(2), np.random.default_rng(0))["a"]

    assert np.count_nonzero(drawn == 0) == 3
    assert len(drawn) == 17
    assert len(set(drawn) - {0}) == 14


def test_draw_epoch_at_an_infinite_temperature_draws_all_groups_alike():
    rows = task_rows(["small"] * 2 + ["large"] * 10)

    drawn = draw_epoch({"a": rows}, mixture(np.inf), np.random.default_rng(0))["a"]

    counts = np.bincount(drawn, minlength=12)
    assert counts[:2].tolist() == [3, 3]
    assert sorted(counts[2:]) == [0, 0, 0, 0, 1, 1, 1, 1, 1, 1]


def test_draw_epoch_at_an_infinite_temperature_keeps_the_weights_within_a_group():
    rows = task_rows(["x"] * 4 + ["y"] * 4)
    rows.weights[:2] = 3.0

    drawn = draw_epoch({"a": rows}, mixture(np.inf), np.random.default_rng(0))["a"]

    assert (drawn < 4).sum() == 4
    assert (drawn < 2).sum() == 3


@pytest.mark.parametrize(
    ("lengths", "tokens", "expected"),
    [
        ([3, 3, 3, 3], 100, [[3, 3], [3, 3]]),  # two examples at most
        ([4, 9, 9, 2], 16, [[2, 4], [9], [9]]),  # 2 x 9 exceeds 16 tokens
        ([50], 16, [[50]]),  # one that is too long is a batch of its own
    ],
)
def test_cut_into_batches_keeps_within_both_limits(lengths, tokens, expected):
    parameters = BatchParameters(examples=2, tokens=tokens, window=10, accumulation_steps=1)
    sizes = np.array(lengths)

    batches = cut_into_batches(np.arange(len(sizes)), sizes, parameters, np.random.default_rng(0))

    assert sorted(sorted(sizes[batch].tolist()) for batch in batches) == expected


def test_draw_epoch_draws_rows_of_a_corpus_as_often_as_their_weights_say():
    rows = task_rows(["x"] * 4)
    rows.weights[:] = [4.0, 2.0, 1.0, 1.0]

    drawn = draw_epoch({"a": rows}, EVEN, np.random.default_rng(0))["a"]

    counts = np.bincount(drawn, minlength=4)
    assert counts.sum() == 4
    assert counts[:2].tolist() == [2, 1]


def test_draw_epoch_takes_weights_of_rows_and_of_corpora_alike():
    rows = task_rows(["x"] * 10 + ["y"] * 10)
    rows.weights[:10] = 3.0

    drawn = draw_epoch({"a": rows}, EVEN, np.random.default_rng(0))["a"]

    assert (drawn < 10).sum() == 15
    assert sorted(set(drawn[drawn < 10])) == list(range(10))


def test_draw_epoch_draws_tasks_by_their_rows_to_the_power_of_their_temperature():
    # 1 and 16 rows: at temperature 2 their shares are as 1 to 4, so 17 rows are 3 and 14.
    rows = {"small": task_rows(["x"]), "large": task_rows(["x"] * 16)}

    def sizes(**temperature: float) -> list[int]:
        drawn = draw_epoch(rows, EVEN, np.random.default_rng(0), **temperature)
        return [len(drawn["small"]), len(drawn["large"])]

    assert sizes() == [1, 16]
    assert sizes(task_temperature=2.0) == [3, 14]
    assert sum(sizes(task_temperature=np.inf)) == 17
    assert abs(np.subtract(*sizes(task_temperature=np.inf))) == 1


def test_temperature_of_groups_leaves_the_shares_of_tasks():
    rows = {"a": task_rows(["x"] * 2 + ["y"] * 8), "b": task_rows(["z"] * 10)}

    drawn = draw_epoch(rows, mixture(np.inf), np.random.default_rng(0))

    assert [len(drawn["a"]), len(drawn["b"])] == [10, 10]
    assert (drawn["a"] < 2).sum() == 5


def test_mixed_epochs_hold_rounds_of_one_batch_of_every_task():
    rows = {"large": task_rows(["x"] * 20), "small": task_rows(["z"] * 6)}

    epochs = plan_epochs(rows, num_epochs=3, mixture=EVEN, multitask=MIXED, batches=BATCHES, seed=1)

    # 10 and 3 batches a pass are 13, which are 7 rounds of two.
    assert [[batch.task for batch in epoch] for epoch in epochs] == [["large", "small"] * 7] * 3
    batches = [batch for epoch in epochs for batch in epoch]
    large, small = (
        np.concatenate([batch.rows for batch in batches if batch.task == task]) - 10
        for task in rows
    )
    assert sorted(large[:20]) == sorted(large[20:40]) == list(range(20))
    assert np.bincount(small).tolist() == [7] * 6
    cut = plan_epochs(
        rows, num_epochs=1, num_batches=16, mixture=EVEN, multitask=MIXED, batches=BATCHES, seed=1
    )
    flat = [batch.rows.tolist() for epoch in cut for batch in epoch]
    assert flat == [batch.rows.tolist() for batch in batches[:16]]


def test_mixed_with_a_temperature_says_how_to_mend():
    with pytest.raises(ValidationError, match=r"temperature is 2\.0, but mixed .* set it to 1"):
        multitask(batches="mixed", temperature=2)
