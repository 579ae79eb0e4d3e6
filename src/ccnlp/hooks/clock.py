"""How long nodes take."""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kedro.pipeline.node import Node


@dataclass(frozen=True, order=True)
class Span:
    """When a node ran, in seconds of the monotonic clock."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it ran."""
        return self.end - self.start


class NodeClock:
    """Times each node from loading its first input to saving its last output.

    Kedro's hooks around a node's function leave loading and saving out, which may take longer than
    the function: a model is packaged while it is saved. Runners may call from several threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._start_times: dict[str, float] = {}
        self._unsaved_outputs: dict[str, set[str]] = {}

    def start(self, node: "Node") -> None:
        """Starts the node's clock, unless it runs already."""
        with self._lock:
            if node.name not in self._start_times:
                self._start_times[node.name] = time.monotonic()
                self._unsaved_outputs[node.name] = set(node.outputs)

    def stop(self, node: "Node", *, saved: str | None = None) -> Span | None:
        """When the node ran if it is done now, which it is when no output is left to save.

        Args:
            node: has run, or has had an output saved.
            saved: the name of that output.
        """
        self.start(node)  # where its start was not told
        with self._lock:
            unsaved_outputs = self._unsaved_outputs[node.name]
            unsaved_outputs.discard(saved or "")
            return None if unsaved_outputs else Span(self._start_times[node.name], time.monotonic())


def covered_seconds(spans: Iterable[Span]) -> float:
    """The seconds in which at least one node ran: those of nodes at once count once.

    >>> covered_seconds([Span(0, 3), Span(1, 4), Span(10, 11)])
    5.0
    """
    total, covered_until = 0.0, float("-inf")
    for span in sorted(spans):
        total += max(0.0, span.end - max(span.start, covered_until))
        covered_until = max(covered_until, span.end)
    return total
