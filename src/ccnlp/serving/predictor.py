"""A trained model behind requests: limits, checks and answers."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from ccnlp.conditioning.keys import ConditionKeys
from ccnlp.corpora.cleaning import clean_context, clean_text, has_visible_text
from ccnlp.cultures import parse_language
from ccnlp.errors import ConfigurationError
from ccnlp.examples import CONTEXT, UNKNOWN
from ccnlp.models.trained import TrainedModel
from ccnlp.serving.by_culture import answer_by_culture, parse_culture, parse_cultures
from ccnlp.serving.errors import RequestError
from ccnlp.serving.thresholds import ServingThresholds
from ccnlp.tasks.answers import labels_one_text
from ccnlp.tasks.base import WINDOW_OF, Task

__all__ = ["Predictor", "RequestError", "ServingParameters", "served_tasks"]


class ServingParameters(BaseModel):
    """`serving` in `parameters/registration.yml`: what one request may ask."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_texts: int = Field(ge=1, description="texts of a request")
    max_characters: int = Field(ge=1, description="characters of a text, and of its context")
    tokens_per_batch: int = Field(ge=16, description="padded tokens of a batch; bounds the memory")


class Predictor:
    """Answers requests with a model.

    Args:
        model: the trained model.
        parameters: limits of a request.
        thresholds: from where on it answers, and calls a text contested.
    """

    def __init__(
        self,
        model: TrainedModel,
        *,
        parameters: ServingParameters,
        thresholds: ServingThresholds | None = None,
    ) -> None:
        self.model = model
        self.parameters = parameters
        self.thresholds = thresholds or ServingThresholds()

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        parameters: ServingParameters,
        thresholds: ServingThresholds | None = None,
    ) -> "Predictor":
        """The predictor of a folder that `TrainedModel.save` wrote.

        Raises:
            ModelSourceError: the folder holds no readable model.
        """
        return cls(TrainedModel.load(folder), parameters=parameters, thresholds=thresholds)

    def predict(
        self,
        request: pd.DataFrame,
        *,
        task: str | None = None,
        cultures: Sequence[str] = (),
        abstains: bool = True,
    ) -> pd.DataFrame:
        """A row a text: `label`, `confidence` (0..1), `probabilities` (a dict by label).

        A model with a threshold for the task also tells in `abstains` where its confidence is below
        it: there is no label then, unless `abstains` is false.

        Texts and contexts are cleaned as in ingestion. `is_truncated` tells where the model did not
        read all of a text and its context, as they have more tokens than the model reads; of the
        context the beginning goes first. A model that is told of culture
        tells in `is_culture_seen` whether it was trained on the culture that a row names; a region
        that it was not trained on is answered as far as its other attributes go.

        Args:
            request: `text`, and optionally `language` (BCP-47), `culture` (ISO 3166 region or a
                group that the model knows), `domain` and `context`, a line for each field or turn;
                they may be missing in a row. A model that is told nothing of them does not look at
                them.
            task: which task to answer; the first that can be served where it is not given.
            cultures: whose answers are set beside each other in `by_culture`, `disagreement` and
                `contested`, see `answer_by_culture`; `all` alone takes those of the training.
            abstains: whether texts that the model is too unsure of have no label.

        Raises:
            RequestError: a task that the model does not serve, too many or too long texts, a
                missing column or text, a context or a language that is none, a culture that is none
                or that the model knows nothing of, or `abstains` that is no truth value.
        """
        definition = self._find_task(task)
        if not isinstance(abstains, bool):
            raise RequestError(f"'abstain' is {abstains!r}; give true or false")
        asked = parse_cultures(self.model, cultures) if len(cultures) else ()
        self._check_size(request, num_cultures=len(asked))
        texts = [self._clean(row, text) for row, text in enumerate(request["text"])]
        languages = _parse_languages(request)
        rows = pd.DataFrame({"text": pd.Series(texts, dtype="object")})
        if definition.reads_context and CONTEXT in request:
            rows[CONTEXT] = self._clean_contexts(request[CONTEXT])
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
        if asked:
            answer = answer.join(self._answer_by_culture(rows, definition, asked))
        return self._abstain(answer, definition, is_silent=abstains)

    def _answer_by_culture(
        self, rows: pd.DataFrame, task: Task, cultures: Sequence[str]
    ) -> pd.DataFrame:
        return answer_by_culture(
            self.model,
            rows,
            task=task.name,
            cultures=cultures,
            tokens_per_batch=self.parameters.tokens_per_batch,
            min_disagreement=self.thresholds.min_disagreement,
        )

    def _abstain(self, answer: pd.DataFrame, task: Task, *, is_silent: bool) -> pd.DataFrame:
        """With `abstains`, and where it holds without a label that could be taken for an answer."""
        threshold = self.thresholds.abstention.get(task.name)
        if threshold is None:
            return answer
        is_unsure = answer["confidence"] < threshold
        if is_silent:
            labels = [
                None if unsure else label
                for label, unsure in zip(answer["label"], is_unsure, strict=True)
            ]
            answer = answer.assign(label=pd.Series(labels, dtype="object"))
        return answer.assign(abstains=is_unsure)

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

    def _check_size(self, request: pd.DataFrame, *, num_cultures: int) -> None:
        if "text" not in request:
            found = ", ".join(map(repr, request.columns))
            raise RequestError(f"the request has no column 'text', only {found}")
        if len(request) > self.parameters.max_texts:
            raise RequestError(
                f"the request has {len(request):,} texts, and at most "
                f"{self.parameters.max_texts:,} are answered at once; send them in parts"
            )
        if len(request) * num_cultures > self.parameters.max_texts:
            raise RequestError(
                f"the request has {len(request):,} texts in {num_cultures:,} cultures, which are "
                f"{len(request) * num_cultures:,} answers, and at most "
                f"{self.parameters.max_texts:,} are given at once; send the texts in parts, or "
                "name fewer cultures"
            )

    def _clean(self, row: int, text: object) -> str:
        cleaned = self._clean_bounded(f"text {row}", text, clean_text)
        if not has_visible_text(cleaned):
            raise RequestError(f"text {row} is empty")
        return cleaned

    def _clean_contexts(self, contexts: "pd.Series[Any]") -> "pd.Series[str]":
        """The contexts; empty where none is given."""
        given = contexts.astype("object").where(contexts.notna(), "")
        cleaned = [
            self._clean_bounded(f"the context of text {row}", context, clean_context)
            for row, context in enumerate(given)
        ]
        return pd.Series(cleaned, dtype="object")

    def _clean_bounded(self, what: str, text: object, clean: Callable[[str], str]) -> str:
        if not isinstance(text, str):
            raise RequestError(f"{what} is {text!r}, which is no text")
        if len(text) > self.parameters.max_characters:
            raise RequestError(
                f"{what} has {len(text):,} characters, and at most "
                f"{self.parameters.max_characters:,} are read; shorten it"
            )
        cleaned = clean(text)
        if "\x00" in cleaned:
            raise RequestError(f"{what} has null bytes")
        return cleaned


