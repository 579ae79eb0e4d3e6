"""The plan of a training run: which rows form which batch, as a pure function of the seed."""

import math
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ccnlp.training.groups import GroupNames, Rows
from ccnlp.training.multitask_parameters import MultitaskParameters
from ccnlp.training.parameters import BatchParameters, MixtureParameters


@dataclass(frozen=True)
class PlannedBatch:
    """One batch: rows of one task's features."""

    task: str
    rows: Rows


@dataclass(frozen=True)
class TaskRows:
    """The training rows of one task, as the plan sees them; all arrays have shape (rows,).

    Attributes:
        rows: positions in the task's features; of a task that reads rows in windows, each window
            is one.
        ids: of the example that each row is, or is a window of.
        lengths: tokens of each row.
        groups: name of each row's group in the mixture, such as its corpus.
        weights: weight of each row's corpus in the mixture.
    """

    rows: Rows
    ids: pa.ChunkedArray
    lengths: Rows
    groups: GroupNames
    weights: npt.NDArray[np.float64]


def plan_epochs(
    tasks: Mapping[str, TaskRows],
    *,
    num_epochs: int,
    num_batches: int | None = None,
    mixture: MixtureParameters,
    multitask: MultitaskParameters,
    batches: BatchParameters,
    seed: int,
) -> list[list[PlannedBatch]]:
    """The batches of each epoch, in the order of training; each batch is of one task.

    With `num_batches` there are as many epochs as these take, and the last one is cut.

    Interleaved, every epoch has as many rows as the groups have together. Without a temperature or
    weights each row comes once an epoch; else a task or group is drawn more or less often, its rows
    still evenly. Mixed, every task has as many batches: see `mixed_epochs`.
    """
    generator = np.random.default_rng(seed)
    if multitask.batches == "mixed":
        epoch_draws = mixed_epochs(tasks, mixture, batches, generator)
    else:
        epoch_draws = interleaved_epochs(tasks, mixture, multitask, batches, generator)
    if num_batches is None:
        return [next(epoch_draws) for _ in range(num_epochs)]
    epochs: list[list[PlannedBatch]] = []
    num_missing = num_batches
    while num_missing > 0:
        epochs.append(next(epoch_draws)[:num_missing])
        num_missing -= len(epochs[-1])
    return epochs


def interleaved_epochs(
    tasks: Mapping[str, TaskRows],
    mixture: MixtureParameters,
    multitask: MultitaskParameters,
    batches: BatchParameters,
    generator: np.random.Generator,
) -> Iterator[list[PlannedBatch]]:
    """Epochs without end; the batches of all tasks are shuffled together."""
    while True:
        drawn_rows = draw_epoch(tasks, mixture, generator, task_temperature=multitask.temperature)
        epoch = [
            batch
            for task, row_indices in drawn_rows.items()
            for batch in _plan_batches(task, tasks[task], row_indices, batches, generator)
        ]
        yield [epoch[i] for i in generator.permutation(len(epoch))]


def mixed_epochs(
    tasks: Mapping[str, TaskRows],
    mixture: MixtureParameters,
    batches: BatchParameters,
    generator: np.random.Generator,
) -> Iterator[list[PlannedBatch]]:
    """Epochs without end, of rounds that hold one batch of every task.

    An epoch has as many batches as one pass over the rows of all tasks, rounded up to whole rounds.
    A task whose batches are used up goes on with its next pass: a small one is repeated, and a
    large one goes on in the next epoch where it stopped.
    """

    def draw_pass(task: str) -> deque[PlannedBatch]:
        task_rows = tasks[task]
        row_indices = draw_epoch({task: task_rows}, mixture, generator)[task]
        return deque(_plan_batches(task, task_rows, row_indices, batches, generator))

    waiting = {task: draw_pass(task) for task in tasks}
    num_rounds = math.ceil(sum(map(len, waiting.values())) / len(tasks))
    while True:
        epoch = []
        for _ in range(num_rounds):
            for task in tasks:
                waiting[task] = waiting[task] or draw_pass(task)
                epoch.append(waiting[task].popleft())
        yield epoch


def _plan_batches(
    task: str,
    task_rows: TaskRows,
    row_indices: Rows,
    batches: BatchParameters,
    generator: np.random.Generator,
) -> list[PlannedBatch]:
    index_batches = cut_into_batches(row_indices, task_rows.lengths, batches, generator)
    return [PlannedBatch(task, task_rows.rows[indices]) for indices in index_batches]


