"""A measurement in a process of its own, so that its peak memory is its own too."""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Stopwatch:
    """Seconds of the measured part."""

    seconds: float = 0.0
    extra: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Adds the seconds of the block."""
        start = time.perf_counter()
        yield
        self.seconds += time.perf_counter() - start


def peak_gib() -> float:
    """The largest resident size of this process so far, in GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def measure(module: str, *arguments: str) -> dict[str, float]:
    """What `python -m tests.benchmarks.<module> <arguments>` prints as JSON on its last line."""
    command = [sys.executable, "-m", f"tests.benchmarks.{module}", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def report(run: Callable[[], dict[str, Any]]) -> None:
    """Runs a measurement in this process and prints it with the peak memory."""
    result = run()
    print(json.dumps({**result, "peak_gib": peak_gib()}))  # noqa: T201
