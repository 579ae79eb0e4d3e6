"""The model that the registry's alias `champion` points to."""

from pathlib import Path
from typing import Any, Generic, TypeVar

from kedro.io import AbstractDataset

from ccnlp.errors import CcnlpError, ModelSourceError
from ccnlp.models.trained import TrainedModel

Champion = TypeVar("Champion")

ALIAS = "champion"
NOT_THERE = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
"""What registries say where the model, or the alias of a model, does not exist."""


class _AliasDataset(AbstractDataset[None, Champion], Generic[Champion]):
    """Something about the champion, which the registration pipeline makes."""

    def __init__(self, *, model_name: str, metadata: dict[str, Any] | None = None) -> None:
        self._model_name = model_name
        self.metadata = metadata

    def save(self, data: None) -> None:
        """The registration pipeline makes champions."""
        raise TypeError("the champion is read-only: registration makes one")

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"model_name": self._model_name, "alias": ALIAS}


class ChampionDataset(_AliasDataset[TrainedModel | None]):
    """Loads to the champion, or to `None` while there is none.

    Args:
        model_name: in the registry.
        metadata: for kedro-viz and the tracking hook.
    """

    def load(self) -> TrainedModel | None:
        """The champion.

        Raises:
            ModelSourceError: there is one, but it can't be loaded; or the registry does not answer.
        """
        import mlflow
        from mlflow.exceptions import MlflowException

        version = find_champion(self._model_name)
        if version is None:
            return None
        uri = f"models:/{self._model_name}/{version}"
        try:
            folder = mlflow.artifacts.download_artifacts(f"{uri}/artifacts/model")
            return TrainedModel.load(Path(folder))
        except (MlflowException, OSError, ValueError, CcnlpError) as error:
            raise ModelSourceError(
                f"the champion {uri} can't be loaded: {error}; give the alias {ALIAS!r} to another "
                f"version on the page Models of MLflow (make mlflow), or take it away there"
            ) from error


class ChampionVersionDataset(_AliasDataset[str | None]):
    """Loads to the version of the champion, or to `None` while there is none.

    Args:
        model_name: in the registry.
        metadata: for kedro-viz and the tracking hook.
    """

    def load(self) -> str | None:
        """The version's number.

        Raises:
            ModelSourceError: the registry does not answer.
        """
        return find_champion(self._model_name)


def find_champion(model_name: str) -> str | None:
    """The version that the alias points to, or `None`.

    Raises:
        ModelSourceError: the registry does not answer.
    """
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    try:
        return str(MlflowClient().get_model_version_by_alias(model_name, ALIAS).version)
    except MlflowException as error:
        if error.error_code in NOT_THERE:
            return None
        raise ModelSourceError(f"the model registry does not answer: {error}") from error
