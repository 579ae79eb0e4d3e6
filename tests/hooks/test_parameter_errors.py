from dataclasses import dataclass
from typing import Annotated

import pytest
from kedro.pipeline import Node, Pipeline
from kedro.validation.exceptions import ParameterValidationError
from kedro.validation.parameter_validator import ParameterValidator
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ccnlp.corpora.curation import IngestionParameters
from ccnlp.corpora.entry import CorporaParameters
from ccnlp.cultures import LanguageTag
from ccnlp.hooks.parameter_errors import readable


class Optimiser(BaseModel):
    model_config = ConfigDict(extra="forbid")

    learning_rate: float = Field(gt=0)


class Training(BaseModel):
    model_config = ConfigDict(extra="forbid")

    epochs: int = Field(ge=1)
    weights: dict[LanguageTag, float] = {}
    languages: Annotated[tuple[LanguageTag, ...], Field(min_length=1)] | None = None
    sets: tuple[Annotated[tuple[LanguageTag, ...], Field(min_length=1)], ...] = ()
    optimiser: Optimiser


@dataclass
class Limits:
    low: int

    def __post_init__(self) -> None:
        raise OSError("no limit serves")


def train(training: Training) -> int:
    return training.epochs


PIPELINES = {"__default__": Pipeline([Node(train, "params:training", "n")])}


@pytest.mark.parametrize(
    ("training", "line"),
    [
        (
            {"epochs": 0, "optimiser": {"learning_rate": 1}},
            "training.epochs: input should be greater than or equal to 1, and it is 0",
        ),
        (
            {"epochs": 1, "optimiser": {"learning_rate": "fast"}},
            "training.optimiser.learning_rate: input should be a valid number, unable to parse "
            "string as a number, and it is 'fast'",
        ),
        (
            {"epochs": 1, "epoch": 1, "optimiser": {"learning_rate": 1}},
            "training.epoch: there is no such parameter",
        ),
        ({"optimiser": {"learning_rate": 1}}, "training.epochs: it is missing"),
        (
            {"epochs": 1, "optimiser": {"learning_rate": 1}, "languages": ["zz"]},
            "training.languages.0: 'zz' is not a BCP-47 tag; did you mean 'zza'?",
        ),
        (
            {"epochs": 1, "optimiser": {"learning_rate": 1}, "languages": []},
            "training.languages: it is empty, and must have something in it",
        ),
        (
            {"epochs": 1, "optimiser": {"learning_rate": 1}, "languages": "en"},
            "training.languages: it must be a list, such as [en], and it is 'en'",
        ),
        (
            {"epochs": 1, "optimiser": {"learning_rate": 1}, "languages": {"en": 1}},
            "training.languages: it must be a list, such as [first, second], and it is {'en': 1}",
        ),
        (
            {"epochs": 1, "optimiser": {"learning_rate": 1}, "sets": ["en"]},
            "training.sets.0: it must be a list, such as [en], and it is 'en'",
        ),
        (
            {"epochs": 1, "optimiser": {"learning_rate": 1}, "weights": {"spa": 1}},
            "training.weights.spa: 'spa' is not a BCP-47 tag; did you mean 'es'?",
        ),
    ],
)
def test_wrong_value_is_one_line_with_its_place(training, line):
    with pytest.raises(ParameterValidationError) as caught:
        ParameterValidator(PIPELINES).validate_raw_params({"training": training})
    assert readable(str(caught.value)) == f"{line} (parameters/training.yml, or --params)"


def test_every_wrong_value_has_its_line():
    with pytest.raises(ParameterValidationError) as caught:
        ParameterValidator(PIPELINES).validate_raw_params({"training": {"epochs": 0}})
    assert [line.split(":")[0] for line in readable(str(caught.value)).splitlines()] == [
        "training.epochs",
        "training.optimiser",
    ]


def ingest(corpora: CorporaParameters, ingestion: IngestionParameters) -> int:
    return len(corpora.root) + ingestion.seed


ENTRY = {
    "reader": "delimited",
    "path": "a.csv",
    "task": "sentiment",
    "columns": {"text": "text", "label": "label"},
    "language": "en",
    "split": "train",
    "licence": "mine",
}


def ingestion_report(**parameters) -> list[str]:
    inputs = ["params:corpora", "params:ingestion"]
    pipelines = {"__default__": Pipeline([Node(ingest, inputs, "n")])}
    with pytest.raises(ParameterValidationError) as caught:
        ParameterValidator(pipelines).validate_raw_params(parameters)
    return readable(str(caught.value)).splitlines()


def test_wrong_entries_are_told_in_their_own_words_alone():
    misspelt = {k: v for k, v in ENTRY.items() if k != "language"} | {"langauge": "en"}
    corpora = {"x": ENTRY | {"weight": 0}, "fine": ENTRY, "y": misspelt}
    assert ingestion_report(corpora=corpora) == [
        "corpus 'x': weight: input should be greater than 0, and it is 0 (parameters/corpora.yml)",
        "corpus 'y': unknown key 'langauge'; did you mean 'language'? (parameters/corpora.yml)",
    ]


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (5, "it must hold parameters by name, and it is 5"),
        (None, "it has no value"),
    ],
)
def test_value_in_place_of_a_group_names_the_group(value, sentence):
    where = "(parameters/ingestion.yml, or --params)"
    assert ingestion_report(ingestion=value) == [f"ingestion: {sentence} {where}"]


def test_groups_of_both_kinds_stand_beside_each_other():
    assert ingestion_report(corpora={"x": 5}, ingestion=5) == [
        "corpus 'x': it must be keys with values, and it is 5 (parameters/corpora.yml)",
        "ingestion: it must hold parameters by name, and it is 5 "
        "(parameters/ingestion.yml, or --params)",
    ]


class Slices(BaseModel):
    names: list[str]

    @model_validator(mode="after")
    def _rise(self) -> "Slices":
        raise ValueError("names must rise")


def test_check_of_a_whole_group_does_not_repeat_the_group():
    def show(slices: Slices) -> int:
        return len(slices.names)

    pipelines = {"__default__": Pipeline([Node(show, "params:slices", "n")])}
    with pytest.raises(ParameterValidationError) as caught:
        ParameterValidator(pipelines).validate_raw_params({"slices": {"names": ["a"]}})
    assert readable(str(caught.value)) == (
        "slices: names must rise (parameters/slices.yml, or --params)"
    )


def test_error_of_another_kind_is_told_with_its_group():
    def show(limits: Limits) -> int:
        return limits.low

    pipelines = {"__default__": Pipeline([Node(show, "params:limits", "n")])}
    with pytest.raises(ParameterValidationError) as caught:
        ParameterValidator(pipelines).validate_raw_params({"limits": {"low": 1}})
    assert readable(str(caught.value)) == (
        "limits: no limit serves (parameters/limits.yml, or --params)"
    )


def test_report_of_another_form_stays():
    assert readable("something else\nhappened") == "something else\nhappened"
