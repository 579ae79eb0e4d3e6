"""The parameters of culture conditioning."""

from collections.abc import Iterable
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ccnlp.atlas.parameters import FIELDS, FILE, AtlasParameters
from ccnlp.errors import did_you_mean
from ccnlp.parameter_types import Share

NONE = "none"
"""The conditioning of a model that is told nothing."""


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PrefixParameters(_Group):
    """Tokens in front of the text."""

    fields: tuple[str, ...] = Field(
        min_length=1, description="what is told, a token each: attributes of culture or language"
    )


class EmbeddingParameters(_Group):
    """Learned vectors, composed to one a text."""

    fields: tuple[str, ...] = Field(
        min_length=1, description="attributes whose vectors are summed to the text's"
    )
    combination: Literal["add", "gate"] = Field(
        description="add to the tokens' embeddings, or scale the last layer's states"
    )


class AdapterParameters(_Group):
    """Small layers after the encoder's last one."""

    bottleneck: int = Field(ge=1, description="width of an adapter's inner layer")


class CultureParameters(AtlasParameters):
    """`parameters/culture.yml`."""

    conditioning: str = Field(
        description="how the model is told of culture: none, prefix, embedding or adapter"
    )
    dropout: Share = Field(
        description="share of training texts of which nothing is told, so that the model also "
        "answers without, 0..1"
    )
    prefix: PrefixParameters
    embedding: EmbeddingParameters
    adapter: AdapterParameters

    @field_validator("conditioning")
    @classmethod
    def _check_conditioning(cls, name: str) -> str:
        from ccnlp.conditioning.base import CONDITIONINGS

        known = {NONE, *CONDITIONINGS}
        if name not in known:
            raise ValueError(
                f"culture.conditioning: there is no {name!r}; {did_you_mean(name, known)} ({FILE})"
            )
        return name

    @model_validator(mode="after")
    def _check_fields(self) -> Self:
        _check_names("prefix", self.prefix.fields, {*FIELDS, *self.attributes})
        _check_names("embedding", self.embedding.fields, {*FIELDS, *self.attributes})
        return self


def _check_names(group: str, fields: tuple[str, ...], known_fields: Iterable[str]) -> None:
    unknown = [name for name in fields if name not in known_fields]
    if unknown:
        raise ValueError(
            f"culture.{group}.fields: there is no attribute {unknown[0]!r}; "
            f"{did_you_mean(unknown[0], known_fields)} ({FILE})"
        )
    if len(set(fields)) < len(fields):
        raise ValueError(f"culture.{group}.fields: {list(fields)} name one twice ({FILE})")
