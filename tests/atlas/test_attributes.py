import pandas as pd
import pytest

from ccnlp.atlas.attributes import Atlas, describe_cultures
from ccnlp.atlas.parameters import AtlasParameters
from ccnlp.atlas.subregions import CONTINENTS, areas_by_region
from ccnlp.cultures import regions

PARAMETERS = AtlasParameters.model_validate(
    {
        "groups": {
            "latam": {"name": "Latin America", "regions": ["MX", "ar"]},
            "maghreb": {"regions": ["MA", "DZ"]},
            "elders": {},
        },
        "attributes": {"currency": {"MX": "peso", "AR": "peso", "maghreb": "dinar"}},
    }
)


@pytest.fixture
def atlas() -> Atlas:
    return Atlas(PARAMETERS)


def test_every_region_but_antarctica_has_one_place():
    codes = [
        region
        for subregions in CONTINENTS.values()
        for listed in subregions.values()
        for region in listed.split()
    ]
    assert len(codes) == len(set(codes))
    assert set(codes) == regions().keys() - {"AQ"}
    assert len({subregion for subregion, _ in areas_by_region().values()}) == 22


def test_codes_of_places_have_english_names(atlas):
    for subregion, continent in areas_by_region().values():
        assert atlas.name("subregion", subregion) != subregion
        assert atlas.name("continent", continent) != continent


@pytest.mark.parametrize(
    ("culture", "region", "subregion", "continent", "currency"),
    [
        ("MX", "MX", "013", "019", "peso"),
        ("NG", "NG", "011", "002", "und"),
        ("TW", "TW", "030", "142", "und"),
        ("AQ", "AQ", "und", "und", "und"),
        ("latam", "und", "und", "019", "peso"),  # what both regions have in common
        ("maghreb", "und", "015", "002", "dinar"),  # its own value
        ("elders", "und", "und", "und", "und"),
        ("undeclared", "und", "und", "und", "und"),
        ("und", "und", "und", "und", "und"),
    ],
)
def test_attributes_of_a_culture(atlas, culture, region, subregion, continent, currency):
    fields = ["culture", "region", "subregion", "continent", "currency"]
    values = [atlas.value(field, culture) for field in fields]
    assert values == [culture, region, subregion, continent, currency]


@pytest.mark.parametrize(
    ("tag", "language", "script"),
    [
        ("es-MX", "es", "Latn"),
        ("zh-Hant", "zh", "Hant"),
        ("zh", "zh", "Hans"),
        ("zh-TW", "zh", "Hant"),
        ("sw", "sw", "Latn"),
        ("sr-Latn", "sr", "Latn"),
        ("hi", "hi", "Deva"),
        ("qaa", "qaa", "und"),
        ("und", "und", "und"),
    ],
)
def test_attributes_of_a_language(atlas, tag, language, script):
    assert [atlas.value(field, tag) for field in ("language", "script")] == [language, script]


@pytest.mark.parametrize(
    ("field", "value", "name"),
    [
        ("culture", "GB", "United Kingdom"),
        ("culture", "latam", "Latin America"),
        ("culture", "elders", "elders"),
        ("region", "MX", "Mexico"),
        ("subregion", "013", "Central America"),
        ("continent", "019", "Americas"),
        ("language", "sw", "Swahili"),
        ("language", "qaa", "qaa"),
        ("script", "Deva", "Devanagari"),
        ("domain", "reviews", "reviews"),
        ("currency", "peso", "peso"),
        ("culture", "und", "unknown"),
    ],
)
def test_values_have_english_names(atlas, field, value, name):
    assert atlas.name(field, value) == name


def test_table_has_a_row_for_each_culture_and_language_of_the_examples():
    counts = pd.DataFrame(
        [
            ("MX", "es", "", 5),
            ("latam", "pt-BR", "", 1),
            ("MX", "es", "", 4),
            ("GB", "en", "cleaning", 2),
        ],
        columns=["culture", "language", "rejected_by", "num_rows"],
    )
    table = describe_cultures(counts, PARAMETERS)
    assert table.to_dict("records") == [
        {
            "culture": "MX",
            "culture_name": "Mexico",
            "language": "es",
            "language_name": "Spanish",
            "script": "Latn",
            "script_name": "Latin",
            "region": "MX",
            "subregion": "013",
            "subregion_name": "Central America",
            "continent": "019",
            "continent_name": "Americas",
            "currency": "peso",
        },
        {
            "culture": "latam",
            "culture_name": "Latin America",
            "language": "pt-BR",
            "language_name": "Portuguese (Brazil)",
            "script": "Latn",
            "script_name": "Latin",
            "region": "und",
            "subregion": "und",
            "subregion_name": "unknown",
            "continent": "019",
            "continent_name": "Americas",
            "currency": "peso",
        },
    ]


def test_table_of_no_examples_has_its_columns():
    counts = pd.DataFrame({"culture": [], "language": [], "rejected_by": []}, dtype="str")
    assert {"culture", "script_name", "currency"} <= set(describe_cultures(counts, PARAMETERS))
