import pytest
from kedro.pipeline import Node, Pipeline
from kedro.validation.exceptions import ParameterValidationError
from kedro.validation.parameter_validator import ParameterValidator
from pydantic import BaseModel, ConfigDict, Field

from ccnlp.cultures import LanguageTag
from ccnlp.hooks.parameter_errors import readable


class Optimiser(BaseModel):
    model_config = ConfigDict(extra="forbid")

    learning_rate: float = Field(gt=0)


class Training(BaseModel):
    model_config = ConfigDict(extra="forbid")

    epochs: int = Field(ge=1)
    weights: dict[LanguageTag, float] = {}
    optimiser: Optimiser


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


def test_report_of_another_form_stays():
    assert readable("something else\nhappened") == "something else\nhappened"
