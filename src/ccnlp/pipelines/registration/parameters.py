"""The parameters of registration."""

from pydantic import BaseModel, ConfigDict, Field

from ccnlp.evaluation.gate import GateParameters
from ccnlp.evaluation.promotion import Override
from ccnlp.serving.predictor import ServingParameters


class RegistrationParameters(BaseModel):
    """`parameters/registration.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gate: GateParameters
    override: Override | None = Field(
        description="a person's decision on one model, instead of the gate's: `alias`, `by`, "
        "`reason` and the digest of its `weights`"
    )
    serving: ServingParameters
