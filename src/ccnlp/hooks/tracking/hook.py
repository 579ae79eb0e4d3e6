"""The hook that keeps MLflow's record of every run."""

import atexit
import logging
import os
import re
import shlex
import signal
import sys
import threading
import time
import traceback
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.hooks import hook_impl

from ccnlp import progress
from ccnlp.hooks.clock import NodeClock
from ccnlp.hooks.tracking.dead_runs import end_dead_runs, process_tags
from ccnlp.hooks.tracking.flattening import flatten
from ccnlp.hooks.tracking.run_log import RunLog
from ccnlp.hooks.tracking.secrets import Masker
from ccnlp.hooks.tracking.server import (
    TrackingParameters,
    choose_tracking_uri,
    connect,
    parse_tracking_parameters,
    store_errors_told,
)
from ccnlp.hooks.tracking.surroundings import (
    UNKNOWN,
    ProcessIdentity,
    code_revision,
    describe_device,
    describe_machine,
    list_packages,
    main_versions,
)

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext
    from kedro.io import DataCatalog
    from kedro.pipeline import Pipeline
    from kedro.pipeline.node import Node

logger = logging.getLogger(__name__)

FINGERPRINTS, SCORES, FAIRNESS = "corpus_fingerprints", "scores", "fairness"
ABSTENTION = "abstention"
SELECTION = (
    "tags", "from_nodes", "to_nodes", "node_names", "from_inputs", "to_outputs", "load_versions",
    "namespaces", "only_missing_outputs",
)  # fmt: skip
"""What Kedro says of a run that chooses its nodes; the command line shows the rest."""


