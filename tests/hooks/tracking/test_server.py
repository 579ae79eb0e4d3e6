from pathlib import Path

import pytest

from ccnlp.errors import ConfigurationError
from ccnlp.hooks.tracking.server import TrackingParameters, choose_tracking_uri

PARAMETERS = TrackingParameters(
    tracking_uri="sqlite:///mlflow.db",
    artifact_folder=Path("mlruns"),
    experiment="ccnlp",
    seconds_between_writes=5,
)


def test_percent_sign_in_the_project_folder_is_refused(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(ConfigurationError, match="/a %20 b has a % in its path"):
        choose_tracking_uri(PARAMETERS, project=Path("/a %20 b"))
