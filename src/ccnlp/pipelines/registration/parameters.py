"""The parameters of registration."""

from pydantic import BaseModel, ConfigDict

from ccnlp.evaluation.gate import GateParameters
from ccnlp.serving.predictor import ServingParameters


class RegistrationParameters(BaseModel):
    """`parameters/registration.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gate: GateParameters
    serving: ServingParameters
