"""The parameters of studies."""

from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ccnlp.conditioning.base import CONDITIONINGS
from ccnlp.cultures import LanguageTag
from ccnlp.errors import did_you_mean
from ccnlp.evaluation.parameters import Slices
from ccnlp.tokenisation.parameters import Tag

TrainedOn = Annotated[tuple[LanguageTag, ...], Field(min_length=1)]
"""Languages that an arm is trained on together."""


class StudyParameters(BaseModel):
    """How often each arm is trained, for how long, and for whom it is judged."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    told_slice: ClassVar[str]
    """Whose groups the sentences are about."""

    seeds: tuple[int, ...] = Field(
        min_length=1, description="of the trainings; each arm is trained once with each"
    )
    steps: int | None = Field(
        ge=1,
        le=10_000_000,
        description="steps of the first arm's training; null takes what its epochs need. The "
        "others take as many batches of each of their tasks",
    )
    slices: Slices = Field(
        description="by slice, the columns whose values form the groups of verdicts; null removes "
        "a slice"
    )

    @model_validator(mode="after")
    def _check_seeds(self) -> Self:
        if any(seed < 0 for seed in self.seeds):
            raise ValueError(f"seeds {list(self.seeds)}: one is below 0")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds {list(self.seeds)} name one twice")
        if self.told_slice not in self.slices:
            raise ValueError(
                f"slices {list(self.slices)} lack {self.told_slice!r}, whose groups the findings "
                "are about"
            )
        return self


class AugmentationStudyParameters(StudyParameters):
    """Also how round trips are marked, and how much a text and its own are to agree."""

    told_slice = "language"

    round_trip_tag: Tag = Field(
        description="put in front of each round trip, in the arm that tells them from other texts"
    )
    pair_consistency_weight: float = Field(
        gt=0, description="of the arm that learns from pairs of a text and its round trip"
    )


class CultureStudyParameters(StudyParameters):
    """Also how the arm that is told of culture is told."""

    told_slice = "culture"

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


class MultitaskStudyParameters(StudyParameters):
    """Nothing more: what one model of several tasks is trained like is in `training.multitask`."""

    told_slice = "language"


class TransferStudyParameters(StudyParameters):
    """Also the languages that the arms are trained on."""

    told_slice = "language"

    trained_on: tuple[TrainedOn, ...] | None = Field(
        min_length=1,
        description="sets of languages, an arm each, beside the arm of all languages; null takes "
        "each language that has train rows by itself",
    )

    @field_validator("trained_on")
    @classmethod
    def _check_sets(cls, sets: tuple[TrainedOn, ...] | None) -> tuple[TrainedOn, ...] | None:
        for languages in sets or ():
            if len(set(languages)) < len(languages):
                raise ValueError(f"{list(languages)} names a language twice")
        if len({frozenset(languages) for languages in sets or ()}) < len(sets or ()):
            raise ValueError(f"{[list(languages) for languages in sets or ()]} has a set twice")
        return sets
