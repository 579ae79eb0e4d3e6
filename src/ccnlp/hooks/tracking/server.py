"""Where runs are tracked, and whether it answers."""

import os
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
    """
    given = os.environ.get(VARIABLE)
    uri = given if given and given != _set_here.get(VARIABLE) else parameters.tracking_uri
    if uri.startswith(SQLITE) and not uri.startswith(SQLITE + "/"):
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
    where_to_mend = f"mend tracking_uri in conf/base/mlflow.yml, or the variable {VARIABLE}"
    if urlsplit(uri).scheme in ("http", "https") and not is_reachable(uri, TIMEOUT_SECONDS):
        raise ConfigurationError(
            f"the MLflow server {mask_url(uri)} gave no answer within {TIMEOUT_SECONDS:g} s; start "
            f"it, or {where_to_mend}; without it, runs can be tracked in sqlite:///mlflow.db"
        )
    from mlflow import MlflowClient

    is_local = uri.startswith(SQLITE)
    folder = (project / parameters.artifact_folder).as_uri() if is_local else None
    try:
        client = MlflowClient(tracking_uri=uri)
        experiment = client.get_experiment_by_name(parameters.experiment)
        if experiment is None:
            return client, client.create_experiment(parameters.experiment, artifact_location=folder)
    except Exception as error:  # the store's own errors are of many libraries
        raise ConfigurationError(
            f"MLflow can't use {mask_url(uri)} ({mask_url(str(error))}); {where_to_mend}"
        ) from error
    if experiment.lifecycle_stage != "active":
        raise ConfigurationError(
            f"the MLflow experiment {parameters.experiment!r} was deleted; restore it, or name "
            "another (experiment in conf/base/mlflow.yml)"
        )
    return client, experiment.experiment_id
