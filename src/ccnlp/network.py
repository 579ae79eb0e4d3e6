"""Whether a host answers, asked with a short patience."""

import socket
import urllib.request
from functools import lru_cache
from urllib.parse import urlsplit


@lru_cache(maxsize=8)
def is_reachable(endpoint: str, timeout_seconds: float) -> bool:
    """Whether a host accepts a connection in time; asked once a process.

    Behind a proxy only the proxy's own answer counts, because the host can't be seen directly.
    """
    parts = urlsplit(endpoint)
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy:
        parts = urlsplit(proxy)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=timeout_seconds):
            return True
    except OSError:
        return False
