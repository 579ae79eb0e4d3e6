"""All that a model registry needs of a model."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from ccnlp.examples import CONTEXT
from ccnlp.models.trained import TrainedModel
from ccnlp.serving.predictor import ServingParameters
from ccnlp.serving.thresholds import ServingThresholds


@dataclass(frozen=True)
class ModelPackage:
    """A model with its card, its limits and where it came from.

    Attributes:
        model: the fine-tuned model.
        alias: under which it is served, such as `champion`.
        reasons: why it has this alias, in sentences.
        card: the model card, in Markdown.
        tags: provenance of data and encoder, as text.
        parameters: limits of a request.
        thresholds: from where on it answers, and calls a text contested.
        example: a request: `text`, `language`, `culture`, and `context` for a model that reads it.
    """

    model: TrainedModel
    alias: str
    reasons: tuple[str, ...]
    card: str
    tags: Mapping[str, str]
    parameters: ServingParameters
    thresholds: ServingThresholds
    example: pd.DataFrame


def provenance_tags(
    model: TrainedModel, fingerprints: Mapping[str, Mapping[str, object]]
) -> dict[str, str]:
    """The encoder, the culture conditioning and the fingerprint of each corpus."""
    encoder = model.encoder
    tags = {
        "encoder.name": encoder.name,
        "encoder.source": encoder.source,
        "encoder.revision": encoder.revision,
    }
    if model.conditioning:
        tags["culture.conditioning"] = model.conditioning.name
    return tags | {
        f"data.{corpus}": str(known["fingerprint"]) for corpus, known in fingerprints.items()
    }


def request_example(
    examples: pd.DataFrame, *, reads_context: bool = False, num_texts: int = 2
) -> pd.DataFrame:
    """Test texts in several languages, as a request; the shortest, to be readable on a page.

    A made-up one where no task has texts of test, or contexts for a model that reads them.
    """
    needed = ["text", *([CONTEXT] if reads_context else [])]
    columns = [*needed, "language", "culture"]
    made_up = {"text": "a text", CONTEXT: "title: its title", "language": "en", "culture": "und"}
    test = examples[examples["split"] == "test"].reindex(columns=columns).dropna(subset=needed)
    if test.empty:
        return pd.DataFrame([made_up])[columns]
    order = test["text"].str.len().sort_values(kind="stable").index
    chosen = test.loc[order].drop_duplicates("language").head(num_texts)
    return chosen.astype("object").reset_index(drop=True)
