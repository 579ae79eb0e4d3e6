"""What a running job tells whoever watches: stages, rows, metrics and facts.

Domain code reports; the terminal and the tracking hook listen. Nothing here knows who they are,
and without a listener a report is dropped.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

logger = logging.getLogger(__name__)
T = TypeVar("T")

SECONDS_BETWEEN_LINES = 5.0


@dataclass(frozen=True)
class Metrics:
    """Numbers at one step of a running job, such as the training loss."""

    values: dict[str, float]
    step: int


@dataclass(frozen=True)
class Fact:
    """Something a run should remember about itself, such as which model source served."""

    name: str
    value: str


Report = Metrics | Fact
_listeners: list[Callable[[Report], None]] = []


def report(event: Report) -> None:
    """Hands the report to every listener."""
    for listener in tuple(_listeners):
        listener(event)


@contextmanager
def listening(listener: Callable[[Report], None]) -> Iterator[None]:
    """Within the block, `listener` hears every report."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


@dataclass
class ProgressLine:
    """Logs how many things are done and how long the rest takes, at most every few seconds.

    Attributes:
        description: what one is and what happens to it, such as `texts translated`.
        total: how many there are, where that is known.
        done: of them.
        start: when the work began, seconds of the monotonic clock.
        last: when the last line was logged.
    """

    description: str
    total: int | None = None
    done: int = 0
    start: float = field(default_factory=time.monotonic)
    last: float = field(default_factory=time.monotonic)

    def advance(self, num_done: int = 1) -> None:
        """That many more are done."""
        self.done += num_done
        now = time.monotonic()
        if self.done and now - self.last >= SECONDS_BETWEEN_LINES:
            self.last = now
            elapsed = now - self.start
            line = progress_line(
                self.description, done=self.done, total=self.total, elapsed=elapsed
            )
            logger.info(line)


def track(items: Iterable[T], description: str, *, total: int | None = None) -> Iterator[T]:
    """The items, with a log line every few seconds: how many are done and how long the rest takes.

    Args:
        items: anything to loop over.
        description: what one item is and what happens to it, such as `texts translated`.
        total: how many items there are, where `items` has no length.
    """
    total = total if total is not None else len(items) if isinstance(items, Sized) else None
    line = ProgressLine(description, total)
    for item in items:
        yield item
        line.advance()


def progress_line(description: str, *, done: int, total: int | None, elapsed: float) -> str:
    """One line of progress; `elapsed` in seconds.

    >>> progress_line("texts translated", done=50, total=200, elapsed=10.0)
    'texts translated: 50 of 200, 0:30 left'
    """
    if total is None or total <= 0:
        return f"{description}: {done:,}"
    minutes, seconds = divmod(round(elapsed / done * (total - done)), 60)
    return f"{description}: {done:,} of {total:,}, {minutes}:{seconds:02d} left"
