"""Questions to other machines, asked with a short patience."""

import socket
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")

TIMES_BELIEVED = 10.0
"""So that a run waits for silent hosts during a tenth of its time at most."""

_reached: set[str] = set()
_away_until: dict[str, float] = {}


def answer_within(seconds: float, ask: Callable[[], T]) -> T:
    """What `ask` returns, or its exception, if it comes in time.

    Timeouts of sockets do not cover the look-up of a name, which alone can take minutes where no
    name server answers. What comes too late is lost: `ask` must have no effect.

    Raises:
        TimeoutError: nothing came within `seconds`.
    """
    answers: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(ask())
        except BaseException as error:  # raised in the caller's thread
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not answers:
        raise TimeoutError(f"no answer within {seconds:g} s")
    return answers[0]


def is_reachable(endpoint: str, timeout_seconds: float) -> bool:
    """Whether a host accepts a connection in time; one that did is not asked again.

    One that did not is held to be away for a multiple of the time that it took to find out: many
    questions to a silent host wait once, and a server that has been started since is found.

    Behind a proxy only the proxy's own answer counts, because the host can't be seen directly.
    """
    if endpoint in _reached or _away_until.get(endpoint, 0.0) > time.monotonic():
        return endpoint in _reached
    start = time.monotonic()
    try:
        answer_within(timeout_seconds, lambda: _connect(endpoint, timeout_seconds))
    except (OSError, ValueError):  # the latter of what is no URL, or has a port that is no number
        now = time.monotonic()
        _away_until[endpoint] = now + TIMES_BELIEVED * (now - start)
        return False
    _reached.add(endpoint)
    return True


def _connect(endpoint: str, timeout_seconds: float) -> None:
    url = urlsplit(endpoint)
    proxies = urllib.request.getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if proxy and not urllib.request.proxy_bypass(url.hostname or ""):
        # Other clients take a proxy without a scheme, too.
        url = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if not url.hostname:
        raise ValueError(f"{endpoint} names no host")
    port = url.port or (443 if url.scheme == "https" else 80)
    socket.create_connection((url.hostname, port), timeout=timeout_seconds).close()
