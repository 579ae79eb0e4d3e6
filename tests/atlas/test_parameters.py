import pytest
from pydantic import ValidationError

from ccnlp.atlas.parameters import AtlasParameters


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"groups": {"latam": {"regions": ["Mexico"]}}},
            "culture.groups: region 'Mexico' is no ISO 3166 region such as 'GB'; did you mean 'MX'",
        ),
        ({"groups": {"nordic": {"regions": [False]}}}, "YAML reads NO as a truth value"),
        ({"groups": {"mx": {}}}, "culture.groups: 'mx' is a region's code"),
        ({"groups": {"und": {}}}, "culture.groups: 'und' is a region's code, or und"),
        ({"groups": {"latam": {"region": ["MX"]}}}, "Extra inputs are not permitted"),
        (
            {"groups": {"latam": {}}, "attributes": {"currency": {"latm": "x"}}},
            "culture.attributes.currency: culture 'latm' is no ISO 3166 region such as 'GB' and no "
            "declared group; did you mean 'latam'?",
        ),
        ({"attributes": {"currency": {"UK": "pound"}}}, "did you mean 'GB'?"),
        ({"attributes": {"currency": {False: "krone"}}}, "YAML reads NO as a truth value"),
        ({"attributes": {"subregion": {"MX": "x"}}}, "'subregion' can't be the name of a column"),
        ({"attributes": {"id": {"MX": "x"}}}, "'id' can't be the name of a column"),
        ({"attributes": {"a b": {"MX": "x"}}}, "'a b' can't be the name of a column"),
        ({"attributes": {"continent_name": {"MX": "x"}}}, "can't be the name of a column"),
    ],
)
def test_what_cannot_be_is_refused_with_the_near_name(changes, message):
    with pytest.raises(ValidationError) as caught:
        AtlasParameters.model_validate({"groups": {}, "attributes": {}, **changes})
    assert message in str(caught.value)


def test_environment_removes_a_group_and_a_column_by_null():
    parameters = AtlasParameters.model_validate(
        {"groups": {"latam": None}, "attributes": {"currency": None}}
    )
    assert not parameters.groups
    assert not parameters.attributes
