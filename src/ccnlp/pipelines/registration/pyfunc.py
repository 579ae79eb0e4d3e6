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

from ccnlp.retrieval.index import PassageIndex
from ccnlp.serving.predictor import Predictor, RequestError, ServingParameters
from ccnlp.serving.thresholds import ServingThresholds

EARLIER_LIMITS = {"max_tokens": 131_072}
"""Of a version that was registered without."""


class ServedModel(PythonModel):
    """Loads checkpoint, limits and thresholds among the artifacts, and answers requests."""

    def load_context(self, context: PythonModelContext) -> None:
        """Loads the model; MLflow looks for the argument's name."""
        limits, thresholds = (
            json.loads(Path(context.artifacts[name]).read_text(encoding="utf-8"))
            for name in ("limits", "thresholds")
        )
        folder = context.artifacts.get("passages")
        self.predictor = Predictor.load(
            Path(context.artifacts["model"]),
            parameters=ServingParameters.model_validate(EARLIER_LIMITS | limits),
            thresholds=ServingThresholds.model_validate(thresholds),
            passages=PassageIndex.load(Path(folder)) if folder else None,
        )

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """A row a row of the request, with the columns of the task; see `Predictor.predict`.

        Args:
            context: MLflow's.
            model_input: the request.
            params: `task`, which task to answer; `cultures`, whose answers are set beside each
                other; `abstain`, whether texts that the model is too unsure of have no answer;
                `languages` and `number`, of the passages that a query finds.

        Raises:
            MlflowException: the request is refused; a server answers with status 400 and why.
        """
        # MLflow lets null through for every parameter; it asks for nothing other than the default.
        arguments = {name: value for name, value in (params or {}).items() if value is not None}
        try:
            return self.predictor.predict(
                model_input,
                task=arguments.get("task") or None,
                cultures=arguments.get("cultures", ()),
                abstains=arguments.get("abstain", True),
                **{name: arguments[name] for name in ("languages", "number") if name in arguments},
            )
        except RequestError as error:
            raise MlflowException(str(error), error_code=INVALID_PARAMETER_VALUE) from None


set_model(ServedModel())
