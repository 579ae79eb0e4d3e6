"""A registered model version as the encoder that training starts from."""

from pathlib import Path

from ccnlp.errors import ModelSourceError
from ccnlp.models.checkpoint import (
    SOURCES,
    EncoderCheckpoint,
    EncoderParameters,
    ModelSource,
    check_checkpoint,
)


@SOURCES.register("registry")
class RegistrySource(ModelSource):
    """`registered_version`: `name/version` or `name@alias`."""

    def resolve(self, parameters: EncoderParameters, *, cache_folder: Path) -> EncoderCheckpoint:
        """The encoder of the version, copied to `cache_folder`."""
        import mlflow
        from mlflow.exceptions import MlflowException

        wanted = parameters.registered_version
        if not wanted:
            raise ModelSourceError(
                "encoder.source is 'registry', but encoder.registered_version is not set, such as "
                "ccnlp@champion (parameters/encoder.yml)"
            )
        try:
            name, _, alias = wanted.partition("@")
            if alias:
                found = mlflow.MlflowClient().get_model_version_by_alias(name, alias)
                wanted = f"{name}/{found.version}"
            target = cache_folder / f"registry-{wanted.replace('/', '-')}"
            folder = mlflow.artifacts.download_artifacts(
                f"models:/{wanted}/artifacts/model", dst_path=str(target)
            )
        except (MlflowException, OSError) as error:
            raise ModelSourceError(
                f"the registered version {wanted!r} can't be had: {error} (parameters/encoder.yml)"
            ) from error
        check_checkpoint(Path(folder))
        return EncoderCheckpoint(
            folder=Path(folder), name=wanted, source="registry", revision=wanted
        )
