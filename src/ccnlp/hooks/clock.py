"""How long nodes take."""

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kedro.pipeline.node import Node


class NodeClock:
    """Times each node from loading its first input to saving its last output.

    Kedro's hooks around a node's function leave loading and saving out, which may take longer than
    the function: a model is packaged while it is saved.
    """

    def __init__(self) -> None:
        self._started: dict[str, float] = {}
        self._unsaved: dict[str, set[str]] = {}

    def start(self, node: "Node") -> None:
        """Starts the node's clock, unless it runs already."""
        if node.name not in self._started:
            self._started[node.name] = time.monotonic()
            self._unsaved[node.name] = set(node.outputs)

    def stop(self, node: "Node", *, saved: str | None = None) -> float | None:
        """The node's seconds if it is done now, which it is when no output is left to save.

        Args:
            node: has run, or has had an output saved.
            saved: the name of that output.
        """
        self.start(node)  # where its start was not told
        unsaved = self._unsaved[node.name]
        unsaved.discard(saved or "")
        return None if unsaved else time.monotonic() - self._started[node.name]
