import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from ccnlp.network import answer_within, is_reachable


@pytest.fixture(autouse=True)
def _nothing_is_known(monkeypatch) -> None:
    monkeypatch.setattr("ccnlp.network._reached", set())
    monkeypatch.setattr("ccnlp.network._away_until", {})
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A socket on the loopback that accepts and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_is_reachable_open_port(listener) -> None:
    assert is_reachable(f"http://127.0.0.1:{listener.getsockname()[1]}", 2.0)


def test_is_reachable_closed_port(listener) -> None:
    port = listener.getsockname()[1]
    listener.close()
    assert not is_reachable(f"http://127.0.0.1:{port}/closed", 2.0)


@pytest.mark.parametrize("variable", ["http_proxy", "all_proxy"])
@pytest.mark.parametrize("form", ["http://{}", "{}", "http://me:pass@{}", "me:pass@{}"])
def test_is_reachable_takes_a_proxy_with_and_without_scheme(
    listener, monkeypatch, variable, form
) -> None:
    monkeypatch.setenv(variable, form.format(f"127.0.0.1:{listener.getsockname()[1]}"))
    assert is_reachable("http://elsewhere.invalid", 2.0)


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:port", "http://[::1", "no-url", ""])
def test_is_reachable_wrong_address(endpoint) -> None:
    assert not is_reachable(endpoint, 2.0)


def test_is_reachable_wrong_proxy(monkeypatch) -> None:
    monkeypatch.setenv("http_proxy", "127.0.0.1:port")
    assert not is_reachable("http://elsewhere.invalid", 2.0)


class Clock:
    """The time and a host whose answers take some of it."""

    def __init__(self, *answers: bool) -> None:
        self.now, self.answers, self.num_asked = 100.0, answers, 0

    def connect(self, endpoint: str, timeout_seconds: float) -> None:
        answer = self.answers[self.num_asked]
        self.num_asked += 1
        if not answer:
            self.now += timeout_seconds
            raise TimeoutError


@pytest.fixture
def host(monkeypatch) -> Clock:
    clock = Clock(False, False, True)
    monkeypatch.setattr("ccnlp.network.time.monotonic", lambda: clock.now)
    monkeypatch.setattr("ccnlp.network._connect", clock.connect)
    monkeypatch.setattr("ccnlp.network.answer_within", lambda seconds, ask: ask())
    return clock


def test_is_reachable_waits_once_for_many_questions_to_a_silent_host(host) -> None:
    assert [is_reachable("http://silent", 5.0) for _ in range(20)] == [False] * 20
    assert host.num_asked == 1


def test_is_reachable_asks_again_after_ten_times_the_wait_and_keeps_a_success(host) -> None:
    assert not is_reachable("http://silent", 5.0)
    host.now += 49.0
    assert not is_reachable("http://silent", 5.0)
    assert host.num_asked == 1
    host.now += 1.0
    assert not is_reachable("http://silent", 5.0)
    assert host.num_asked == 2
    host.now += 50.0
    assert [is_reachable("http://silent", 5.0) for _ in range(20)] == [True] * 20
    assert host.num_asked == 3


def test_is_reachable_finds_a_server_that_has_been_started_since() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert not is_reachable(f"http://127.0.0.1:{port}", 2.0)
    with socket.create_server(("127.0.0.1", port)):
        assert wait_until(lambda: is_reachable(f"http://127.0.0.1:{port}", 2.0))


def wait_until(holds: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.01)
    return holds()


def test_is_reachable_asks_the_proxy_but_for_what_bypasses_it(listener, monkeypatch) -> None:
    port = listener.getsockname()[1]
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("no_proxy", "bypassed.invalid")
    assert is_reachable("http://elsewhere.invalid", 2.0)
    assert not is_reachable("http://bypassed.invalid", 2.0)


def test_answer_within_gives_the_answer_or_its_error() -> None:
    assert answer_within(2.0, lambda: "yes") == "yes"
    with pytest.raises(ZeroDivisionError):
        answer_within(2.0, lambda: 1 / 0)


def test_answer_within_silence_is_a_timeout() -> None:
    released = threading.Event()
    with pytest.raises(TimeoutError, match=r"no answer within 0\.01 s"):
        answer_within(0.01, released.wait)
    released.set()
