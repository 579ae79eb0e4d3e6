import socket
import threading
from collections.abc import Iterator

import pytest

from ccnlp.network import answer_within, is_reachable


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
