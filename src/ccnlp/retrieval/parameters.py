"""The parameters of the index of passages."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ccnlp.examples import Split

Search = Literal["exact", "approximate"]
"""By all products, or by a graph of near neighbours."""


class PassageIndexParameters(BaseModel):
    """`parameters/retrieval.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: Literal["finetuned", "encoder"] = Field(
        description="whose vectors: the fine-tuned model's, or those of the encoder as it is"
    )
    task: str | None = Field(
        description="whose passages, of kind retrieval; null takes the only such task"
    )
    splits: tuple[Split, ...] = Field(
        min_length=1, description="splits whose passages can be found"
    )
    num_dimensions: int | None = Field(
        ge=1,
        description="numbers that vectors are cut to, one of the task's dimensions; null keeps all",
    )
    search: Search = Field(
        description="exact compares a query with every passage; approximate needs the extra of the "
        "same name and pays from about a million passages on"
    )
    max_length_tokens: int = Field(
        ge=8,
        description="tokens a text is cut to where the encoder is used as it is; a fine-tuned "
        "model reads what it was trained with",
    )
