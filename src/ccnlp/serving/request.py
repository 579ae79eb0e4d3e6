"""A request: what it may ask, and its rows as the model reads them."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from ccnlp.conditioning.keys import ConditionKeys
from ccnlp.corpora.cleaning import clean_context, clean_text, has_visible_text
from ccnlp.cultures import check_is_list, parse_language
from ccnlp.errors import ConfigurationError
from ccnlp.examples import CONTEXT, UNKNOWN
from ccnlp.serving.by_culture import parse_culture
from ccnlp.serving.errors import RequestError
from ccnlp.tasks.base import Task
from ccnlp.tasks.served import RequestForm

MAX_TEXTS_IN_LIST = 1000

HALF_CHARACTER = re.compile("[\ud800-\udfff]")


class ServingParameters(BaseModel):
    """`serving` in `parameters/registration.yml`: what one request may ask."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_texts: int = Field(ge=1, description="texts of a request")
    max_characters: int = Field(ge=1, description="characters of a text, and of its context")
    max_tokens: int = Field(
        ge=1, description="tokens that are read for a request, in windows and in each culture"
    )
    tokens_per_batch: int = Field(ge=16, description="padded tokens of a batch; bounds the memory")


def check_list(value: object, name: str) -> None:
    """Checks that what a request names beside its rows is a list.

    Raises:
        RequestError: it is something else, such as one text; shows how to write it.
    """
    try:
        check_is_list(value, name)
    except ValueError as error:
        raise RequestError(str(error)) from None


def read_request(
    request: pd.DataFrame,
    task: Task,
    keys: ConditionKeys | None,
    *,
    parameters: ServingParameters,
    num_cultures: int,
) -> pd.DataFrame:
    """What the task asks of each row, checked and clean, and of the rest what the model looks at.

    The columns are the task's `request_columns`, then `context`, `culture`, `language` and
    `domain`, as far as the model reads them.

    Args:
        request: see `Predictor.predict`.
        task: that is answered.
        keys: what the model knows of cultures; `None` where it is told nothing.
        parameters: limits.
        num_cultures: in how many each text is answered beside its own.

    Raises:
        RequestError: it is larger than allowed, or a cell is not what it should be; says which.
    """
    _check_columns(request, task)
    _check_size(request, num_cultures=num_cultures, max_texts=parameters.max_texts)
    max_characters = parameters.max_characters
    rows = pd.DataFrame(index=pd.RangeIndex(len(request)))
    for column, form in task.request_columns.items():
        read_cell = READERS[form]
        cells = [
            read_cell(f"{column} {row}", cell, max_characters)
            for row, cell in enumerate(request[column])
        ]
        rows[column] = pd.Series(cells, dtype="object")
    languages = _parse_languages(request)
    if task.reads_context and CONTEXT in request:
        rows[CONTEXT] = _clean_contexts(request[CONTEXT], max_characters)
    return rows.assign(**_condition_columns(request, languages, keys)) if keys is not None else rows


def read_inputs(rows: pd.DataFrame, task: Task) -> pd.DataFrame:
    """The rows that the model reads, of a request that was read.

    Raises:
        RequestError: the task can't read a row; says which and why.
    """
    columns = list(task.request_columns)
    reasons = task.why_unreadable(rows).dropna()
    for row, reason in reasons.items():
        raise RequestError(f"{columns[0]} {row}: {reason}")
    return task.read_request(rows[columns]).join(rows.drop(columns=columns))


def _check_columns(request: pd.DataFrame, task: Task) -> None:
    duplicates = request.columns[request.columns.duplicated()]
    if len(duplicates):
        raise RequestError(f"the request has two columns {duplicates[0]!r}; give each once")
    missing = [column for column in task.request_columns if column not in request]
    if missing:
        present = ", ".join(map(repr, request.columns)) or "none"
        raise RequestError(
            f"the request has no column {', '.join(map(repr, missing))}, which task {task.name!r} "
            f"asks for, only {present}"
        )


def _check_size(request: pd.DataFrame, *, num_cultures: int, max_texts: int) -> None:
    if len(request) > max_texts:
        raise RequestError(
            f"the request has {len(request):,} texts, and at most {max_texts:,} are answered at "
            "once; send them in parts"
        )
    if len(request) * num_cultures > max_texts:
        raise RequestError(
            f"the request has {len(request):,} texts in {num_cultures:,} cultures, which are "
            f"{len(request) * num_cultures:,} answers, and at most {max_texts:,} are given at "
            "once; send the texts in parts, or name fewer cultures"
        )


