"""The corpus entry: all that configuration says of a corpus."""

import re
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    Tag,
    ValidationError,
    model_validator,
)

from ccnlp.errors import ConfigurationError, did_you_mean
from ccnlp.examples import UNKNOWN

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

PARAMETERS_FILE = "parameters/corpora.yml"

KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")

RATIOS = "ratios"
"""The split of a row that the entry's ratios place."""


def _as_text(value: object) -> object:
    """YAML reads `no` as false and `1` as a number; labels and tags are text."""
    if isinstance(value, bool):
        words = "yes, on or true" if value else "no, off or false"
        raise ValueError(f"YAML reads {words} as a truth value; put the word in quotes")
    if isinstance(value, int | float):
        return str(value)
    return value


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str | int) else value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("it is empty")
    return value


def _without_edges(value: str) -> str:
    if value != _not_blank(value).strip():
        raise ValueError(f"{value!r} begins or ends with a space")
    return value


def _not_truth_value(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError(f"it must be a number, and it is {str(value).lower()}")
    return value


Text = Annotated[str, BeforeValidator(_as_text)]
FilledText = Annotated[Text, AfterValidator(_not_blank)]
Name = Annotated[Text, AfterValidator(_without_edges)]
"""Compared with cells, whose own edges are cut."""
Number = Annotated[float, BeforeValidator(_not_truth_value)]
TextMap = dict[Text, Text]


class StrictModel(BaseModel):
    """A part of the configuration whose misspelt keys are refused with the near one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _name_the_near_key(cls, values: Any) -> Any:
        if isinstance(values, dict):
            unknown = [key for key in values if key not in cls.model_fields]
            if unknown:
                hints = [did_you_mean(str(key), cls.model_fields) for key in unknown]
                named = zip(unknown, hints, strict=True)
                raise ValueError("; ".join(f"unknown key {key!r}; {hint}" for key, hint in named))
        return values


class ColumnField(StrictModel):
    """A value that stands in a column of the source."""

    column: Text = Field(description="the source's column, or a placeholder of the path")
    map: TextMap = Field(
        default={}, description="from the source's values to ours; the rest stay as they are"
    )
    default: Text | None = Field(
        default=None, description="of an empty cell, and of a value that the map lacks"
    )


def _constant_or_column(value: object) -> str:
    return "column" if isinstance(value, dict | ColumnField) else "constant"


FieldValue = Annotated[
    Annotated[Name, Tag("constant")] | Annotated[ColumnField, Tag("column")],
    Discriminator(_constant_or_column),
]
"""A constant, or where to find the value of each row."""

LicenceValue = Annotated[
    Annotated[FilledText, Tag("constant")] | Annotated[ColumnField, Tag("column")],
    Discriminator(_constant_or_column),
]
WeightValue = Annotated[
    Annotated[Number, Field(gt=0, allow_inf_nan=False), Tag("constant")]
    | Annotated[ColumnField, Tag("column")],
    Discriminator(_constant_or_column),
]


class ConstantTarget(StrictModel):
    """A target that every row has, as in a corpus of praise alone."""

    constant: Name = Field(description="the target of every row, as the label map knows it")


def _column_or_target(value: object) -> str:
    return "constant" if isinstance(value, dict | ConstantTarget) else "column"


TaskColumn = Annotated[
    Annotated[Text, Tag("column")] | Annotated[ConstantTarget, Tag("constant")],
    Discriminator(_column_or_target),
]
"""The source's column, or the target of every row."""


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


class CorpusEntry(StrictModel):
    """One entry of `parameters/corpora.yml`."""

    reader: str = Field(description="the format, such as delimited")
    path: Annotated[list[FilledText], BeforeValidator(_as_list)] = Field(
        min_length=1,
        description="files, folders or globs, relative to data/01_raw; `{name}` captures a part of "
        "the path as a column; `archive.zip!*.csv` reads members of an archive; for the reader "
        "hugging_face a folder, or a dataset's name on the hub",
    )
    path_values: dict[str, list[Text]] = Field(
        default={}, description="by placeholder of the path, the values that are read, else all"
    )
    max_unpacked_bytes: Annotated[int, BeforeValidator(_not_truth_value)] = Field(
        default=8 * 1024**3, gt=0, description="what its packed files may unpack to, together"
    )
    options: dict[str, Any] = Field(default={}, description="the reader's own options")
    task: str = Field(description="name in parameters/tasks.yml")
    columns: dict[str, TaskColumn] = Field(
        description="by column of the task (text, label), the source's column; for a target that "
        "all rows share `{constant: positive}`"
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
                problems += [f"corpus {key!r}: {problem}" for problem in _problems(error)]
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
    _as_text(key)
    if not isinstance(key, str):
        raise ValueError("YAML reads the key as a number; put it in quotes")
    if not KEY.fullmatch(key):
        raise ValueError(
            "a key consists of the letters a to z, digits, '_', '-' and '.', and does not begin "
            "with '.'"
        )
    return key


def problems_of(error: ValidationError) -> str:
    """What a model refused, in one sentence a problem."""
    return "; ".join(_problems(error))


def _problems(error: ValidationError) -> list[str]:
    return [_problem(part) for part in error.errors()]


def _problem(part: "ErrorDetails") -> str:
    steps = [str(step) for step in part["loc"] if step not in ("constant", "column", "[key]")]
    sentence = _sentence(part)
    return f"{'.'.join(steps)}: {sentence}" if steps else sentence


def _sentence(part: "ErrorDetails") -> str:
    """What is wrong, and the value where it is short and the check does not tell it itself."""
    if part["type"] == "missing":
        return "it is missing"
    if part["type"] == "value_error":
        return str(part["ctx"]["error"])
    if part["type"] == "model_type":
        return f"it must be keys with values, and it is {part['input']!r}"
    message = f"{part['msg'][0].lower()}{part['msg'][1:]}"
    is_short = isinstance(part["input"], str | int | float | None)
    return f"{message}, and it is {part['input']!r}" if is_short else message