def draw_epoch(
    tasks: Mapping[str, TaskRows],
    mixture: MixtureParameters,
    generator: np.random.Generator,
    *,
    task_temperature: float = 1.0,
) -> dict[str, Rows]:
    """Indices into each task's rows for one epoch, shuffled, by the shares of tasks and groups.

    Of a task, a group of mass m is drawn with probability p ∝ m^(1/T) (Arivazhagan et al. 2019,
    where T is the temperature; Conneau and Lample 2019, section 3.1, write α for 1/T); at T = ∞ all
    are drawn alike. The tasks share the epoch by their own masses and temperature (Raffel et al.
    2020, section 3.5.2).
    """
    groups = {
        (task, group): np.flatnonzero(rows.groups == group)
        for task, rows in tasks.items()
        for group in sorted(set(rows.groups))
    }
    group_tasks = np.array([task for task, _ in groups], dtype=object)
    masses = np.array([tasks[task].weights[group].sum() for (task, _), group in groups.items()])
    shares = masses ** (1 / mixture.temperature)
    task_masses = {
        task: masses[group_tasks == task].sum() ** (1 / task_temperature) for task in tasks
    }
    for task, task_mass in task_masses.items():
        is_of_task = group_tasks == task
        task_share = task_mass / sum(task_masses.values())
        shares[is_of_task] = shares[is_of_task] / shares[is_of_task].sum() * task_share
    sizes = _round_to_total(shares, sum(map(len, groups.values())))
    drawn_rows: dict[str, list[Rows]] = {task: [] for task in tasks}
    for ((task, _), group), size in zip(groups.items(), sizes, strict=True):
        drawn_rows[task].append(_draw_rows(group, tasks[task].weights[group], int(size), generator))
    return {
        task: generator.permutation(np.concatenate(group_rows))
        for task, group_rows in drawn_rows.items()
    }


def _draw_rows(
    group: Rows, weights: npt.NDArray[np.float64], size: int, generator: np.random.Generator
) -> Rows:
    """So many of a group's rows, each as often as its weight says, up to one more or less."""
    expected = size * weights / weights.sum()
    copies = np.floor(expected + 1e-9).astype(np.int64)
    order = generator.permutation(len(group))
    remainders = np.maximum(expected - copies, 1e-12)[order]
    # What is left over goes to rows drawn with the odds of their remainders (Efraimidis and
    # Spirakis 2006); the position in the random order stands for a uniform random number.
    uniforms = 1 - (np.arange(len(group)) + 0.5) / len(group)
    extra = np.argsort(-np.log(uniforms) / remainders, kind="stable")[: size - int(copies.sum())]
    return np.concatenate([np.repeat(group, copies), group[order[extra]]])


def _round_to_total(shares: npt.NDArray[np.float64], total: int) -> Rows:
    """Whole numbers in the given shares that sum to `total`, the largest remainders rounded up."""
    exact = shares * total
    sizes = np.floor(exact + 1e-9).astype(np.int64)
    largest = np.argsort(sizes - exact, kind="stable")[: total - int(sizes.sum())]
    sizes[largest] += 1
    return sizes


def cut_into_batches(
    row_indices: Rows, lengths: Rows, parameters: BatchParameters, generator: np.random.Generator
) -> list[Rows]:
    """Batches of like length: windows of the shuffled rows are sorted by length, then cut.

    Sorting the whole epoch would put the same rows together every time; a window of some dozen
    batches has nearly all of the gain.
    """
    window_size = parameters.examples * parameters.window
    batches: list[Rows] = []
    for start in range(0, len(row_indices), window_size):
        rows = row_indices[start : start + window_size]
        if parameters.window > 1:
            rows = rows[np.argsort(lengths[rows], kind="stable")]
        batches += _cut_window(rows, lengths, parameters)
    return [batches[i] for i in generator.permutation(len(batches))]


def _cut_window(rows: Rows, lengths: Rows, parameters: BatchParameters) -> list[Rows]:
    batches: list[Rows] = []
    first = 0
    longest = 0
    for end, row in enumerate(rows):
        longest = max(longest, int(lengths[row]))
        size = end - first + 1
        is_full = size > parameters.examples or size * longest > parameters.tokens
        if is_full and size > 1:
            batches.append(rows[first:end])
            first, longest = end, int(lengths[row])
    if len(rows):
        batches.append(rows[first:])
    return batches
