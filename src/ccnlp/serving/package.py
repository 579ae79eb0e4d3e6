"""All that a model registry needs of a model."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from ccnlp.examples import CONTEXT, UNKNOWN
from ccnlp.models.trained import TrainedModel
from ccnlp.retrieval.index import PassageIndex
from ccnlp.serving.predictor import ServingParameters
from ccnlp.serving.thresholds import ServingThresholds
from ccnlp.tasks.base import Task
from ccnlp.tasks.served import RequestForm

MADE_UP: dict[RequestForm, str | list[str]] = {
    "text": "a text",
    "quoted_text": "a text",
    "texts": ["a", "text"],
}
MADE_UP_SPANS = ([0, 1], [2, 6])
"""What stands in an example for which there are no rows; each span is a word of its own."""


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
        example: a request for the first task that is served: its columns, `language`, `culture`,
            and `context` where the task reads it; `None` where none is served.
        passages: what queries find, for a model with a task of kind retrieval.
    """

    model: TrainedModel
    alias: str
    reasons: tuple[str, ...]
    card: str
    tags: Mapping[str, str]
    parameters: ServingParameters
    thresholds: ServingThresholds
    example: pd.DataFrame | None
    passages: PassageIndex | None = None


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
        f"data.{corpus}": str(facts["fingerprint"]) for corpus, facts in fingerprints.items()
    }


def request_example(examples: pd.DataFrame, task: Task, *, num_texts: int = 2) -> pd.DataFrame:
    """Test rows of a task in several languages, as a request; the shortest, to be readable.

    A made-up one where there are no test rows, or none with a context that the task reads.
    """
    rows = examples[(examples["split"] == "test") & (examples["task"] == task.name)]
    input_columns = [*task.input_columns, *([CONTEXT] if task.reads_context else [])]
    rows = rows.reindex(columns=[*input_columns, "language", "culture"]).dropna(
        subset=input_columns
    )
    if rows.empty:
        spans = iter(MADE_UP_SPANS)
        made_up = {
            name: next(spans) if form == "place" else MADE_UP[form]
            for name, form in task.request_columns.items()
        }
        context = {CONTEXT: "title: its title"} if task.reads_context else {}
        return pd.DataFrame([{**made_up, **context, "language": "en", "culture": UNKNOWN}])
    sizes = pd.Series([len(text) for text in task.texts(rows)], index=rows.index)
    order = sizes.sort_values(kind="stable").index
    chosen = rows.loc[order].drop_duplicates("language").head(num_texts)
    extra_columns = [name for name in (CONTEXT, "language", "culture") if name in chosen]
    request = task.as_request(chosen).join(chosen[extra_columns])
    return request.astype("object").reset_index(drop=True)
