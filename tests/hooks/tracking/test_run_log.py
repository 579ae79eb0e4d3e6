import logging
from typing import Any

import pytest

from ccnlp.hooks.tracking.run_log import RunLog
from ccnlp.hooks.tracking.secrets import Masker


class Store:
    """Takes what it is sent, and fails as often as it is told to."""

    def __init__(self, num_failures: int = 0) -> None:
        self.num_failures = num_failures
        self.batches: list[tuple[int, int]] = []
        self.metrics: list[tuple[str, float, int]] = []
        self.tags: dict[str, str] = {}

    def log_batch(self, run_id: str, metrics: Any = (), params: Any = (), tags: Any = ()) -> None:
        if self.num_failures:
            self.num_failures -= 1
            raise ConnectionError("the server at http://me:pass@host is away")
        self.batches.append((len(metrics), len(tags)))
        self.metrics += [(m.key, m.value, m.step) for m in metrics]
        self.tags |= {t.key: t.value for t in tags}


def make_log(store: Any) -> RunLog:
    return RunLog(store, "run", Masker(), 0.01)


def test_many_metrics_and_tags_are_sent_in_parts_the_store_takes():
    store = Store()
    log = make_log(store)
    for step in range(2500):
        log.metrics({"loss": 1.0}, step=step)
    log.tags({f"t{i}": "x" for i in range(150)})
    log.write()
    assert store.batches == [(1000, 100), (1000, 50), (500, 0)]
    assert [step for *_, step in store.metrics] == list(range(2500))


def test_failing_store_is_told_once_and_gets_everything_later(caplog):
    store = Store(num_failures=2)
    log = make_log(store)
    log.metrics({"a": 1.0})
    log.tags({"fact": "x"})
    with caplog.at_level(logging.WARNING):
        log.write()
        log.metrics({"b": 2.0})
        log.write()
    log.write()
    assert store.metrics == [("a", 1.0, 0), ("b", 2.0, 0)]
    assert store.tags == {"fact": "x"}
    (record,) = caplog.records
    assert "http://***@host is away" in record.getMessage()
    assert "the run goes on" in record.getMessage()


def test_closing_sends_what_waits():
    store = Store()
    log = make_log(store)
    log.start()
    log.metrics({"a": 1.0})
    log.close()
    assert ("a", 1.0, 0) in store.metrics


@pytest.mark.parametrize("value", [float("nan")])
def test_missing_number_is_left_out(value):
    store = Store()
    log = make_log(store)
    log.metrics({"a": value})
    log.write()
    assert store.batches == []
