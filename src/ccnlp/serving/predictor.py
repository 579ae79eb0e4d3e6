"""A trained model behind requests: limits, checks and answers."""

from pathlib import Path

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from ccnlp.conditioning.keys import ConditionKeys
from ccnlp.corpora.cleaning import clean_text, has_visible_text
from ccnlp.cultures import canonical_culture, parse_language
from ccnlp.errors import CcnlpError, ConfigurationError
from ccnlp.examples import UNKNOWN
from ccnlp.models.trained import TrainedModel
from ccnlp.tasks.answers import labels_one_text
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
        to its end, as it has more tokens than the model reads. A model that is told of culture
        tells in `is_culture_seen` whether it was trained on the culture that a row names; a region
        that it was not trained on is answered as far as its other attributes go.

        Args:
            request: `text`, and optionally `language` (BCP-47), `culture` (ISO 3166 region or a
                group that the model knows) and `domain`, which may be missing in a row. A model
                that is told nothing does not look at them.
            task: which task to answer; the first that can be served where it is not given.

        Raises:
            RequestError: a task that the model does not serve, too many or too long texts, a
                missing column or text, a language that is none, or a culture that is none.
        """
        definition = self._find_task(task)
        self._check_size(request)
        texts = [self._clean(row, text) for row, text in enumerate(request["text"])]
        languages = _parse_languages(request)
        rows = pd.DataFrame({"text": pd.Series(texts, dtype="object")})
        keys = self.model.conditioning.keys if self.model.conditioning else None
        if keys is not None:
            rows = rows.assign(**_told(request, languages, keys))
        predicted = self.model.predict(
            rows, task=definition.name, tokens_per_batch=self.parameters.tokens_per_batch
        )
        labels = definition.labels
        answer = pd.DataFrame(
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
        if keys is not None:
            answer["is_culture_seen"] = rows["culture"].isin(keys.cultures)
        return answer

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
        limit = self.model.max_text_tokens
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
    return [name for name, task in model.tasks.items() if labels_one_text(task)]


def _parse_languages(request: pd.DataFrame) -> list[str]:
    """The tags in their canonical form, `und` where none is given; a wrong one is told."""
    try:
        return [parse_language(tag, where="the request") for tag in _cells(request, "language")]
    except ConfigurationError as error:
        raise RequestError(str(error).removesuffix(" (parameters/corpora.yml)")) from None


def _told(request: pd.DataFrame, languages: list[str], keys: ConditionKeys) -> dict[str, list[str]]:
    """What a conditioned model is told of each row.

    Without a conditioning a culture may be any group that the corpora declared; here the model
    knows which there are, and a wrong key is told.
    """
    groups = {*keys.cultures, *keys.atlas.parameters.groups, UNKNOWN}
    try:
        cultures = [canonical_culture(key, groups=groups) for key in _cells(request, "culture")]
    except ValueError as error:
        raise RequestError(f"the request: culture {error}") from None
    return {"culture": cultures, "language": languages, "domain": _cells(request, "domain")}


def _cells(request: pd.DataFrame, column: str) -> list[str]:
    """The column's cells as text; `und` where there is none."""
    if column not in request:
        return [UNKNOWN] * len(request)
    return [str(cell) if pd.notna(cell) else UNKNOWN for cell in request[column]]
