"""The parameters of studies."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ccnlp.conditioning.base import CONDITIONINGS
from ccnlp.errors import did_you_mean


class StudyParameters(BaseModel):
    """How often each arm is trained, for how long, and for whom it is judged."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seeds: tuple[int, ...] = Field(
        min_length=1, description="of the trainings; each arm is trained once with each"
    )
    steps: int | None = Field(
        ge=1,
        le=10_000_000,
        description="steps of every training; null takes what the epochs of the first arm need",
    )
    slices: dict[str, tuple[str, ...]] = Field(
        min_length=1, description="by slice, the columns whose values form the groups of verdicts"
    )

    @model_validator(mode="after")
    def _check_seeds(self) -> Self:
        if any(seed < 0 for seed in self.seeds):
            raise ValueError(f"seeds {list(self.seeds)}: one is below 0")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds {list(self.seeds)} name one twice")
        return self


class AugmentationStudyParameters(StudyParameters):
    """Also how much a text and its round trip are to agree."""

    pair_consistency_weight: float = Field(
        gt=0, description="of the arm that learns from pairs of a text and its round trip"
    )


class CultureStudyParameters(StudyParameters):
    """Also how the arm that is told of culture is told."""

    conditioning: str = Field(description="how: prefix, embedding or adapter")

    @field_validator("conditioning")
    @classmethod
    def _check_conditioning(cls, name: str) -> str:
        if name not in CONDITIONINGS:
            raise ValueError(
                f"culture_study.conditioning: {name!r} tells the model nothing; "
                f"{did_you_mean(name, CONDITIONINGS)} (parameters/culture_study.yml)"
            )
        return name
