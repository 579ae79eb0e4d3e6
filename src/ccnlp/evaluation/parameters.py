"""The parameters of evaluation."""

from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PositiveInt,
    model_validator,
)

from ccnlp.errors import did_you_mean
from ccnlp.evaluation.predictions import SLICEABLE
from ccnlp.evaluation.systems import SYSTEMS
from ccnlp.examples import COLUMNS
from ccnlp.parameter_types import Positive, Removable, Share

COMPUTED_SLICES = ("all", "label", "length")
"""Slices that are not made of columns."""


def _check_range(sizes: tuple[int, int]) -> tuple[int, int]:
    if sizes[0] > sizes[1]:
        raise ValueError(f"{list(sizes)} must be the shortest and the longest, in this order")
    return sizes


def _check_baseline(name: str) -> str:
    why_not = {"champion": "is not there in every run", "finetuned": "is what is judged"}
    baselines = [system for system in SYSTEMS if system not in why_not]
    if name not in baselines:
        raise ValueError(
            f"{name!r} {why_not.get(name, 'is no system')}; {did_you_mean(name, baselines)}"
        )
    return name


def _check_column(name: str) -> str:
    if name in SLICEABLE:
        return name
    if name in COLUMNS:
        raise ValueError(
            f"examples have the column {name!r}, but predictions do not carry it; slices are made "
            f"of {', '.join(SLICEABLE)}"
        )
    raise ValueError(f"the predictions have no column {name!r}; {did_you_mean(name, SLICEABLE)}")


NgramRange = Annotated[tuple[PositiveInt, PositiveInt], AfterValidator(_check_range)]
Baseline = Annotated[str, AfterValidator(_check_baseline)]
Column = Annotated[str, AfterValidator(_check_column)]


def _check_names(slices: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    for name, columns in slices.items():
        if name in COMPUTED_SLICES or not columns:
            raise ValueError(
                f"slice {name!r} of columns {list(columns)}: name another than "
                f"{', '.join(COMPUTED_SLICES)}, and at least one column"
            )
    return slices


Slices = Annotated[Removable[tuple[Column, ...]], AfterValidator(_check_names)]
"""By name, the columns of predictions whose values form the groups; null removes one."""


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TfidfParameters(_Group):
    """The TF-IDF baseline."""

    word_ngrams: NgramRange = Field(description="shortest and longest word n-gram")
    character_ngrams: NgramRange = Field(
        description="shortest and longest character n-gram, within words"
    )
    min_document_count: int = Field(ge=1, description="texts that an n-gram must occur in")
    max_features: int = Field(ge=100, description="n-grams kept, of words and of characters each")
    inverse_regularisation: tuple[Positive, ...] = Field(
        min_length=1, description="C of the logistic regression; chosen on validation"
    )


class ProbeParameters(_Group):
    """Logistic regression on the frozen encoder's vectors."""

    max_length_tokens: int = Field(ge=8, description="tokens a text is cut to")
    max_train_examples: int | None = Field(
        ge=1, description="training rows, drawn at random where there are more; null takes all"
    )
    inverse_regularisation: tuple[Positive, ...] = Field(
        min_length=1, description="C of the logistic regression; chosen on validation"
    )


class FairnessParameters(_Group):
    """How groups are compared with each other."""

    half_width: float = Field(
        gt=0,
        lt=0.5,
        description="of the interval of a group's macro-F1 that the number of rows still needed "
        "is told for, 0..1",
    )


class AbstentionParameters(_Group):
    """When a model gives no answer."""

    max_error_rate: float = Field(
        gt=0,
        lt=1,
        description="of the texts that are answered, 0..1; kept with `evaluation.confidence`, by a "
        "threshold of the confidence that is chosen on validation; `abstention: null` answers "
        "every text",
    )


class ByCultureParameters(_Group):
    """What a model that is told of culture answers to one text in each of them."""

    max_predictions: int = Field(
        ge=1,
        description="test texts times cultures, of each task; drawn at random where there are more",
    )
    min_disagreement: Share = Field(
        description="Jensen-Shannon distance of the cultures' distributions from which on a text "
        "is contested, 0..1"
    )


class ReportParameters(_Group):
    """What the report shows beside the scores."""

    failures_per_culture: int = Field(ge=0, description="confident errors shown for each culture")
    demonstration_corpora: tuple[str, ...] = Field(
        description="corpora whose scores say nothing about the world"
    )


class PublishedScores(_Group):
    """Numbers that others reported on the same test split."""

    corpus: str = Field(description="key of the corpus they were measured on")
    metric: str = Field(description="such as macro_f1")
    source: str = Field(description="citation")
    systems: dict[str, dict[str, float]] = Field(
        description="by system, the score in percent by language; `average` for their mean"
    )


class EvaluationParameters(_Group):
    """`parameters/evaluation.yml`."""

    seed: int = Field(ge=0, description="of the resamples, and of the probe's train rows")
    num_draws: int = Field(ge=1, description="bootstrap resamples behind an interval")
    confidence: float = Field(gt=0.5, lt=1, description="of the intervals, such as 0.95")
    min_group_size: int = Field(
        ge=1, description="rows below which a group is marked, and drawn with a prior"
    )
    baseline: Baseline = Field(description="system that differences are taken to")
    slices: Slices = Field(
        description="by slice, the columns of the predictions whose values form its groups; null "
        "removes a slice"
    )
    max_groups: int = Field(
        ge=2, description="groups of a slice above which nothing is scored; bounds time and memory"
    )
    length_bins: tuple[PositiveInt, ...] = Field(
        min_length=1, description="upper ends, in characters, of the groups of the slice length"
    )
    tfidf: TfidfParameters
    probe: ProbeParameters
    tokens_per_batch: int = Field(ge=16, description="padded tokens of a batch in prediction")
    fairness: FairnessParameters
    abstention: AbstentionParameters | None = Field(
        description="when a model gives no answer; null answers every text"
    )
    by_culture: ByCultureParameters
    report: ReportParameters
    published: PublishedScores | None = Field(description="scores of others on the same data")

    @model_validator(mode="after")
    def _check_slices(self) -> Self:
        bins = list(self.length_bins)
        if bins != sorted(set(bins)):
            raise ValueError(f"length_bins {bins} must rise")
        return self
