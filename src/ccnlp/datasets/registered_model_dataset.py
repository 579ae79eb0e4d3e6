"""A model version in MLflow's registry."""

import json
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset

from ccnlp.folders import scratch
from ccnlp.progress import Fact, report
from ccnlp.serving.package import ModelPackage
from ccnlp.serving.predictor import reads_contexts, served_tasks

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.models import ModelSignature
    from mlflow.types import ParamSpec

PACKAGE = Path(__file__).parents[1]
PYFUNC = PACKAGE / "pipelines" / "registration" / "pyfunc.py"
MAX_DESCRIPTION = 5000
FRONT_MATTER = re.compile(r"\A---\n.*?\n---\s*", re.DOTALL)
REQUIREMENTS = (
    "babel", "ftfy", "langcodes", "language_data", "mlflow", "numpy", "pandas", "pydantic",
    "safetensors", "tokenizers", "torch", "transformers",
)  # fmt: skip
"""What the served model imports; pinned to the versions that it was made with."""


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
                signature=request_signature(
                    served_tasks(data.model),
                    is_conditioned=data.model.conditioning is not None,
                    reads_context=reads_contexts(data.model),
                    may_abstain=bool(data.thresholds.abstention),
                ),
                # MLflow tries the example, and a model without a task to serve refuses it.
                input_example=data.example if served_tasks(data.model) else None,
                pip_requirements=pinned_requirements(),
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
    """Writes checkpoint, limits, thresholds and model card; their paths by name."""
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
    return {name: str(path) for name, path in paths.items()}


def request_signature(
    tasks: Sequence[str],
    *,
    is_conditioned: bool = False,
    reads_context: bool = False,
    may_abstain: bool = False,
) -> "ModelSignature":
    """Texts with an optional language and culture, answered with label and probabilities.

    The parameter `task` says for which of the tasks; the first where it is not given. A model that
    is told of culture also takes a domain, says whether it has seen the culture, and sets the
    `cultures` of the parameters beside each other; another one takes them to refuse them. One that
    reads contexts takes a context. A model that may abstain does not always give a label, but for
    `abstain: false`.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, ParamSchema, Schema
    from mlflow.types.schema import Map

    inputs = [
        ColSpec(DataType.string, "text"),
        ColSpec(DataType.string, "language", required=False),
        ColSpec(DataType.string, "culture", required=False),
    ]
    if reads_context:
        inputs.append(ColSpec(DataType.string, "context", required=False))
    outputs = [
        ColSpec(DataType.string, "label", required=not may_abstain),
        ColSpec(DataType.double, "confidence"),
        ColSpec(Map(DataType.double), "probabilities"),
        ColSpec(DataType.boolean, "is_truncated"),
    ]
    if is_conditioned:
        inputs.append(ColSpec(DataType.string, "domain", required=False))
        outputs += [
            ColSpec(DataType.boolean, "is_culture_seen"),
            ColSpec(Map(Map(DataType.double)), "by_culture", required=False),
            ColSpec(DataType.double, "disagreement", required=False),
            ColSpec(DataType.boolean, "contested", required=False),
        ]
    if may_abstain:  # of several tasks, perhaps not each
        outputs.append(ColSpec(DataType.boolean, "abstains", required=False))
    return ModelSignature(
        inputs=Schema(inputs),
        outputs=Schema(outputs),
        params=ParamSchema(_request_parameters(tasks)),
    )


def _request_parameters(tasks: Sequence[str]) -> "list[ParamSpec]":
    from mlflow.types import DataType, ParamSpec

    return [
        ParamSpec("task", DataType.string, default=tasks[0] if tasks else ""),
        ParamSpec("cultures", DataType.string, default=[], shape=(-1,)),
        ParamSpec("abstain", DataType.boolean, default=True),
    ]


def pinned_requirements() -> list[str]:
    """The requirements at the installed versions, without the tags of local builds."""
    return [f"{name}=={installed_version(name).split('+')[0]}" for name in REQUIREMENTS]


def _code_tags(client: "MlflowClient") -> dict[str, str]:
    """The code's revision as the tracking hook noted it on the active run."""
    import mlflow

    active = mlflow.active_run()
    tags = client.get_run(active.info.run_id).data.tags if active else {}
    return {name: value for name, value in tags.items() if name.startswith("code.")}
