import pytest
from pydantic import ValidationError

from ccnlp.evaluation.parameters import EvaluationParameters


def with_change(parameters, **changes):
    return EvaluationParameters.model_validate({**parameters.model_dump(), **changes})


def test_misspelt_parameter_is_refused(parameters):
    with pytest.raises(ValidationError, match=r"num_draw\s+Extra inputs are not permitted"):
        with_change(parameters, num_draw=10)


def test_length_bins_must_rise(parameters):
    with pytest.raises(ValidationError, match=r"length_bins \[40, 40\] must rise"):
        with_change(parameters, length_bins=[40, 40])


@pytest.mark.parametrize("slices", [{"all": ["language"]}, {"place": []}])
def test_slice_needs_a_name_of_its_own_and_a_column(parameters, slices):
    with pytest.raises(ValidationError, match="name another than all, label, length"):
        with_change(parameters, slices=slices)
