"""The corpus entry: all that configuration says of a corpus."""

import re
from typing import Any

from pydantic import Field, RootModel, ValidationError, model_validator

from ccnlp.corpora.annotations import Annotations
from ccnlp.corpora.context import ContextFields
from ccnlp.corpora.files import FileSelection
from ccnlp.corpora.joining import JoinedFile
from ccnlp.corpora.melting import Melt
from ccnlp.corpora.task_columns import TaskColumn
from ccnlp.corpora.values import (
    PARAMETERS_FILE,
    ColumnField,
    FieldValue,
    LicenceValue,
    Name,
    Number,
    StrictModel,
    TextMap,
    WeightValue,
    list_problems,
    text_of_yaml,
)
from ccnlp.errors import ConfigurationError
from ccnlp.examples import UNKNOWN

KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")

RATIOS = "ratios"
"""The split of a row that the entry's ratios place."""


class Ratios(StrictModel):
    """Shares of the groups that go to each split; they sum to 1."""

    train: Number = Field(ge=0, le=1, description="share of the groups, 0..1")
    validation: Number = Field(ge=0, le=1, description="share of the groups, 0..1")
    test: Number = Field(ge=0, le=1, description="share of the groups, 0..1")

    @model_validator(mode="after")
    def _sum_to_one(self) -> "Ratios":
        total = self.train + self.validation + self.test
        if abs(total - 1) > 1e-6:
            raise ValueError(f"they sum to {total:g}, not to 1")
        return self


class CorpusEntry(FileSelection):
    """One entry of `parameters/corpora.yml`."""

    reader: str = Field(description="the format, such as delimited")
    options: dict[str, Any] = Field(default={}, description="the reader's own options")
    melt: Melt | None = Field(
        default=None, description="columns of one kind of value that become rows"
    )
    joined: list[JoinedFile] = Field(
        default=[], description="files whose columns join the rows by a key, one after the other"
    )
    task: str = Field(description="name in parameters/tasks.yml")
    columns: dict[str, TaskColumn] = Field(
        description="by column of the task (text, label), the source's column; of several, "
        "`[headline, text]`, a text is one after the other and a list has the items; lists also "
        "come of `{column: emotions, separator: ;}`, or of columns of 1 and 0, "
        "`{flags: is_{label}}`; for a target that all rows share `{constant: positive}`"
    )
    context: ContextFields | None = Field(
        default=None,
        description="what stands before or beside the text: `{name for the model: column}`, or "
        "the columns of turns, the latest last; read by tasks whose `context` is not none",
    )
    label_map: TextMap = Field(
        default={}, description="from the source's labels to the task's; the rest stay as they are"
    )
    language: FieldValue = Field(description="BCP-47 tag")
    region: FieldValue = Field(default=UNKNOWN, description="ISO 3166 region of the text")
    culture: FieldValue = Field(
        default=UNKNOWN, description="ISO 3166 region, or one of culture_groups"
    )
    culture_groups: list[Name] = Field(default=[], description="culture keys beside the regions")
    domain: FieldValue = Field(default=UNKNOWN, description="reviews, news, social ...")
    origin: FieldValue = Field(
        default="native", description="native, human_translation or machine_translation"
    )
    group: FieldValue | None = Field(
        default=None, description="rows of one group stay in one split; a row is its own if missing"
    )
    split: FieldValue | None = Field(
        default=None,
        description="train, validation or test as the corpus gives them; `ratios` for rows that "
        "the ratios share out",
    )
    ratios: Ratios | None = Field(default=None, description="shares, where the corpus gives none")
    annotations: Annotations | None = Field(
        default=None, description="where the rows are judgements of texts by several people"
    )
    licence: LicenceValue = Field(description="the corpus's licence, as its source states it")
    weight: WeightValue = Field(default=1.0, description="of the corpus in a mixture, above 0")

    @model_validator(mode="after")
    def _splits_are_given_or_made(self) -> "CorpusEntry":
        if self.split is None and self.ratios is None:
            raise ValueError(
                "give split (a constant or a column), or ratios such as "
                "{train: 0.8, validation: 0.1, test: 0.1}"
            )
        if self.ratios is not None and self.split is not None and not self._sends_to_ratios():
            raise ValueError(
                "split and ratios are both given, but no value of split is mapped to `ratios`"
            )
        return self

    def _sends_to_ratios(self) -> bool:
        split = self.split
        if isinstance(split, ColumnField):
            return RATIOS in {*split.map.values(), split.default}
        return split == RATIOS


class CorporaParameters(RootModel[dict[str, CorpusEntry | None]]):
    """`parameters/corpora.yml`: the corpora by key; an environment removes one by setting null."""

    @model_validator(mode="before")
    @classmethod
    def _validate_each(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            raise ValueError(f"corpora must be entries by key, not {values!r} ({PARAMETERS_FILE})")
        entries: dict[str, CorpusEntry | None] = {}
        problems: list[str] = []
        for key, value in values.items():
            try:
                name = _parse_key(key)
                entries[name] = None if value is None else CorpusEntry.model_validate(value)
            except ValidationError as error:
                problems += [f"corpus {key!r}: {problem}" for problem in list_problems(error)]
            except ValueError as error:
                problems.append(f"corpus {key!r}: {error}")
        if problems:
            raise ValueError("\n".join(f"{problem} ({PARAMETERS_FILE})" for problem in problems))
        return entries

    def entries(self) -> dict[str, CorpusEntry]:
        """The corpora that are read, by key.

        Raises:
            ConfigurationError: there is none.
        """
        entries = {key: entry for key, entry in self.root.items() if entry is not None}
        if not entries:
            raise ConfigurationError(f"no corpus is configured; add an entry ({PARAMETERS_FILE})")
        return entries


def _parse_key(key: object) -> str:
    """The key, which names files and metrics."""
    text_of_yaml(key)
    if not isinstance(key, str):
        raise ValueError("YAML reads the key as a number; put it in quotes")
    if not KEY.fullmatch(key):
        raise ValueError(
            "a key consists of the letters a to z, digits, '_', '-' and '.', and does not begin "
            "with '.'"
        )
    return key
