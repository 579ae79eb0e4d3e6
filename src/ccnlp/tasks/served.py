"""The part of the task contract that serving uses: what a request gives, and what is told."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from ccnlp.tasks.columns import Columns
from ccnlp.tasks.confidence import CONFIDENCE

RequestForm = Literal["text", "quoted_text", "texts", "place"]
"""What a cell of a request holds: a text that is cleaned as in ingestion; one that is left as it
is, since the answer or another cell counts its characters; a list of texts; the first character of
a place in `text` and the one behind its last, as two numbers."""

AnswerForm = Literal["text", "number", "whole_number", "shares", "texts", "spans", "passages"]
"""What a cell of an answer holds: a text; a number; a count of characters; numbers by label; a list
of texts; places in `text` with what stands there, a label and a score; passages with theirs."""


class Served(Columns):
    """What a served model is asked and what it tells.

    A request has the inputs of rows, unless people have something else: a text, say, where a
    corpus has tokens. An answer has columns that a program can use, instead of `prediction`.
    """

    hub_task: ClassVar[str] = "other"
    """What hubs of models call such a task, such as `text-classification`."""
    answer_columns: ClassVar[Mapping[str, AnswerForm]] = {
        "prediction": "text",
        "confidence": "number",
    }
    """What is told of each row, in this order."""
    optional_answers: ClassVar[tuple[str, ...]] = ()
    """Those of them that are missing where nothing is found."""

    @property
    def request_columns(self) -> dict[str, RequestForm]:
        """What a request gives of each row; the inputs, unless said otherwise."""
        return {name: self._form(name) for name in self.input_columns}

    def _form(self, column: str) -> RequestForm:
        if column in self.span_columns:
            return "place"
        if column in self.list_columns:
            return "texts"
        is_counted = column == self.quoted_column or (column == "text" and self.span_columns)
        return "quoted_text" if is_counted else "text"

    def as_request(self, rows: pd.DataFrame) -> pd.DataFrame:
        """What a request for these rows would give, to show an example of one."""
        forms = self.request_columns
        return pd.DataFrame(
            {
                name: rows[name].map(_as_numbers) if form == "place" else rows[name]
                for name, form in forms.items()
            }
        )

    def read_request(self, request: pd.DataFrame) -> pd.DataFrame:
        """The inputs of rows, made of what a request gives; with its index.

        Args:
            request: `request_columns`; places as lists of two texts, as rows hold them.
        """
        return request

    def why_unreadable(self, rows: pd.DataFrame) -> "pd.Series[str]":
        """Why the inputs of each row can't be read; missing where they can. Targets don't count."""
        return pd.Series(pd.NA, index=rows.index, dtype="string")

    def tell(self, predicted: pd.DataFrame, request: pd.DataFrame) -> pd.DataFrame:
        """`answer_columns` of each row; with the index of `predicted`.

        Args:
            predicted: `prediction`, `confidence`, `probabilities` and what else the task gives.
            request: that was read, of the same rows.
        """
        del request
        return predicted[list(self.answer_columns)].astype({CONFIDENCE: "float64"})


def shares_by_label(labels: tuple[str, ...], probabilities: "pd.Series[Any]") -> "pd.Series[Any]":
    """The probability of each label, by its name."""
    return probabilities.map(lambda row: dict(zip(labels, map(float, row), strict=True)))


def _as_numbers(place: "np.ndarray[Any, Any]") -> list[int]:
    return [int(number) for number in place]
