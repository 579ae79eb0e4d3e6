"""The parameters of evaluation."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

COMPUTED_SLICES = ("all", "label", "length")
"""Slices that are not made of columns."""


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TfidfParameters(_Group):
    """The TF-IDF baseline."""

    word_ngrams: tuple[int, int] = Field(description="shortest and longest word n-gram")
    character_ngrams: tuple[int, int] = Field(
        description="shortest and longest character n-gram, within words"
    )
    min_document_count: int = Field(ge=1, description="texts that an n-gram must occur in")
    max_features: int = Field(ge=100, description="n-grams kept, of words and of characters each")
    inverse_regularisation: tuple[float, ...] = Field(
        min_length=1, description="C of the logistic regression; chosen on validation"
    )


class ProbeParameters(_Group):
    """Logistic regression on the frozen encoder's vectors."""

    prefix: str = Field(description="put in front of each text, as the encoder was pretrained")
    max_length_tokens: int = Field(ge=8, description="tokens a text is cut to")
    max_train_examples: int | None = Field(
        ge=1, description="training rows, drawn at random where there are more; null takes all"
    )
    inverse_regularisation: tuple[float, ...] = Field(
        min_length=1, description="C of the logistic regression; chosen on validation"
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

    seed: int = Field(ge=0, description="of the resamples")
    num_draws: int = Field(ge=1, description="bootstrap resamples behind an interval")
    confidence: float = Field(gt=0.5, lt=1, description="of the intervals, such as 0.95")
    min_group_size: int = Field(ge=1, description="rows below which a group is marked as small")
    baseline: str = Field(description="system that differences are taken to")
    slices: dict[str, tuple[str, ...]] = Field(
        description="by slice, the columns of the predictions whose values form its groups"
    )
    length_bins: tuple[int, ...] = Field(
        min_length=1, description="upper ends, in characters, of the groups of the slice length"
    )
    tfidf: TfidfParameters
    probe: ProbeParameters
    tokens_per_batch: int = Field(ge=16, description="padded tokens of a batch in prediction")
    report: ReportParameters
    published: PublishedScores | None = Field(description="scores of others on the same data")

    @model_validator(mode="after")
    def _check_slices(self) -> Self:
        bins = list(self.length_bins)
        if bins != sorted(set(bins)):
            raise ValueError(f"length_bins {bins} must rise")
        for name, columns in self.slices.items():
            if name in COMPUTED_SLICES or not columns:
                raise ValueError(
                    f"slice {name!r} of columns {list(columns)}: name another than "
                    f"{', '.join(COMPUTED_SLICES)}, and at least one column"
                )
        return self
