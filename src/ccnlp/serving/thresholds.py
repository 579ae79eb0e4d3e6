"""From where on a served model answers, and calls a text contested."""

from pydantic import BaseModel, ConfigDict, Field

from ccnlp.parameter_types import Share


class ServingThresholds(BaseModel):
    """What travels with a registered version; older ones have none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    abstention: dict[str, Share] = Field(
        default_factory=dict,
        description="by task, the confidence below which no label is given; a task that is missing "
        "is always answered",
    )
    min_disagreement: Share | None = Field(
        default=None, description="of cultures, from which on a text is contested; null tells none"
    )
