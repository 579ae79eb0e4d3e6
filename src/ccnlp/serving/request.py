"""A request: what it may ask, and its texts as the model reads them."""

from collections.abc import Callable
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from ccnlp.conditioning.keys import ConditionKeys
from ccnlp.corpora.cleaning import clean_context, clean_text, has_visible_text
from ccnlp.cultures import parse_language
from ccnlp.errors import ConfigurationError
from ccnlp.examples import CONTEXT, UNKNOWN
from ccnlp.serving.by_culture import parse_culture
from ccnlp.serving.errors import RequestError
from ccnlp.tasks.base import Task


class ServingParameters(BaseModel):
    """`serving` in `parameters/registration.yml`: what one request may ask."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_texts: int = Field(ge=1, description="texts of a request")
    max_characters: int = Field(ge=1, description="characters of a text, and of its context")
    tokens_per_batch: int = Field(ge=16, description="padded tokens of a batch; bounds the memory")


def read_request(
    request: pd.DataFrame,
    task: Task,
    keys: ConditionKeys | None,
    *,
    parameters: ServingParameters,
    num_cultures: int,
) -> pd.DataFrame:
    """The rows that the model reads: cleaned texts, and of the others what it looks at.

    Args:
        request: see `Predictor.predict`.
        task: that is answered.
        keys: what the model knows of cultures; `None` where it is told nothing.
        parameters: limits.
        num_cultures: in how many each text is answered beside its own.

    Raises:
        RequestError: it is larger than allowed, or a cell is not what it should be; says which.
    """
    _check_size(request, num_cultures=num_cultures, most=parameters.max_texts)
    most = parameters.max_characters
    texts = [_clean(f"text {row}", text, most) for row, text in enumerate(request["text"])]
    languages = _parse_languages(request)
    rows = pd.DataFrame({"text": pd.Series(texts, dtype="object")})
    if task.reads_context and CONTEXT in request:
        rows[CONTEXT] = _clean_contexts(request[CONTEXT], most)
    return rows.assign(**_told(request, languages, keys)) if keys is not None else rows


def _check_size(request: pd.DataFrame, *, num_cultures: int, most: int) -> None:
    if "text" not in request:
        found = ", ".join(map(repr, request.columns))
        raise RequestError(f"the request has no column 'text', only {found}")
    if len(request) > most:
        raise RequestError(
            f"the request has {len(request):,} texts, and at most {most:,} are answered at once; "
            "send them in parts"
        )
    if len(request) * num_cultures > most:
        raise RequestError(
            f"the request has {len(request):,} texts in {num_cultures:,} cultures, which are "
            f"{len(request) * num_cultures:,} answers, and at most {most:,} are given at once; "
            "send the texts in parts, or name fewer cultures"
        )


def _clean(what: str, text: object, most: int) -> str:
    cleaned = _clean_bounded(what, text, clean_text, most)
    if not has_visible_text(cleaned):
        raise RequestError(f"{what} is empty")
    return cleaned


def _clean_contexts(contexts: "pd.Series[Any]", most: int) -> "pd.Series[str]":
    """The contexts; empty where none is given."""
    given = contexts.astype("object").where(contexts.notna(), "")
    cleaned = [
        _clean_bounded(f"the context of text {row}", context, clean_context, most)
        for row, context in enumerate(given)
    ]
    return pd.Series(cleaned, dtype="object")


def _clean_bounded(what: str, text: object, clean: Callable[[str], str], most: int) -> str:
    if not isinstance(text, str):
        raise RequestError(f"{what} is {text!r}, which is no text")
    if len(text) > most:
        raise RequestError(
            f"{what} has {len(text):,} characters, and at most {most:,} are read; shorten it"
        )
    cleaned = clean(text)
    if "\x00" in cleaned:
        raise RequestError(f"{what} has null bytes")
    return cleaned


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
