"""A registered model version as the encoder that training starts from."""

import shutil
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from ccnlp.errors import ModelSourceError
from ccnlp.folders import replacing, scratch
from ccnlp.models.checkpoint import (
    SOURCES,
    EncoderCheckpoint,
    EncoderParameters,
    ModelSource,
    check_checkpoint,
)

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion


@SOURCES.register("registry")
class RegistrySource(ModelSource):
    """`registered_version`: `name/version` or `name@alias`."""

    def resolve(self, parameters: EncoderParameters, *, cache_folder: Path) -> EncoderCheckpoint:
        """The encoder of the version, copied to `cache_folder` once."""
        from mlflow.exceptions import MlflowException

        reference = parameters.registered_version
        if not reference:
            raise ModelSourceError(
                "encoder.source is 'registry', but encoder.registered_version is not set, such as "
                "ccnlp@champion (parameters/encoder.yml)"
            )
        try:
            version = _find_version(reference)
            revision = f"{version.name}/{version.version}"
            # A registry that was deleted counts versions from 1 again: the source tells them apart.
            digest = sha256(str(version.source).encode()).hexdigest()[:8]
            folder = cache_folder / f"registry-{revision.replace('/', '-')}-{digest}"
            if not folder.exists():
                _download(f"models:/{revision}/artifacts/model", folder)
        except (MlflowException, OSError) as error:
            raise ModelSourceError(
                f"the registered version {reference!r} can't be had: {error} (encoder."
                "registered_version in parameters/encoder.yml)"
            ) from error
        check_checkpoint(folder)
        return EncoderCheckpoint(
            folder=folder, name=version.name, source="registry", revision=revision
        )


def _find_version(reference: str) -> "ModelVersion":
    from mlflow import MlflowClient

    name, at, alias = reference.partition("@")
    if at:
        return MlflowClient().get_model_version_by_alias(name, alias)
    name, slash, number = reference.partition("/")
    if not slash:
        raise ModelSourceError(
            f"encoder.registered_version is {reference!r}; write name/version or name@alias, such "
            "as ccnlp/3 or ccnlp@champion (parameters/encoder.yml)"
        )
    return MlflowClient().get_model_version(name, number)


def _download(uri: str, folder: Path) -> None:
    """Copies artifacts to `folder`, whole or not at all."""
    from mlflow.artifacts import download_artifacts

    with scratch(folder) as scratch_folder, replacing(folder) as partial:
        downloaded = Path(download_artifacts(uri, dst_path=str(scratch_folder)))
        shutil.copytree(downloaded, partial, dirs_exist_ok=True)
