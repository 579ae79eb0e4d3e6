"""The parameters of agreement."""

from pydantic import BaseModel, ConfigDict, Field

from ccnlp.agreement.alpha import Level


class AgreementParameters(BaseModel):
    """How the agreement of annotators is measured."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    level: Level = Field(
        description="`nominal`, or `ordinal` where the labels are in order from low to high"
    )
    seed: int = Field(ge=0, description="of the resamples and the shuffles")
    num_draws: int = Field(ge=1, description="bootstrap resamples of texts behind an interval")
    confidence: float = Field(gt=0.5, lt=1, description="of the intervals, such as 0.95")
    num_shuffles: int = Field(
        ge=1, description="times that the annotations are dealt to the cultures at random"
    )
    min_group_size: int = Field(ge=1, description="texts below which a figure is marked as small")
    max_contested: int | None = Field(
        ge=1, description="contested texts listed, the most contested first; null lists all"
    )
