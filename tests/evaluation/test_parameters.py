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


def test_slice_of_a_column_that_predictions_lack_is_refused(parameters):
    message = "predictions have no column 'cultur'; did you mean 'culture'"
    with pytest.raises(ValidationError, match=message):
        with_change(parameters, slices={"place": ["language", "cultur"]})


def test_slice_of_a_column_of_examples_that_predictions_do_not_carry_says_which_can(parameters):
    message = "examples have the column 'licence', but predictions do not carry it; slices are made"
    with pytest.raises(ValidationError, match=f"{message} of corpus, .*, reference"):
        with_change(parameters, slices={"licence": ["licence"]})


def test_slice_of_the_reference_is_allowed(parameters):
    slices = {"culture_label": ("culture", "reference")}
    assert with_change(parameters, slices=slices).slices == slices


@pytest.mark.parametrize(
    ("baseline", "message"),
    [
        ("tfdif", "'tfdif' is no system; did you mean 'tfidf'"),
        ("champion", "'champion' is not there in every run; known are 'majority', 'probe'"),
        ("finetuned", "'finetuned' is what is judged; known are 'majority', 'probe', 'tfidf'"),
    ],
)
def test_baseline_that_says_nothing_is_refused(parameters, baseline, message):
    with pytest.raises(ValidationError, match=message):
        with_change(parameters, baseline=baseline)


@pytest.mark.parametrize("name", ["word_ngrams", "character_ngrams"])
@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ([3, 1], r"\[3, 1\] must be the shortest and the longest, in this order"),
        ([0, 2], "Input should be greater than 0"),
    ],
)
def test_ngrams_that_are_none_are_refused(parameters, name, sizes, message):
    tfidf = {**parameters.tfidf.model_dump(), name: sizes}
    with pytest.raises(ValidationError, match=message):
        with_change(parameters, tfidf=tfidf)


@pytest.mark.parametrize("system", ["tfidf", "probe"])
def test_regularisation_is_above_zero(parameters, system):
    values = {**getattr(parameters, system).model_dump(), "inverse_regularisation": [1.0, 0.0]}
    with pytest.raises(ValidationError, match=r"inverse_regularisation\.1\s+Input should be"):
        with_change(parameters, **{system: values})


def test_length_bins_are_above_zero(parameters):
    with pytest.raises(ValidationError, match=r"length_bins\.0\s+Input should be greater than 0"):
        with_change(parameters, length_bins=[0, 40])


def test_slice_that_is_null_is_removed(parameters):
    slices = {"language": ("language",), "domain": None}
    assert with_change(parameters, slices=slices).slices == {"language": ("language",)}


def test_slices_that_are_no_entries_are_refused(parameters):
    with pytest.raises(ValidationError, match=r"slices\s+Input should be a valid dictionary"):
        with_change(parameters, slices=["language"])
