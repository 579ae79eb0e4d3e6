"""The model as MLflow serves it.

MLflow keeps this file with a registered version and runs it to load the model, so that nothing is
pickled and nothing unpickled.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.pyfunc import PythonModel, PythonModelContext

from ccnlp.serving.predictor import Predictor, RequestError, ServingParameters


class ServedModel(PythonModel):
    """Loads the checkpoint and the limits among the artifacts, and answers requests."""

    def load_context(self, context: PythonModelContext) -> None:
        """Loads the model; MLflow looks for the argument's name."""
        limits = json.loads(Path(context.artifacts["limits"]).read_text(encoding="utf-8"))
        self.predictor = Predictor.load(
            Path(context.artifacts["model"]), parameters=ServingParameters.model_validate(limits)
        )

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """A row a text: `label`, `confidence`, `probabilities` and `is_truncated`.

        Args:
            context: MLflow's.
            model_input: the texts; see `Predictor.predict`.
            params: `task`, which task to answer.

        Raises:
            MlflowException: the request is refused; a server answers with status 400 and why.
        """
        try:
            return self.predictor.predict(model_input, task=(params or {}).get("task") or None)
        except RequestError as error:
            raise MlflowException(str(error), error_code=INVALID_PARAMETER_VALUE) from None


set_model(ServedModel())
