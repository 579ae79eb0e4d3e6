import logging

import numpy as np
import pyarrow as pa
import pytest

from ccnlp import progress
from ccnlp.training.batches import PlannedBatch, TaskRows
from ccnlp.training.repetitions import (
    count_repetitions,
    report_repetitions,
    warn_of_long_rows,
)


def task_rows(groups: list[str], ids: str | None = None) -> TaskRows:
    size = len(groups)
    return TaskRows(
        rows=np.arange(size) + 10,
        ids=pa.chunked_array([ids or [f"{row:016x}" for row in range(size)]]),
        lengths=np.full(size, 5),
        groups=np.array(groups, dtype=object),
        weights=np.ones(size),
    )


def plan_of(*epochs: list[int]) -> list[list[PlannedBatch]]:
    return [[PlannedBatch("t", np.array(rows) + 10)] for rows in epochs]


@pytest.fixture
def report(caplog):
    """What a plan tells: the log, and the metrics."""

    def report(plan, tasks):
        heard = []
        with progress.listening(heard.append), caplog.at_level(logging.INFO):
            report_repetitions(plan, tasks)
        return caplog.text, {name: value for event in heard for name, value in event.values.items()}

    return report


def test_repetitions_are_draws_of_a_row_an_epoch():
    tasks = {"t": task_rows(["large", "large", "small", "large"])}

    table = count_repetitions(plan_of([2, 2, 2, 0], [2, 2, 1, 3]), tasks)

    assert table.to_dict("list") == {
        "task": ["t", "t"],
        "group": ["small", "large"],
        "num_rows": [1, 3],
        "num_examples": [1, 3],
        "per_epoch": [2.5, 0.5],
    }


def test_repetitions_are_told_by_group(report):
    log, metrics = report(plan_of([2, 2, 2, 0]), {"t": task_rows(["l", "l", "s", "l"])})

    assert "an epoch of t draws each row of s 3.00 times (1 rows), l 0.33 times (3 rows)" in log
    assert metrics == {
        "training/draws_per_epoch/t/s": 3.0,
        "training/draws_per_epoch/t/l": pytest.approx(1 / 3),
    }


def test_windows_are_not_told_as_rows(report):
    log, _ = report(plan_of([2, 2, 2, 0]), {"t": task_rows(["l", "l", "s", "l"], ids="aabc")})

    assert "an epoch of t draws each window of s 3.00 times (1 windows of 1 rows), l 0.33 " in log
    assert "l 0.33 times (3 windows of 2 rows)" in log


def warnings_of(ids: str, caplog) -> list[str]:
    warn_of_long_rows({"t": task_rows(["l"] * len(ids), ids=ids)})
    return [record.message for record in caplog.records]


def test_row_with_a_large_share_of_the_windows_is_told(caplog):
    (warning,) = warnings_of("abcd" + "e" * 12, caplog)

    assert warning == (
        "training: 12 of the 16 windows of t are of one row (example e), which weighs 75 % of the "
        "task; a larger tokenisation.max_length_tokens or a shorter text evens it out"
    )


@pytest.mark.parametrize(
    "ids",
    [
        "abcdefgh",  # no windows
        "aabbccdd",  # of few rows each has a large share
        "abcd" + "e" * 9,  # nine times the others
        "".join(map(chr, range(100, 300))) + "e" * 12,  # a small share of many
    ],
)
def test_rows_of_like_shares_are_not_told(ids, caplog):
    assert warnings_of(ids, caplog) == []


def test_a_group_that_is_never_drawn_is_told(report):
    log, _ = report(plan_of([0, 0]), {"t": task_rows(["l", "s"])})

    assert "the mixture of t draws no row of s; raise training.mixture.temperature" in log


def test_rows_that_come_once_an_epoch_are_not_told(report):
    assert report(plan_of([0, 1]), {"t": task_rows(["l", "s"])}) == ("", {})
