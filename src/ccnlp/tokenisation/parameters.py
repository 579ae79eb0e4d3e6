"""The parameters of tokenisation."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints


def _check_printable(tag: str) -> str:
    if not tag.isprintable():
        raise ValueError(
            f"{tag!r} has invisible characters or line breaks, by which nobody can tell a round "
            "trip; name visible ones on one line, such as <bt>"
        )
    return tag


Tag = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=32),
    AfterValidator(_check_printable),
]
"""What stands in front of a text."""


class TokenisationParameters(BaseModel):
    """`parameters/tokenisation.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_length_tokens: int = Field(
        ge=8, description="tokens a text is cut to, special tokens included"
    )
    round_trip_tag: Tag | None = Field(
        description="put in front of each back-translated text, such as <bt>, so that a model can "
        "tell it from one that a person wrote; null for none"
    )
    character_noise: float = Field(
        ge=0,
        le=1,
        description="share of the words of train rows in which a letter is changed at random, so "
        "that other spellings, such as a dialect's, are understood; 0 changes none",
    )
