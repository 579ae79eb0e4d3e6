"""How queries find passages: the options of kind retrieval."""

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from ccnlp.tasks.parameters import KindOptions


class RetrievalOptions(KindOptions):
    """`options` of kind retrieval."""

    query_prefix: str = Field(
        description="in front of each query, as the encoder was pretrained: `query: ` for E5"
    )
    passage_prefix: str = Field(
        description="in front of each passage, as the encoder was pretrained: `passage: ` for E5"
    )
    temperature: float = Field(
        gt=0, description="divides cosines in the loss; a lower one looks at the hardest negatives"
    )
    is_symmetric: bool = Field(
        description="whether a passage shall find its query among those of the batch as well"
    )
    negatives: Literal["given", "mined"] = Field(
        description="what the list of a train row's negatives begins with: `given`, those of the "
        "corpus; `mined`, the passages that the encoder as it is takes for the best answers and "
        "that are none"
    )
    num_negatives: int = Field(
        ge=0, description="negatives of each row's own that training reads, the first of its list"
    )
    dimensions: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        description="further sizes to which vectors can be cut, such as [64, 128], smallest first"
    )

    @field_validator("dimensions")
    @classmethod
    def _grow(cls, sizes: tuple[int, ...]) -> tuple[int, ...]:
        if any(size >= next_size for size, next_size in pairwise(sizes)):
            raise ValueError(f"{list(sizes)} do not grow; name each size once, the smallest first")
        return sizes

    @model_validator(mode="after")
    def _read_what_is_mined(self) -> Self:
        if self.negatives == "mined" and not self.num_negatives:
            raise ValueError(
                "negatives are mined, and num_negatives is 0, so that training would read none; "
                "set it to 1 or more, or negatives to given"
            )
        return self
