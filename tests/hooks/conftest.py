"""Runs a small pipeline with the hooks as a Kedro session does, on a project in a folder."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kedro.framework.hooks.manager import _create_hook_manager, _register_hooks
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.runner import AbstractRunner, SequentialRunner

NOBODY = 65534


@dataclass
class Project:
    """A project folder with its own MLflow store."""

    folder: Path
    parameters: dict[str, Any] = field(default_factory=lambda: {"run": {"min_free_disk_gib": 0.0}})
    mlflow: dict[str, Any] = field(
        default_factory=lambda: {
            "tracking_uri": "sqlite:///mlflow.db",
            "artifact_folder": "mlruns",
            "experiment": "ccnlp",
            "seconds_between_writes": 0.05,
        }
    )
    credentials: dict[str, Any] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        return f"sqlite:///{self.folder / 'mlflow.db'}"

    def run(
        self,
        pipeline: Pipeline,
        *hooks: object,
        catalog: DataCatalog | None = None,
        pipeline_names: list[str] | None = None,
        runner: AbstractRunner | None = None,
        runtime_params: dict[str, Any] | None = None,
    ) -> None:
        catalog = DataCatalog() if catalog is None else catalog
        manager = _create_hook_manager()
        _register_hooks(manager, hooks)
        loader = {
            "parameters": self.parameters,
            "mlflow": self.mlflow,
            "credentials": self.credentials,
        }
        context = SimpleNamespace(project_path=self.folder, config_loader=loader)
        manager.hook.after_context_created(context=context)
        for name, value in self.parameters.items():
            catalog[f"params:{name}"] = value
        run_params = {
            "run_id": "1",
            "project_path": str(self.folder),
            "env": "local",
            "pipeline_names": pipeline_names,
            "runtime_params": runtime_params,
        }
        hook_arguments = {"run_params": run_params, "pipeline": pipeline, "catalog": catalog}
        manager.hook.before_pipeline_run(**hook_arguments)
        try:
            result = (runner or SequentialRunner()).run(pipeline, catalog, manager, run_id="1")
        except Exception as error:
            manager.hook.on_pipeline_error(error=error, **hook_arguments)
            raise
        manager.hook.after_pipeline_run(run_result=result, **hook_arguments)

    def runs(self) -> list[Any]:
        """The runs that MLflow has, the latest first."""
        from mlflow import MlflowClient

        client = MlflowClient(self.uri)
        experiment = client.get_experiment_by_name("ccnlp")
        return list(client.search_runs([experiment.experiment_id])) if experiment else []


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow store without runs; making one takes seconds, copying it does not."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def project(tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    return Project(tmp_path)


@pytest.fixture
def ordinary_user() -> Callable[[], AbstractContextManager[None]]:
    """Within the block the process is no root, who may write everywhere."""
    return _ordinary_user


@pytest.fixture
def folder_of_user() -> Iterator[Path]:
    """An empty folder of the ordinary user; below pytest's own ones only root may go."""
    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, -1)
        yield Path(folder)


@contextmanager
def _ordinary_user() -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    try:
        os.setresuid(NOBODY, NOBODY, 0)
    except OSError:
        pytest.skip("a container without other users")
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
