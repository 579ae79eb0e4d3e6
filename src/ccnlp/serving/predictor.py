"""A trained model behind requests: limits, checks and answers."""

from pathlib import Path

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from ccnlp.corpora.cleaning import clean_text, has_visible_text
from ccnlp.cultures import parse_language
from ccnlp.errors import CcnlpError, ConfigurationError
from ccnlp.models.trained import TrainedModel


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
        task: which task to answer; the first one where it is not given.

    Raises:
        ConfigurationError: the model was not trained on the task.
    """

    def __init__(
        self, model: TrainedModel, *, parameters: ServingParameters, task: str | None = None
    ) -> None:
        self.model = model
        self.parameters = parameters
        self.task = task or next(iter(model.tasks))
        if self.task not in model.tasks:
            known = ", ".join(map(repr, model.tasks))
            raise ConfigurationError(f"the model has no task {task!r}, only {known}")

    @classmethod
    def load(cls, folder: Path, *, parameters: ServingParameters) -> "Predictor":
        """The predictor of a folder that `TrainedModel.save` wrote.

        Raises:
            ModelSourceError: the folder holds no readable model.
        """
        return cls(TrainedModel.load(folder), parameters=parameters)

    def predict(self, request: pd.DataFrame) -> pd.DataFrame:
        """A row a text: `label`, `confidence` (0..1), `probabilities` (a dict by label).

        Texts are cleaned as in ingestion.

        Args:
            request: `text`, and optionally `language` (BCP-47) and `culture`, which may be missing
                in a row. This kind of model does not look at them.

        Raises:
            RequestError: too many or too long texts, a missing column or text, or a language that
                is none.
        """
        self._check_size(request)
        texts = [self._clean(row, text) for row, text in enumerate(request["text"])]
        _check_languages(request)
        predicted = self.model.predict(
            pd.DataFrame({"text": pd.Series(texts, dtype="object")}),
            task=self.task,
            tokens_per_batch=self.parameters.tokens_per_batch,
        )
        labels = self.model.tasks[self.task].labels
        return pd.DataFrame(
            {
                "label": predicted["prediction"].astype("object"),
                "confidence": predicted["confidence"].astype("float64"),
                "probabilities": [
                    dict(zip(labels, map(float, row), strict=True))
                    for row in predicted["probabilities"]
                ],
            }
        ).reset_index(drop=True)

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


def _check_languages(request: pd.DataFrame) -> None:
    """A wrong tag is told, not ignored; a culture may be any group that the corpora declared."""
    for tag in request["language"].dropna().unique() if "language" in request else ():
        try:
            parse_language(str(tag), where="the request")
        except ConfigurationError as error:
            raise RequestError(str(error).removesuffix(" (parameters/corpora.yml)")) from None
