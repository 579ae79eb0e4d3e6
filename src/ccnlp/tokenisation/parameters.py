"""The parameters of tokenisation."""

from pydantic import BaseModel, ConfigDict, Field


class TokenisationParameters(BaseModel):
    """`parameters/tokenisation.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_length_tokens: int = Field(
        ge=8, description="tokens a text is cut to, special tokens included"
    )
