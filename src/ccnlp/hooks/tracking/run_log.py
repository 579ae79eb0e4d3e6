"""One MLflow run: what is told to it is collected, and written by a thread of its own."""

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ccnlp.hooks.tracking.dead_runs import HEARTBEAT
from ccnlp.hooks.tracking.flattening import MAX_VALUE_LENGTH, legal_name, shorten
from ccnlp.hooks.tracking.secrets import Masker

if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)

MAX_METRICS, MAX_PARAMETERS_OR_TAGS = 1000, 100
SECONDS_BETWEEN_HEARTBEATS = 15.0
MAX_WAITING_METRICS = 1_000_000

MetricRecord = tuple[str, float, int, int]
"""Name, value, time in milliseconds since 1970, step."""


@dataclass
class RunLog:
    """Metrics and tags wait here until the next write; a store that fails stops no run.

    Every text passes through the masker on its way out.
    """

    client: "MlflowClient"
    run_id: str
    masker: Masker
    seconds_between_writes: float
    _metrics: list[MetricRecord] = field(default_factory=list)
    _tags: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _write_lock: threading.Lock = field(default_factory=threading.Lock)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _has_complained: bool = False

    def start(self) -> None:
        """Starts the thread that writes."""
        self._thread = threading.Thread(target=self._write_on, name="tracking", daemon=True)
        self._thread.start()

    def metrics(self, values: dict[str, float], *, step: int = 0) -> None:
        """Numbers of one step; NaN, which says that there is no value, is left out."""
        now = int(time.time() * 1000)
        records = [
            (legal_name(name), float(value), now, step)
            for name, value in values.items()
            if not math.isnan(value)
        ]
        with self._lock:
            self._metrics += records

    def tags(self, tags: dict[str, str]) -> None:
        """Facts about the run."""
        masked = {
            legal_name(name): shorten(self.masker.value(name, value))
            for name, value in tags.items()
        }
        with self._lock:
            self._tags |= masked

    def parameters(self, parameters: dict[str, str]) -> None:
        """Parameters by dotted name; a long one is cut here and whole in the artifact."""
        from mlflow.entities import Param

        masked = {name: self.masker.value(name, value) for name, value in parameters.items()}
        records = [
            Param(legal_name(name), shorten(value, MAX_VALUE_LENGTH))
            for name, value in masked.items()
        ]
        for start in range(0, len(records), MAX_PARAMETERS_OR_TAGS):
            batch = records[start : start + MAX_PARAMETERS_OR_TAGS]
            self.try_to(partial(self.client.log_batch, self.run_id, params=batch))
        lines = "\n".join(f"{name} = {value}" for name, value in masked.items())
        self.text(lines, "parameters.txt")

    def text(self, text: str, artifact: str) -> None:
        """A small text as an artifact."""
        masked = self.masker.text(text)
        self.try_to(lambda: self.client.log_text(self.run_id, masked, artifact))

    def file(self, path: Path, folder: str) -> None:
        """A file, or the files of a folder, as artifacts."""
        if path.is_dir():
            target = f"{folder}/{path.name}"
            self.try_to(lambda: self.client.log_artifacts(self.run_id, str(path), target))
        elif path.exists():
            self.try_to(lambda: self.client.log_artifact(self.run_id, str(path), folder))

    def close(self) -> None:
        """Writes what waits, and stops the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=30)
        self.write()

    def write(self) -> None:
        """Sends what waits; puts it back when the store fails."""
        from mlflow.entities import Metric, RunTag

        with self._write_lock:
            with self._lock:
                metrics, self._metrics = self._metrics, []
                tags, self._tags = list(self._tags.items()), {}
            while metrics or tags:
                send = partial(
                    self.client.log_batch,
                    self.run_id,
                    metrics=[Metric(*metric) for metric in metrics[:MAX_METRICS]],
                    tags=[RunTag(*tag) for tag in tags[:MAX_PARAMETERS_OR_TAGS]],
                )
                if not self.try_to(send):
                    with self._lock:
                        self._metrics = (metrics + self._metrics)[-MAX_WAITING_METRICS:]
                        self._tags = dict(tags) | self._tags
                    return
                metrics, tags = metrics[MAX_METRICS:], tags[MAX_PARAMETERS_OR_TAGS:]

    def _write_on(self) -> None:
        last_heartbeat = 0.0
        while not self._stop.wait(self.seconds_between_writes):
            now = time.time()
            if now - last_heartbeat >= SECONDS_BETWEEN_HEARTBEATS:
                last_heartbeat = now
                self.tags({HEARTBEAT: str(int(now * 1000))})
            self.write()

    def try_to(self, send: Callable[[], object]) -> bool:
        """Whether the store took it; the first failure is told, none stops the run."""
        try:
            send()
        except Exception as error:  # whatever the store says, hours of training go before it
            if not self._has_complained:
                self._has_complained = True
                logger.warning(
                    f"MLflow does not take what the run tells it ({self.masker.text(str(error))}); "
                    "the run goes on, and metrics are kept until it does"
                )
            return False
        return True
