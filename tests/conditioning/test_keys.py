import pandas as pd
import pytest

from ccnlp.atlas.attributes import Atlas
from ccnlp.conditioning.keys import ConditionKeys

TRAIN = pd.DataFrame(
    {
        "culture": ["MX", "NG", "GB", "und", "MX"],
        "language": ["es-MX", "en", "en-GB", "zh-Hant", "es"],
        "domain": ["reviews", "und", "reviews", "news", "und"],
    }
)


@pytest.fixture
def atlas(culture_parameters) -> Atlas:
    return Atlas(
        culture_parameters(
            groups={"latam": {"regions": ["MX", "GT"]}},
            attributes={"currency": {"MX": "peso", "GT": "quetzal"}},
        )
    )


def test_values_are_those_of_training_in_order_and_0_is_unknown(atlas):
    keys = ConditionKeys.of(TRAIN, ["culture", "language", "domain"], atlas)

    assert keys.values == (("GB", "MX", "NG"), ("en", "es", "zh"), ("news", "reviews"))
    assert keys.num_values == (4, 4, 3)
    assert keys.cultures == ("GB", "MX", "NG")
    assert keys.indices(TRAIN).tolist() == [[2, 2, 2], [3, 1, 0], [1, 1, 2], [0, 3, 1], [2, 2, 0]]


@pytest.mark.parametrize(
    ("culture", "language", "numbers"),
    [
        ("GT", "es-GT", [0, 2, 0, 2]),  # an unseen culture of a seen subregion
        ("latam", "es", [0, 2, 0, 2]),  # both regions of the group lie in Central America
        ("MX", "en", [2, 2, 1, 1]),
        ("JP", "ja", [0, 0, 0, 0]),
        ("no culture", "und", [0, 0, 0, 0]),
    ],
)
def test_attributes_of_an_unseen_culture_are_seen(atlas, culture, language, numbers):
    keys = ConditionKeys.of(TRAIN, ["culture", "subregion", "currency", "language"], atlas)
    rows = pd.DataFrame({"culture": [culture], "language": [language]})
    assert keys.indices(rows).tolist() == [numbers]


@pytest.mark.parametrize("dtype", ["category", "string", "object"])
def test_columns_may_be_of_any_type_and_missing(atlas, dtype):
    keys = ConditionKeys.of(TRAIN.astype(dtype), ["culture", "domain"], atlas)
    rows = pd.DataFrame({"culture": pd.Series(["MX", None], [7, 7], dtype=dtype)})
    assert keys.indices(rows).tolist() == [[2, 0], [0, 0]]
    assert keys.indices(rows[:0]).shape == (0, 2)