def served_tasks(model: TrainedModel) -> list[str]:
    """The tasks that a request can be answered for: one text in, one label out."""
    return [name for name, task in model.tasks.items() if labels_one_text(task)]


def reads_contexts(model: TrainedModel) -> bool:
    """Whether some task that is served reads the context of texts."""
    return any(model.tasks[name].reads_context for name in served_tasks(model))


def _parse_languages(request: pd.DataFrame) -> list[str]:
    """The tags in their canonical form, `und` where none is given; a wrong one is told."""
    try:
        return [parse_language(tag, where="the request") for tag in _cells(request, "language")]
    except ConfigurationError as error:
        raise RequestError(str(error).removesuffix(" (parameters/corpora.yml)")) from None


def _told(request: pd.DataFrame, languages: list[str], keys: ConditionKeys) -> dict[str, list[str]]:
    """What a conditioned model is told of each row."""
    cultures = [parse_culture(key, keys) for key in _cells(request, "culture")]
    return {"culture": cultures, "language": languages, "domain": _cells(request, "domain")}


def _cells(request: pd.DataFrame, column: str) -> list[str]:
    """The column's cells as text; `und` where there is none."""
    if column not in request:
        return [UNKNOWN] * len(request)
    return [str(cell) if pd.notna(cell) else UNKNOWN for cell in request[column]]
