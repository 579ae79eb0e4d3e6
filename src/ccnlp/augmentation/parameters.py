"""The parameters of augmentation."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ccnlp.augmentation.markers import MarkersByLanguage
from ccnlp.augmentation.translator import TranslatorParameters
from ccnlp.cultures import LanguageTag, for_language
from ccnlp.parameter_types import Removable, Share

Chain = tuple[LanguageTag, ...]
"""Pivot languages in the order in which a text goes through them."""


class Band(BaseModel):
    """Where a score must lie; an end that is missing is open."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at_least: float | None = Field(default=None, description="lowest score that passes")
    at_most: float | None = Field(default=None, description="highest score that passes")

    @model_validator(mode="after")
    def _lets_something_pass_but_not_all(self) -> Self:
        low, high = self.at_least, self.at_most
        if low is None and high is None:
            raise ValueError("a band needs at_least, at_most, or both")
        if low is not None and high is not None and low > high:
            raise ValueError(f"at_least {low:g} is above at_most {high:g}")
        return self


class FilterParameters(BaseModel):
    """The threshold of one filter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    default: Band = Field(description="for languages that have no band of their own")
    by_language: dict[LanguageTag, Band] = Field(description="by language, in place of the default")

    def band(self, language: str) -> Band:
        """The band for a language, else for its primary subtag, else the default."""
        return for_language(self.by_language, language, self.default)


class LabelClassifierParameters(BaseModel):
    """The classifier that says whether a round trip still bears its label."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    num_folds: int = Field(ge=2, description="a row is judged by a model of the other folds")
    max_rows: int = Field(ge=10, description="native train rows that it learns from")
    regularisation: float = Field(gt=0, description="of the logistic regression; more is simpler")


class AugmentationParameters(BaseModel):
    """`parameters/augmentation.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    is_enabled: bool = Field(description="whether the run augments at all")
    translator: TranslatorParameters
    chunk_size_texts: int = Field(ge=1, description="texts translated and stored at once")
    routes: dict[LanguageTag, tuple[Chain, ...] | None] = Field(
        description="by language, chains of pivots; null takes a language's routes away"
    )
    share: Share = Field(description="share of a language's train rows")
    share_by_language: dict[LanguageTag, Share] = Field(
        description="by language, in place of share"
    )
    max_characters: int = Field(ge=1, description="longer texts are not translated")
    embedding_max_length_tokens: int = Field(ge=8, description="tokens a text is cut to")
    label_classifier: LabelClassifierParameters
    polarity_cues: dict[LanguageTag, tuple[str, ...]] = Field(
        description="by language, words that turn a judgement round; -x is the end of a word"
    )
    address_forms: MarkersByLanguage = Field(
        description="by language and group, ways to address somebody; a change of group is a loss"
    )
    dialect_markers: MarkersByLanguage = Field(
        description="by language and variety, words and spellings that mark it"
    )
    switched_words: MarkersByLanguage = Field(
        description="by language and language switched to, words in the same script"
    )
    filters: Removable[FilterParameters] = Field(
        description="filters by name; one that is left out or null is not applied"
    )
