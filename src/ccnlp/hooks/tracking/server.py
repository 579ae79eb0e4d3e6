"""Where runs are tracked, and whether it answers."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ccnlp.errors import ConfigurationError
from ccnlp.hooks.tracking.secrets import mask_url
from ccnlp.network import is_reachable

if TYPE_CHECKING:
    from mlflow import MlflowClient

VARIABLE = "MLFLOW_TRACKING_URI"
SQLITE = "sqlite:///"
TIMEOUT_SECONDS = 5.0
WHERE_TO_MEND = f"mend tracking_uri in conf/base/mlflow.yml, or the variable {VARIABLE}"

_set_here: dict[str, str] = {}


class TrackingParameters(BaseModel):
    """`mlflow.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tracking_uri: str = Field(description="of the store; a relative sqlite path is in the project")
    artifact_folder: Path = Field(description="where a local store keeps artifacts")
    experiment: str = Field(min_length=1, description="the experiment that runs belong to")
    seconds_between_writes: float = Field(gt=0, description="metrics are sent together")


def parse_tracking_parameters(raw: dict[str, object]) -> TrackingParameters:
    """The parameters.

    Raises:
        ConfigurationError: one is missing, misspelt or of the wrong type.
    """
    try:
        return TrackingParameters.model_validate(raw)
    except ValidationError as error:
        details = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigurationError(f"{details} (conf/base/mlflow.yml)") from error


def choose_tracking_uri(parameters: TrackingParameters, *, project: Path) -> str:
    """The user's MLFLOW_TRACKING_URI, else the parameter; a sqlite path made absolute.

    Leaves it in the environment, so that datasets and child processes write to the same store
    without importing mlflow now.

    Raises:
        ConfigurationError: no store can lie in the project's folder.
    """
    user_uri = os.environ.get(VARIABLE)
    uri = user_uri if user_uri and user_uri != _set_here.get(VARIABLE) else parameters.tracking_uri
    if uri.startswith(SQLITE) and not uri.startswith(SQLITE + "/"):
        if "%" in str(project):
            raise ConfigurationError(
                f"the project's folder {project} has a % in its path, which MLflow's SQLite store "
                f"does not bear; rename it, or {WHERE_TO_MEND}"
            )
        uri = f"{SQLITE}{project / uri.removeprefix(SQLITE)}"
    os.environ[VARIABLE] = _set_here[VARIABLE] = uri
    return uri


def connect(
    uri: str, parameters: TrackingParameters, *, project: Path
) -> "tuple[MlflowClient, str]":
    """A client and the id of the experiment, which is made when it is missing.

    Raises:
        ConfigurationError: the store does not answer, or can't be used.
    """
    if urlsplit(uri).scheme in ("http", "https") and not is_reachable(uri, TIMEOUT_SECONDS):
        raise ConfigurationError(
            f"the MLflow server {mask_url(uri)} gave no answer within {TIMEOUT_SECONDS:g} s; start "
            f"it, or {WHERE_TO_MEND}; without it, runs can be tracked in sqlite:///mlflow.db"
        )
    from mlflow import MlflowClient

    is_local = uri.startswith(SQLITE)
    folder = project / parameters.artifact_folder
    if is_local:
        check_local_store(Path(uri.removeprefix(SQLITE)), folder)
    with store_errors_told(uri):
        client = MlflowClient(tracking_uri=uri)
        experiment = client.get_experiment_by_name(parameters.experiment)
        if experiment is None:
            location = folder.as_uri() if is_local else None
            return client, client.create_experiment(
                parameters.experiment, artifact_location=location
            )
    if experiment.lifecycle_stage != "active":
        raise ConfigurationError(
            f"the MLflow experiment {parameters.experiment!r} was deleted; restore it, or name "
            "another (experiment in conf/base/mlflow.yml)"
        )
    return client, experiment.experiment_id


def check_local_store(database: Path, artifact_folder: Path) -> None:
    """Checks that what an earlier run, perhaps as root, has left of the store can be written to.

    Raises:
        ConfigurationError: the database or the folder of artifacts can't.
    """
    for path in (database, artifact_folder):
        if path.exists() and not os.access(path, os.W_OK):
            raise ConfigurationError(
                f"MLflow can't write to {path}; make it yours with `sudo chown -R $USER "
                f"{database} {artifact_folder}`, or {WHERE_TO_MEND}"
            )


@contextmanager
def store_errors_told(uri: str) -> Iterator[None]:
    """Within the block, an error of the store says where to mend it.

    Raises:
        ConfigurationError: in place of the store's own errors, which are of many libraries.
    """
    try:
        yield
    except Exception as error:
        reason = mask_url(str(error).split("\n[SQL:", maxsplit=1)[0])
        raise ConfigurationError(
            f"MLflow can't use {mask_url(uri)} ({reason}); {WHERE_TO_MEND}"
        ) from error
