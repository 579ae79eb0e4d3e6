"""A trained model behind requests: limits, checks and answers."""

from pathlib import Path

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from ccnlp.corpora.cleaning import clean_text, has_visible_text
from ccnlp.cultures import parse_language
from ccnlp.errors import CcnlpError, ConfigurationError
from ccnlp.evaluation.predictions import has_one_label
from ccnlp.models.trained import TrainedModel
from ccnlp.tasks.base import WINDOW_OF, Task


class RequestError(CcnlpError):
    """A request that is not answered; says which text and why."""


class ServingParameters(BaseModel):
    """`serving` in `parameters/registration.yml`: what one request may ask."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_texts: int = Field(ge=1, description="texts of a request")
    max_characters: int = Field(ge=1, description="characters of a text")
    tokens_per_batch: int = Field(ge=16, description="padded tokens of a batch; bounds the memory")


class Predictor:
    """Answers requests with a model.

    Args:
        model: the trained model.
        parameters: limits of a request.
    """

    def __init__(self, model: TrainedModel, *, parameters: ServingParameters) -> None:
        self.model = model
        self.parameters = parameters

    @classmethod
    def load(cls, folder: Path, *, parameters: ServingParameters) -> "Predictor":
        """The predictor of a folder that `TrainedModel.save` wrote.

        Raises:
            ModelSourceError: the folder holds no readable model.
        """
        return cls(TrainedModel.load(folder), parameters=parameters)

    def predict(self, request: pd.DataFrame, *, task: str | None = None) -> pd.DataFrame:
        """A row a text: `label`, `confidence` (0..1), `probabilities` (a dict by label).

        Texts are cleaned as in ingestion. `is_truncated` tells where the model did not read a text
        to its end, as it has more tokens than the model reads.

        Args:
            request: `text`, and optionally `language` (BCP-47) and `culture`, which may be missing
                in a row. This kind of model does not look at them.
            task: which task to answer; the first that can be served where it is not given.

        Raises:
            RequestError: a task that the model does not serve, too many or too long texts, a
                missing column or text, or a language that is none.
        """
        definition = self._find_task(task)
        self._check_size(request)
        texts = [self._clean(row, text) for row, text in enumerate(request["text"])]
        _check_languages(request)
        rows = pd.DataFrame({"text": pd.Series(texts, dtype="object")})
        predicted = self.model.predict(
            rows, task=definition.name, tokens_per_batch=self.parameters.tokens_per_batch
        )
        labels = definition.labels
        return pd.DataFrame(
            {
                "label": predicted["prediction"].astype("object"),
                "confidence": predicted["confidence"].astype("float64"),
                "probabilities": [
                    dict(zip(labels, map(float, row), strict=True))
                    for row in predicted["probabilities"]
                ],
                "is_truncated": self._is_truncated(rows, definition),
            }
        ).reset_index(drop=True)

    def _find_task(self, name: str | None) -> Task:
        served = served_tasks(self.model)
        if not served:
            raise RequestError("the model has no task that answers one text with one label")
        if name is not None and name not in served:
            known = ", ".join(map(repr, served))
            raise RequestError(f"the model serves no task {name!r}, only {known}")
        return self.model.tasks[name or served[0]]

    def _is_truncated(self, rows: pd.DataFrame, task: Task) -> list[bool]:
        """A text that is read in windows is read to its end."""
        limit = self.model.max_length_tokens
        if not len(rows):
            return []
        encoded = task.encode(rows, self.model.tokenizer, max_length_tokens=limit)
        if WINDOW_OF in encoded:
            return [False] * len(rows)
        return [length > limit for length in encoded["num_tokens_before_truncation"]]

    def _check_size(self, request: pd.DataFrame) -> None:
        if "text" not in request:
            found = ", ".join(map(repr, request.columns))
            raise RequestError(f"the request has no column 'text', only {found}")
        if len(request) > self.parameters.max_texts:
            raise RequestError(
                f"the request has {len(request):,} texts, and at most "
                f"{self.parameters.max_texts:,} are answered at once; send them in parts"
            )

    def _clean(self, row: int, text: object) -> str:
        if not isinstance(text, str):
            raise RequestError(f"text {row} is {text!r}, which is no text")
        if len(text) > self.parameters.max_characters:
            raise RequestError(
                f"text {row} has {len(text):,} characters, and at most "
                f"{self.parameters.max_characters:,} are read; shorten it"
            )
        cleaned = clean_text(text, mends_mojibake=True)
        if "\x00" in cleaned:
            raise RequestError(f"text {row} has null bytes")
        if not has_visible_text(cleaned):
            raise RequestError(f"text {row} is empty")
        return cleaned


def served_tasks(model: TrainedModel) -> list[str]:
    """The tasks that a request can be answered for: one text in, one label out."""
    return [
        name
        for name, task in model.tasks.items()
        if task.input_columns == ("text",) and has_one_label(task)
    ]


def _check_languages(request: pd.DataFrame) -> None:
    """A wrong tag is told, not ignored; a culture may be any group that the corpora declared."""
    for tag in request["language"].dropna().unique() if "language" in request else ():
        try:
            parse_language(str(tag), where="the request")
        except ConfigurationError as error:
            raise RequestError(str(error).removesuffix(" (parameters/corpora.yml)")) from None
