"""What a person sees: the stages while the run goes on, and its results at the end."""

import logging
import os
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.hooks import hook_impl

from ccnlp import progress
from ccnlp.hooks import plain_errors
from ccnlp.hooks.clock import NodeClock, Span, covered_seconds

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext
    from kedro.io import DataCatalog
    from kedro.pipeline import Pipeline
    from kedro.pipeline.node import Node

logger = logging.getLogger(__name__)

SCORES, BEHAVIOUR = "scores", "behaviour_table"
ABSTENTION, THRESHOLDS = "abstention", "thresholds"
GATE, DECISION = "gate_decision", "promotion_decision"
"""The datasets whose content ends the run."""

REGISTERED_VERSION = "registered_version"
"""The fact by which the model registry's dataset tells which version it made."""


class TerminalHook:
    """Tells the nodes as they come, and ends with scores, places and the registered version.

    Runners may call from several threads; the lock keeps counts and lines in one order.
    """

    def __init__(self) -> None:
        self._project = Path()
        self._lock = threading.Lock()
        self._num_nodes: Counter[str] = Counter()
        self._num_begun: Counter[str] = Counter()
        self._spans: defaultdict[str, list[Span]] = defaultdict(list)
        self._clock = NodeClock()
        self._start = 0.0
        self._registered_version: str | None = None
        self._exits = ExitStack()

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: "KedroContext") -> None:
        """Notes the project, to name places in it, and sets up its logging."""
        self._project = Path(context.project_path)
        use_logging_of(self._project)
        plain_errors.install()  # setting up the logging may have taken its place

    @hook_impl(trylast=True)
    def before_pipeline_run(self, pipeline: "Pipeline") -> None:
        """Counts the nodes of each stage."""
        self._num_nodes = Counter(_stage(node) for node in pipeline.nodes)
        self._num_begun, self._spans = Counter(), defaultdict(list)
        self._clock = NodeClock()
        self._registered_version = None
        self._exits.close()
        self._exits.enter_context(progress.listening(self._hear))
        self._start = time.monotonic()
        stages = ", ".join(f"{stage} ({count})" for stage, count in self._num_nodes.items())
        logger.info(f"{len(pipeline.nodes)} nodes to run: {stages}")

    def _hear(self, event: progress.Report) -> None:
        if isinstance(event, progress.Fact) and event.name == REGISTERED_VERSION:
            self._registered_version = event.value

    @hook_impl
    def before_dataset_loaded(self, node: "Node") -> None:
        """Starts the node's clock: loading is part of its time."""
        self._clock.start(node)

    @hook_impl
    def before_node_run(self, node: "Node") -> None:
        """Names the node and how far its stage is."""
        stage = _stage(node)
        self._clock.start(node)
        with self._lock:
            self._num_begun[stage] += 1
            position = f"{self._num_begun[stage]} of {self._num_nodes[stage]}"
            logger.info(f"{stage}, {position}: {_sentence(node)}")

    @hook_impl
    def after_node_run(self, node: "Node") -> None:
        """Counts a node that saves nothing."""
        self._count(node)

    def _count(self, node: "Node", saved: str | None = None) -> None:
        """Says that the stage is done when its last node's last output is saved."""
        span = self._clock.stop(node, saved=saved)
        if span is None:
            return
        stage = _stage(node)
        with self._lock:
            spans = self._spans[stage]
            spans.append(span)
            if len(spans) == self._num_nodes[stage]:
                logger.info(f"{stage} done in {duration(covered_seconds(spans))}")

    @hook_impl
    def on_node_error(self, node: "Node") -> None:
        """Names the node that failed; the error itself ends the run."""
        logger.error(f"{_stage(node)}: {_sentence(node)} failed; CCNLP_TRACEBACKS=1 shows where")

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, node: "Node") -> None:
        """Counts a node whose outputs are all saved."""
        self._count(node, dataset_name)

    @hook_impl(trylast=True)
    def after_pipeline_run(self, pipeline: "Pipeline", catalog: "DataCatalog") -> None:
        """Prints the results that the run has made."""
        from rich.console import Console

        self._exits.close()
        console = Console(highlight=False, markup=False, soft_wrap=True)
        for block in self._results(pipeline.all_outputs(), catalog):
            console.print(f"\n{block}")
        logger.info(f"the run is done, in {duration(time.monotonic() - self._start)}")

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Listens no longer."""
        self._exits.close()

    def _results(self, outputs: set[str], catalog: "DataCatalog") -> list[str]:
        blocks = []
        if SCORES in outputs:
            from ccnlp.evaluation.terminal import scores_table

            scores = catalog.load(SCORES)
            for task in scores["task"].unique():
                abstention = self._abstention(task, catalog) if ABSTENTION in outputs else ""
                blocks.append("\n".join([scores_table(scores, task=task), abstention]).rstrip())
            report_lines = self._report_lines("evaluation_report", outputs, catalog)
            blocks.append("\n".join([*report_lines, "Runs, plots and models: make mlflow"]))
        if BEHAVIOUR in outputs:
            from ccnlp.behaviour.summary import summarise

            min_group_size = catalog.load("params:behaviour").min_group_size
            sentences = summarise(catalog.load(BEHAVIOUR), min_group_size=min_group_size)
            report_lines = self._report_lines("behaviour_report", outputs, catalog)
            blocks.append("\n".join([*sentences, *report_lines]))
        if DECISION in outputs:
            blocks.append(self._registration(catalog.load(DECISION)))
        elif GATE in outputs:
            from ccnlp.evaluation.promotion import gate_line

            decision = catalog.load(GATE)
            blocks.append("\n".join([gate_line(decision), *_indented(decision["reasons"])]))
        return blocks

    def _abstention(self, task: str, catalog: "DataCatalog") -> str:
        from ccnlp.evaluation.abstention_view import AbstentionTables, abstention_line
        from ccnlp.evaluation.thresholds import read_thresholds

        table = catalog.load(ABSTENTION)
        thresholds = read_thresholds(catalog.load(THRESHOLDS), tasks=set(table["task"]))
        return abstention_line(AbstentionTables(thresholds, table), task)

    def _report_lines(self, report: str, outputs: set[str], catalog: "DataCatalog") -> list[str]:
        """The line that says where a report lies; none where the run wrote none."""
        path = getattr(catalog.get(report), "_filepath", None) if report in outputs else None
        return [f"Report: {_within(Path(path), self._project)}"] if path else []

    def _registration(self, decision: Mapping[str, Any]) -> str:
        """The alias, with the version where the run made one, then who and what decided so."""
        from ccnlp.evaluation.promotion import gate_line, override_line

        version, alias = self._registered_version, decision["alias"]
        registered = f"Registered: {version}, as {alias}" if version else f"Decision: {alias}"
        override = override_line(decision)
        override_lines = [f"Override: {override}"] if override else []
        return "\n".join(
            [registered, *override_lines, gate_line(decision), *_indented(decision["reasons"])]
        )


def _indented(reasons: Sequence[str]) -> list[str]:
    return [f"  {reason}" for reason in reasons]


def use_logging_of(project: Path) -> None:
    """Takes up the project's logging where a command is given in a folder below it.

    Kedro looks for the file in the working directory alone.
    """
    file = project / "conf" / "logging.yml"
    if project == Path.cwd() or "KEDRO_LOGGING_CONFIG" in os.environ or not file.exists():
        return
    import yaml
    from kedro.framework.project import LOGGING

    LOGGING.configure(yaml.safe_load(file.read_text(encoding="utf-8")))


def duration(seconds: float) -> str:
    """Minutes and seconds, or seconds alone below one minute.

    >>> duration(4.21), duration(125)
    ('4.2 s', '2 min 05 s')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def _stage(node: "Node") -> str:
    return node.namespace or "main"


def _sentence(node: "Node") -> str:
    return node.name.split(".")[-1].replace("_", " ")


def _within(path: Path, folder: Path) -> Path:
    return path.relative_to(folder) if path.is_relative_to(folder) else path
