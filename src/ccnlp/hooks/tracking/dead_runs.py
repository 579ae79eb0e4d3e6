"""Runs that were killed before they could say so."""

import logging
from typing import TYPE_CHECKING

from ccnlp.hooks.tracking.surroundings import ProcessIdentity

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

logger = logging.getLogger(__name__)

HOST, PID, STARTED, HEARTBEAT = "ccnlp.host", "ccnlp.pid", "ccnlp.started", "ccnlp.heartbeat"
ENDED_BY = "ccnlp.ended_by"


def process_tags(process: ProcessIdentity) -> dict[str, str]:
    """The tags by which a later run finds out whether this one's process still lives."""
    return {HOST: process.host, PID: str(process.pid), STARTED: repr(process.started)}


def end_dead_runs(client: "MlflowClient", experiment_id: str, *, host: str) -> list[str]:
    """Marks this host's runs as KILLED whose process is gone; their ids.

    A run that got SIGKILL or lost power stands as RUNNING for ever. Its end is the last sign of
    life it gave.
    """
    running_runs = client.search_runs(
        [experiment_id],
        filter_string=f"attributes.status = 'RUNNING' and tags.`{HOST}` = '{host}'",
    )
    ended_ids = []
    for run in running_runs:
        process = _process_of(run)
        if process is None or process.is_alive():
            continue
        reason = f"the next run: process {process.pid} was gone, killed or without power"
        client.set_tag(run.info.run_id, ENDED_BY, reason)
        client.set_terminated(run.info.run_id, status="KILLED", end_time=_last_sign_of_life(run))
        logger.info(f"an earlier run, {run.info.run_name}, was killed; MLflow now says so")
        ended_ids.append(run.info.run_id)
    return ended_ids


def _process_of(run: "Run") -> ProcessIdentity | None:
    tags = run.data.tags
    try:
        return ProcessIdentity(tags[HOST], int(tags[PID]), float(tags[STARTED]))
    except (KeyError, ValueError):
        return None


def _last_sign_of_life(run: "Run") -> int:
    """Milliseconds since 1970."""
    times = [run.info.start_time, *(metric.timestamp for metric in run.data._metric_objs)]
    heartbeat = run.data.tags.get(HEARTBEAT, "")
    return max([*times, int(heartbeat)] if heartbeat.isdigit() else times)
