import pytest
from kedro.pipeline import Node

from ccnlp.hooks.clock import NodeClock, Span, covered_seconds


def work(one):
    return one, one


NODE = Node(work, "one", ["two", "three"], name="work")
SAVES_NOTHING = Node(print, "one", None, name="show")


@pytest.fixture
def at(monkeypatch):
    """Sets the time, in seconds."""
    return lambda now: monkeypatch.setattr("ccnlp.hooks.clock.time.monotonic", lambda: now)


def test_node_runs_from_its_first_start_to_its_last_output(at):
    clock = NodeClock()
    at(1.0)
    clock.start(NODE)
    at(2.0)
    clock.start(NODE)
    at(4.0)
    assert clock.stop(NODE) is None
    assert clock.stop(NODE, saved="three") is None
    at(8.0)
    span = clock.stop(NODE, saved="two")
    assert span == Span(1.0, 8.0)
    assert span.seconds == 7.0


def test_node_that_saves_nothing_is_done_when_it_has_run(at):
    clock = NodeClock()
    at(1.0)
    clock.start(SAVES_NOTHING)
    at(3.0)
    assert clock.stop(SAVES_NOTHING) == Span(1.0, 3.0)


@pytest.mark.parametrize(
    ("spans", "seconds"),
    [
        ([], 0.0),
        ([Span(0, 1), Span(1, 3)], 3.0),
        ([Span(5, 6), Span(0, 2)], 3.0),
        ([Span(0, 3), Span(1, 4)], 4.0),
        ([Span(0, 9), Span(1, 2), Span(3, 4)], 9.0),
        ([Span(0, 1), Span(0, 2), Span(0, 2)], 2.0),
    ],
)
def test_seconds_in_which_a_node_ran_count_once(spans, seconds):
    assert covered_seconds(spans) == seconds