class TrackingHook:
    """Logs parameters, inputs, code, machine, timings, metrics, artifacts and the true end."""

    def __init__(self) -> None:
        self._project = Path()
        self._uri = ""
        self._parameters: TrackingParameters | None = None
        self._masker = Masker()
        self._catalog: DataCatalog | None = None
        self._log: RunLog | None = None
        self._clock = NodeClock()
        self._exits = ExitStack()

    @hook_impl
    def after_context_created(self, context: "KedroContext") -> None:
        """Finds where runs are tracked; imports nothing heavy, for every command comes by here."""
        from kedro.config import MissingConfigException

        self._project = Path(context.project_path)
        self._parameters = parse_tracking_parameters(context.config_loader["mlflow"])
        self._uri = choose_tracking_uri(self._parameters, project=self._project)
        credentials: object = {}
        with suppress(MissingConfigException):
            credentials = context.config_loader["credentials"]
        self._masker = Masker.of(credentials)

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: "Pipeline", catalog: "DataCatalog"
    ) -> None:
        """Opens the run.

        Raises:
            ConfigurationError: the store can't be used.
        """
        if self._parameters is None:
            return
        self._end("KILLED")  # left open where a notebook's run was interrupted
        client, experiment_id = connect(self._uri, self._parameters, project=self._project)
        process = ProcessIdentity.of_this()
        names = "+".join(run_params.get("pipeline_names") or ["main"])
        run_name = f"{names} {time.strftime('%Y-%m-%d %H:%M:%S')}"
        with store_errors_told(self._uri):
            end_dead_runs(client, experiment_id, host=process.host)
            run = client.create_run(experiment_id, run_name=run_name, tags=process_tags(process))
        seconds = self._parameters.seconds_between_writes
        log = RunLog(client, run.info.run_id, self._masker, seconds)
        self._take_over(log, experiment_id)
        try:
            self._describe(log, run_params, pipeline, catalog)
        except Exception as error:  # Kedro tells no hook of errors before the first node
            self.on_pipeline_error(error)
            raise

    def _take_over(self, log: RunLog, experiment_id: str) -> None:
        """From here on the run ends with its true status, however the process ends."""
        import mlflow

        # The run is also mlflow's own active one, so that what nodes and datasets log by its
        # plain functions belongs to it.
        mlflow.set_experiment(experiment_id=experiment_id)
        mlflow.start_run(run_id=log.run_id)
        # Registered after mlflow's own exit handler, which would say FINISHED whatever happened,
        # and so called before it.
        atexit.register(self._end_at_exit)
        self._exits.callback(atexit.unregister, self._end_at_exit)
        self._exits.enter_context(progress.listening(self._hear))
        self._exits.callback(_exit_on_sigterm())
        self._log, self._clock = log, NodeClock()

    def _describe(
        self,
        log: RunLog,
        run_params: dict[str, Any],
        pipeline: "Pipeline",
        catalog: "DataCatalog",
    ) -> None:
        self._catalog = catalog
        log.tags(describe_machine() | main_versions() | self._code_tags())
        log.tags(_run_tags(run_params, pipeline))
        log.write()  # now, for whatever reads the tags of the active run
        log.start()
        log.parameters(_parameters_of(pipeline, catalog))
        log.text(list_packages(), "packages.txt")
        if FINGERPRINTS not in pipeline.all_outputs() and _exists(catalog, FINGERPRINTS):
            _log_fingerprints(log, catalog.load(FINGERPRINTS))

    def _code_tags(self) -> dict[str, str]:
        revision = code_revision(self._project)
        tags = {"code.revision": revision.commit, "code.is_dirty": revision.is_dirty}
        # MLflow's pages show a link to a commit where there is one.
        link = {} if revision.commit == UNKNOWN else {"mlflow.source.git.commit": revision.commit}
        return tags | link

    def _hear(self, event: progress.Report) -> None:
        log = self._log
        if log is None:
            return
        if isinstance(event, progress.Metrics):
            log.metrics(event.values, step=event.step)
        else:
            log.tags({event.name: event.value})

    @hook_impl
    def before_dataset_loaded(self, node: "Node") -> None:
        """Starts the node's clock: loading is part of its time."""
        self._clock.start(node)

    @hook_impl
    def before_node_run(self, node: "Node") -> None:
        """Starts the clock of a node without inputs; has what it logs itself belong to the run."""
        self._clock.start(node)
        if self._log is not None:
            _join_in_this_thread(self._log)

    @hook_impl
    def after_node_run(self, node: "Node") -> None:
        """Logs the time of a node that saves nothing."""
        self._log_seconds(node)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any, node: "Node") -> None:
        """Logs fingerprints, scores and artifacts, and the time of a node whose work is done."""
        log = self._log
        if log is None or self._catalog is None:
            return
        if dataset_name == FINGERPRINTS:
            _log_fingerprints(log, data)
        elif dataset_name == SCORES:
            from ccnlp.hooks.tracking.corpora import score_metrics  # imports pandas

            log.metrics(score_metrics(data))
        elif dataset_name == FAIRNESS:
            from ccnlp.hooks.tracking.corpora import fairness_metrics  # imports pandas

            log.metrics(fairness_metrics(data))
        elif dataset_name == ABSTENTION:
            from ccnlp.hooks.tracking.corpora import abstention_metrics  # imports pandas

            log.metrics(abstention_metrics(data))
        dataset = self._catalog.get(dataset_name)
        folder = ((getattr(dataset, "metadata", None) or {}).get("mlflow") or {}).get("artifact")
        path = getattr(dataset, "_filepath", None)
        if folder and path:
            log.file(Path(path), folder)
        self._log_seconds(node, dataset_name)

    def _log_seconds(self, node: "Node", saved: str | None = None) -> None:
        span, log = self._clock.stop(node, saved=saved), self._log
        if span is not None and log is not None:
            log.metrics({f"seconds/{node.name.split('.')[-1]}": span.seconds})

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Ends the run as FINISHED."""
        self._end("FINISHED")

    @hook_impl
    def on_pipeline_error(self, error: Exception) -> None:
        """Ends the run as FAILED, with the error as a tag and its traceback as an artifact.

        A run that was asked to end is KILLED, whatever error came of that.
        """
        if _is_asked_to_end(error):
            # A library may have put an error of its own in place of the request.
            self._end_at_exit()
            return
        if self._log is not None:
            self._log.tags({"error": f"{type(error).__name__}: {error}"})
            self._log.text("".join(traceback.format_exception(error)), "error.txt")
        self._end("FAILED")

    def _end_at_exit(self) -> None:
        if self._log is not None:
            self._log.tags({"ccnlp.ended_by": "an interrupt or a request to terminate"})
        self._end("KILLED")

    def _end(self, status: str) -> None:
        if self._log is None:
            return
        log, self._log = self._log, None
        log.tags({"device": describe_device()})
        self._exits.close()
        log.close()
        import mlflow

        while mlflow.active_run() is not None and log.run_id != _active_run_id():
            mlflow.end_run()  # opened by a node that did not end it
        with suppress(Exception):
            mlflow.end_run(status)
        if not log.try_to(lambda: log.client.set_terminated(log.run_id, status=status)):
            logger.warning(f"MLflow could not be told that the run ended as {status}")


def _join_in_this_thread(log: RunLog) -> None:
    """Makes the run mlflow's active one where a runner's thread has none.

    Without it, a node's `mlflow.log_metric` would open a run of its own, which nobody ends, and a
    registered model would belong to none.
    """
    import mlflow

    if mlflow.active_run() is None:
        log.try_to(lambda: mlflow.start_run(run_id=log.run_id, log_system_metrics=False))


def _is_asked_to_end(error: BaseException) -> bool:
    """Whether the error, or one that it came from, is that of SIGTERM or Ctrl+C."""
    current: BaseException | None = error
    while current is not None:
        if isinstance(current, SystemExit | KeyboardInterrupt):
            return True
        current = current.__cause__ or current.__context__
    return False


def _log_fingerprints(log: RunLog, fingerprints: Any) -> None:
    from ccnlp.hooks.tracking.corpora import dataset_inputs

    log.try_to(lambda: log.client.log_inputs(log.run_id, dataset_inputs(fingerprints)))


def _active_run_id() -> str:
    import mlflow

    active = mlflow.active_run()
    return active.info.run_id if active else ""


def _exists(catalog: "DataCatalog", name: str) -> bool:
    return name in catalog and catalog.exists(name)


def _run_tags(run_params: dict[str, Any], pipeline: "Pipeline") -> dict[str, str]:
    selection = {name: run_params.get(name) for name in SELECTION}
    return {
        "kedro.command": shlex.join(["kedro", *sys.argv[1:]]),
        "kedro.env": str(run_params.get("env") or "local"),
        "kedro.pipelines": ", ".join(run_params.get("pipeline_names") or ["__default__"]),
        "kedro.nodes": ", ".join(node.name for node in pipeline.nodes),
        "kedro.runner": _runner_name(str(run_params.get("runner"))),
        "mlflow.source.name": "kedro run",
        "mlflow.source.type": "PROJECT",
    } | {f"kedro.{name}": str(value) for name, value in selection.items() if value}


def _runner_name(description: str) -> str:
    """`SequentialRunner` of `<kedro.runner.sequential_runner.SequentialRunner object at 0x7f>`."""
    names = re.findall(r"\w+Runner\b", description)
    return names[-1] if names else description


def _parameters_of(pipeline: "Pipeline", catalog: "DataCatalog") -> dict[str, str]:
    """The flattened parameters that the pipeline's nodes read."""
    names = sorted(name for name in pipeline.inputs() if name.startswith("params:"))
    flat: dict[str, str] = {}
    for name in names:
        flat |= flatten(name.removeprefix("params:"), catalog.load(name))
    return flat


def _exit_on_sigterm() -> Any:
    """Has SIGTERM end the process by its exit handlers; gives the function that undoes it."""
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    previous_handler = signal.getsignal(signal.SIGTERM)
    if previous_handler is not signal.SIG_DFL:
        return lambda: None
    owner = os.getpid()

    def leave(number: int, frame: object) -> None:
        if os.getpid() != owner:  # a forked worker has no run to end
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTERM)
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    return lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL)
