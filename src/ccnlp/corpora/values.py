"""What the values of a corpus entry may be, and the sentences on those that are refused."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)

from ccnlp.errors import did_you_mean

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

PARAMETERS_FILE = "parameters/corpora.yml"

TAGS = ("constant", "column", "several columns", "split column", "flag columns", "[key]")
"""What Pydantic puts into the place of a problem that is no key of the user's."""


def text_of_yaml(value: object) -> object:
    """YAML reads `no` as false and `1` as a number; labels and tags are text."""
    if isinstance(value, bool):
        words = "yes, on or true" if value else "no, off or false"
        raise ValueError(f"YAML reads {words} as a truth value; put the word in quotes")
    if isinstance(value, int | float):
        return str(value)
    return value


def as_list(value: object) -> object:
    """The value, alone in a list where it is none."""
    return [value] if isinstance(value, str | int) else value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("it is empty")
    return value


def _without_edges(value: str) -> str:
    if value != _not_blank(value).strip():
        raise ValueError(f"{value!r} begins or ends with a space")
    return value


def not_truth_value(value: object) -> object:
    """The value, if YAML did not read it as true or false, which count as numbers."""
    if isinstance(value, bool):
        raise ValueError(f"it must be a number, and it is {str(value).lower()}")
    return value


Text = Annotated[str, BeforeValidator(text_of_yaml)]
FilledText = Annotated[Text, AfterValidator(_not_blank)]
Name = Annotated[Text, AfterValidator(_without_edges)]
"""Compared with cells, whose own edges are cut."""
Number = Annotated[float, BeforeValidator(not_truth_value)]
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
                keys_and_hints = zip(unknown, hints, strict=True)
                raise ValueError(
                    "; ".join(f"unknown key {key!r}; {hint}" for key, hint in keys_and_hints)
                )
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


def problems_of(error: ValidationError) -> str:
    """What a model refused, in one sentence a problem."""
    return "; ".join(list_problems(error))


def list_problems(error: ValidationError) -> list[str]:
    """The same, one by one."""
    return [_problem(details) for details in error.errors()]


def _problem(details: "ErrorDetails") -> str:
    steps = [str(step) for step in details["loc"] if step not in TAGS]
    sentence = _sentence(details)
    return f"{'.'.join(steps)}: {sentence}" if steps else sentence


def _sentence(details: "ErrorDetails") -> str:
    """What is wrong, and the value where it is short and the check does not tell it itself."""
    if details["type"] == "missing":
        return "it is missing"
    if details["type"] == "value_error":
        return str(details["ctx"]["error"])
    if details["type"] == "model_type":
        return f"it must be keys with values, and it is {details['input']!r}"
    message = f"{details['msg'][0].lower()}{details['msg'][1:]}"
    is_short = isinstance(details["input"], str | int | float | None)
    return f"{message}, and it is {details['input']!r}" if is_short else message
