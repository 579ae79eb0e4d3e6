import pytest

from ccnlp.corpora.fields import ValueMap, build_fields
from ccnlp.errors import ConfigurationError


@pytest.fixture
def resolve(make_entry):
    """What a cell of the column `c` stands for in a field, and why it can't be used."""

    def run(name, cell, *, groups=(), **field):
        changes = {name: {"column": "c", **field}, "culture_groups": list(groups)}
        fields = {f.name: f for f in build_fields(make_entry(**changes), where="corpus 'afro'")}
        return fields[name].resolve(cell)

    return run


@pytest.mark.parametrize(
    ("name", "cell", "value"),
    [
        ("language", "pt_br", "pt-BR"),
        ("language", "  sw ", "sw"),
        ("language", "", "und"),
        ("region", "ke", "KE"),
        ("culture", "", "und"),
        ("domain", "reviews", "reviews"),
        ("origin", "human_translation", "human_translation"),
        ("split", "dev", "validation"),
        ("split", "Test", "test"),
        ("group", "17", "17"),
        ("group", "17.0", "17"),
        ("group", "1.10", "1.10"),
        ("group", "007", "007"),
        ("group", "", None),
    ],
)
def test_cell_stands_for_its_value(resolve, name, cell, value):
    assert resolve(name, cell) == (value, None)


@pytest.mark.parametrize(
    ("name", "cell", "reason"),
    [
        ("language", "swa", "column 'c': language 'swa' is not a BCP-47 tag; did you mean 'sw'?"),
        ("culture", "Kenya", "column 'c': culture 'Kenya' is no ISO 3166 region"),
        ("region", "UK", "did you mean 'GB'?"),
        ("origin", "natve", "column 'c': origin 'natve' is not known; did you mean 'native'?"),
        ("split", "tset", "column 'c': split 'tset' is not known; did you mean 'test'?"),
        ("split", "", "split is empty (column 'c')"),
        ("origin", " ", "origin is empty (column 'c')"),
    ],
)
def test_bad_cell_has_a_reason_with_the_near_value(resolve, name, cell, reason):
    value, why = resolve(name, cell)
    assert value is None
    assert reason in why


def test_map_comes_before_the_default_and_the_default_for_the_rest(resolve):
    field = {"map": {"portuguese": "BR"}, "default": "und"}
    assert resolve("region", "portuguese", **field) == ("BR", None)
    assert resolve("region", "spanish", **field) == ("und", None)


def test_value_that_the_map_lacks_stays_as_it_is_without_default(resolve):
    assert resolve("culture", "KE", map={"Nigeria": "NG"}) == ("KE", None)


def test_default_without_map_is_for_empty_cells(resolve):
    assert resolve("culture", "", default="KE") == ("KE", None)
    assert resolve("culture", "NG", default="KE") == ("NG", None)


def test_declared_group_is_a_culture(resolve):
    assert resolve("culture", "andes", groups=["andes"]) == ("andes", None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"language": "swa"},
            "corpus 'afro': language 'swa' is not a BCP-47 tag; did you mean 'sw'?",
        ),
        (
            {"region": "UK"},
            "corpus 'afro': region 'UK' is no ISO 3166 region such as 'GB'; did you",
        ),
        ({"culture": "andes"}, "culture 'andes' is no ISO 3166 region such as 'GB' and not in the"),
        ({"origin": "natve"}, "corpus 'afro': origin 'natve' is not known; did you mean 'native'?"),
        ({"split": "tran"}, "corpus 'afro': split 'tran' is not known; did you mean 'train'?"),
        (
            {"language": {"column": "c", "map": {"a": "swa"}}},
            "corpus 'afro', language: language 'swa'",
        ),
        ({"culture": {"column": "c", "default": "XX"}}, "corpus 'afro', culture: culture 'XX'"),
    ],
)
def test_wrong_constant_map_or_default_is_a_wrong_configuration(make_entry, changes, message):
    with pytest.raises(ConfigurationError) as error:
        build_fields(make_entry(**changes), where="corpus 'afro'")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("key", "cell"),
    [
        ("1", "1"),
        ("1", "1.0"),
        ("1.0", "1"),
        ("1.0", "1.00"),
        ("a.0", "a.0"),
        ("0", "-0.0"),
        ("1", "+1"),
        ("+1.0", "1"),
        ("-1", "-1.0"),
        ("1.5", "1.50"),
        ("10", "10.0"),
        ("0.5", "+0.500"),
    ],
)
def test_numbers_match_however_they_are_written(key, cell):
    assert ValueMap({key: "positive"}).get(cell) == "positive"


@pytest.mark.parametrize(
    ("key", "cell"), [("1.5", "1"), ("1", "-1"), ("7", "007"), ("1", "10"), ("1", "1."), ("1", "")]
)
def test_other_values_do_not_match(key, cell):
    assert ValueMap({key: "positive"}).get(cell) is None