def check_tokens(num_tokens: int, *, max_tokens: int) -> None:
    """Checks that a request does not take too long to read.

    Raises:
        RequestError: it has more tokens than allowed; says how many.
    """
    if num_tokens > max_tokens:
        raise RequestError(
            f"the texts of the request are {num_tokens:,} tokens as the model reads them, and at "
            f"most {max_tokens:,} are read at once; send fewer or shorter texts"
        )


def _read_text(cell_name: str, text: object, max_characters: int) -> str:
    return _check_visible(cell_name, _clean_bounded(cell_name, text, clean_text, max_characters))


def _read_quoted(cell_name: str, text: object, max_characters: int) -> str:
    """As it is: its characters are counted."""
    return _check_visible(cell_name, _clean_bounded(cell_name, text, str, max_characters))


def _read_texts(cell_name: str, texts: object, max_characters: int) -> list[str]:
    if not isinstance(texts, list | tuple | np.ndarray):
        raise RequestError(f"{cell_name} is {texts!r}, which is no list of texts")
    if len(texts) > MAX_TEXTS_IN_LIST:
        raise RequestError(
            f"{cell_name} has {len(texts):,} texts, and at most {MAX_TEXTS_IN_LIST:,} are read"
        )
    return [
        _read_text(f"{cell_name}, item {item},", text, max_characters)
        for item, text in enumerate(texts)
    ]


def _read_span(cell_name: str, span: object, max_characters: int) -> list[str]:
    """The two numbers as rows hold them; whether they fit the text is the task's to say."""
    del max_characters
    numbers = list(span) if isinstance(span, list | tuple | np.ndarray) else []
    if len(numbers) != 2 or not all(_is_whole(number) for number in numbers):
        raise RequestError(
            f"{cell_name} is {span!r}; give the first character and the one behind the last, such "
            "as [0, 3]"
        )
    return [str(int(number)) for number in numbers]


def _is_whole(number: object) -> bool:
    if isinstance(number, bool) or not isinstance(number, int | np.integer):
        return False
    return bool(number >= 0)


READERS: Mapping[RequestForm, Callable[[str, object, int], object]] = {
    "text": _read_text,
    "quoted_text": _read_quoted,
    "texts": _read_texts,
    "place": _read_span,
}
"""How a cell is read, by its form: from what it is called, the cell and the most characters."""


def _check_visible(cell_name: str, text: str) -> str:
    if not has_visible_text(text):
        raise RequestError(f"{cell_name} is empty")
    return text


def _clean_contexts(contexts: "pd.Series[Any]", max_characters: int) -> "pd.Series[str]":
    """The contexts; empty where none is given."""
    filled = contexts.astype("object").where(contexts.notna(), "")
    cleaned = [
        _clean_bounded(f"the context of text {row}", context, clean_context, max_characters)
        for row, context in enumerate(filled)
    ]
    return pd.Series(cleaned, dtype="object")


def _clean_bounded(
    cell_name: str, text: object, clean: Callable[[str], str], max_characters: int
) -> str:
    if not isinstance(text, str):
        raise RequestError(f"{cell_name} is {text!r}, which is no text")
    if len(text) > max_characters:
        raise RequestError(
            f"{cell_name} has {len(text):,} characters, and at most {max_characters:,} are read; "
            "shorten it"
        )
    cleaned = clean(text)
    if "\x00" in cleaned:
        raise RequestError(f"{cell_name} has null bytes")
    if HALF_CHARACTER.search(cleaned):
        raise RequestError(f"{cell_name} has half of a surrogate pair, which is no character")
    return cleaned


def _parse_languages(request: pd.DataFrame) -> list[str]:
    """The tags in their canonical form, `und` where none is given; a wrong one is told."""
    try:
        return [parse_language(tag, where="the request") for tag in _cells(request, "language")]
    except ConfigurationError as error:
        raise RequestError(str(error).removesuffix(" (parameters/corpora.yml)")) from None


def _condition_columns(
    request: pd.DataFrame, languages: list[str], keys: ConditionKeys
) -> dict[str, list[str]]:
    """What a conditioned model is told of each row."""
    cultures = [parse_culture(key, keys) for key in _cells(request, "culture")]
    return {"culture": cultures, "language": languages, "domain": _cells(request, "domain")}


def _cells(request: pd.DataFrame, column: str) -> list[str]:
    """The column's cells as text; `und` where there is none."""
    if column not in request:
        return [UNKNOWN] * len(request)
    cells = request[column]
    return [
        str(cell) if is_given else UNKNOWN
        for cell, is_given in zip(cells, cells.notna(), strict=True)
    ]
