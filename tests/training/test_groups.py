import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from ccnlp.errors import ConfigurationError
from ccnlp.training.groups import TrainedGroups, group_names
from ccnlp.training.parameters import MixtureParameters

TABLE = pa.table({"language": ["es", "es", "am"], "culture": ["MX", None, "ET"]})


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (["language"], ["es", "es", "am"]),
        (["language", "culture"], ["es-MX", "es-und", "am-ET"]),
    ],
)
def test_group_names_join_the_values_of_columns(columns, expected):
    assert group_names(TABLE, columns, parameter="x").tolist() == expected


def test_group_names_of_a_column_that_the_features_lack_say_how_to_mend():
    with pytest.raises(
        ConfigurationError,
        match=r"training\.mixture\.groups names the columns domain, which the features lack; "
        r"tokenise again .*training\.yml",
    ):
        group_names(TABLE, ["language", "domain"], parameter="training.mixture.groups")


def test_trained_groups_are_those_that_the_plan_draws():
    names = np.array(["es", "am", "zu", "es", "am"], dtype=object)

    groups = TrainedGroups.of(names, [np.array([0, 0, 4]), np.array([3])])

    assert groups.names == ("am", "es")
    assert groups.draws.tolist() == [1, 3]
    assert groups.sizes.tolist() == [1, 2]
    assert groups.shares.tolist() == [0.25, 0.75]
    assert groups.codes.tolist() == [1, 0, -1, 1, 0]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"groups": ["languge"]}, "no column 'languge' to make groups by; did you mean 'language'"),
        ({"groups": ["label"]}, "no column 'label' to make groups by; known are"),
        ({"groups": ["culture", "culture"]}, "name a column twice"),
        ({"groups": []}, "at least 1 item"),
        ({"temperature": 0.5}, "greater than or equal to 1"),
        ({"temperature": float("nan")}, "greater than or equal to 1"),
    ],
)
def test_mixtures_that_cannot_be_drawn_are_refused(values, message):
    with pytest.raises(ValidationError, match=message):
        MixtureParameters.model_validate({"groups": ["corpus"], "temperature": 1, **values})
