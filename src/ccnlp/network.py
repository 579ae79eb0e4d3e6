"""Questions to other machines, asked with a short patience."""

import socket
import threading
import urllib.request
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")


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


@lru_cache(maxsize=8)
def is_reachable(endpoint: str, timeout_seconds: float) -> bool:
    """Whether a host accepts a connection in time; asked once a process.

    Behind a proxy only the proxy's own answer counts, because the host can't be seen directly.
    """
    parts = urlsplit(endpoint)
    host = parts.hostname or ""

    def connect() -> bool:
        proxy = urllib.request.getproxies().get(parts.scheme)
        is_direct = not proxy or urllib.request.proxy_bypass(host)
        gate = parts if is_direct else urlsplit(str(proxy))
        port = gate.port or (443 if gate.scheme == "https" else 80)
        with socket.create_connection((gate.hostname or "", port), timeout=timeout_seconds):
            return True

    try:
        return answer_within(timeout_seconds, connect)
    except OSError:
        return False
