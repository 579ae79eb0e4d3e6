import pytest
from pydantic import ValidationError

from ccnlp.conditioning.base import CONDITIONINGS, num_added_tokens


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"conditioning": "prefx"},
            "culture.conditioning: there is no 'prefx'; did you mean 'prefix'?",
        ),
        ({"conditioning": "non"}, "there is no 'non'; did you mean 'none'?"),
        (
            {"prefix": {"fields": ["cultur"]}},
            "culture.prefix.fields: there is no attribute 'cultur'; did you mean 'culture'?",
        ),
        (
            {"embedding": {"fields": ["faith"], "combination": "add"}},
            "culture.embedding.fields: there is no attribute 'faith'; known are",
        ),
        ({"prefix": {"fields": ["domain", "domain"]}}, "name one twice"),
        ({"prefix": {"fields": []}}, "at least 1"),
        ({"dropout": 1.2}, "less than or equal to 1"),
        ({"dropout": -0.1}, "greater than or equal to 0"),
        ({"adapter": {"bottleneck": 0}}, "greater than or equal to 1"),
        ({"embedding": {"fields": ["culture"], "combination": "mix"}}, "'add' or 'gate'"),
    ],
)
def test_parameter_that_cannot_be_is_refused(culture_parameters, changes, message):
    with pytest.raises(ValidationError) as caught:
        culture_parameters(**changes)
    assert message in str(caught.value)


def test_fields_may_be_columns_of_the_users(culture_parameters):
    parameters = culture_parameters(
        "prefix", attributes={"currency": {"MX": "peso"}}, prefix={"fields": ["currency"]}
    )
    assert num_added_tokens(parameters) == 1


@pytest.mark.parametrize(
    ("way", "number"), [("none", 0), ("prefix", 2), ("add", 0), ("gate", 0), ("adapter", 0)]
)
def test_only_a_prefix_adds_tokens(culture_parameters, way, number):
    assert num_added_tokens(culture_parameters(way)) == number


def test_kinds_are_known_by_the_names_that_they_are_filed_under():
    assert {name: CONDITIONINGS.get(name).name for name in CONDITIONINGS} == {
        name: name for name in ("adapter", "embedding", "prefix")
    }
