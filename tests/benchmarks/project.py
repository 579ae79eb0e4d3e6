"""A copy of the project to run `kedro` in, with data and a record of runs of its own."""

import os
import shutil
import sys
from pathlib import Path

from tests.benchmarks.corpus import PROJECT

KEDRO = str(Path(sys.executable).with_name("kedro"))
COPIED = ("conf", "src", "pyproject.toml")


def copy_project(folder: Path) -> Path:
    """The copy in `folder`: code and configuration, without what is local or has been written."""
    project = folder / "project"
    project.mkdir()
    for name in COPIED:
        source = PROJECT / name
        if source.is_dir():
            left_out = shutil.ignore_patterns("__pycache__", "local")
            shutil.copytree(source, project / name, ignore=left_out)
        else:
            shutil.copy(source, project / name)
    (project / "conf" / "local").mkdir()
    return project


def environment_of(project: Path) -> dict[str, str]:
    """The environment variables by which `kedro` runs the copy."""
    return {
        **os.environ,
        "PYTHONPATH": str(project / "src"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{project}/mlflow.db",
    }
