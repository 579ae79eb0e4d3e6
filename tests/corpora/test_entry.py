import pytest
from pydantic import ValidationError

from ccnlp.corpora.entry import CorporaParameters, CorpusEntry
from ccnlp.errors import ConfigurationError

ENTRY = {
    "reader": "delimited",
    "path": "reviews.csv",
    "task": "sentiment",
    "columns": {"text": "text", "label": "label"},
    "language": "en",
    "split": "train",
    "licence": "CC0-1.0",
}


def parse(**changes) -> CorpusEntry:
    entry = {key: value for key, value in (ENTRY | changes).items() if value is not None}
    return CorporaParameters.model_validate({"afro": entry}).entries()["afro"]


def refusal(**changes) -> str:
    with pytest.raises(ValidationError) as error:
        parse(**changes)
    return str(error.value)


def test_a_file_a_constant_language_and_ratios_are_enough():
    entry = parse(split=None, ratios={"train": 0.8, "validation": 0.1, "test": 0.1})
    assert entry.path == ["reviews.csv"]
    assert (entry.culture, entry.origin, entry.weight) == ("und", "native", 1.0)


def test_misspelt_key_names_the_corpus_the_near_key_and_the_file():
    message = (
        "corpus 'afro': unknown key 'colums'; did you mean 'columns'? (parameters/corpora.yml)"
    )
    assert message in refusal(colums={"text": "text"})


def test_misspelt_key_of_a_field_names_the_field():
    message = "corpus 'afro': language: unknown key 'colum'; did you mean 'column'?"
    assert message in refusal(language={"colum": "lang"})


def test_missing_key_is_named():
    assert "corpus 'afro': licence: it is missing" in refusal(licence=None)


@pytest.mark.parametrize(
    "changes",
    [{"language": False}, {"label_map": {True: "positive"}}, {"culture": {"column": False}}],
)
def test_words_that_yaml_reads_as_truth_values_must_be_quoted(changes):
    assert "YAML reads" in refusal(**changes)
    assert "put the word in quotes" in refusal(**changes)


def test_numbers_of_the_label_map_are_text():
    assert parse(label_map={0: "negative", 1.0: 2}).label_map == {"0": "negative", "1.0": "2"}


def test_splits_neither_given_nor_made_are_refused():
    assert "corpus 'afro': give split (a constant or a column), or ratios" in refusal(split=None)


def test_splits_both_given_and_made_are_refused():
    ratios = {"train": 0.9, "validation": 0.1, "test": 0.0}
    assert "no value of split is mapped to `ratios`" in refusal(ratios=ratios)


def test_given_splits_can_leave_some_rows_to_the_ratios():
    ratios = {"train": 0.9, "validation": 0.1, "test": 0.0}
    assert parse(ratios=ratios, split={"column": "split", "map": {"train": "ratios"}}).ratios


def test_ratios_that_do_not_sum_to_one_are_refused():
    ratios = {"train": 0.8, "validation": 0.1, "test": 0.2}
    assert "ratios: they sum to 1.1, not to 1" in refusal(split=None, ratios=ratios)


@pytest.mark.parametrize("weight", [0, -1, "much"])
def test_weight_that_is_no_positive_number_is_refused(weight):
    assert "corpus 'afro': weight: input should be" in refusal(weight=weight)


@pytest.mark.parametrize(
    "key", ["../../../evil", "", "a/b", "s3://x", ".hidden", "a b", "é", "a\n"]
)
def test_key_that_is_no_name_of_a_file_is_refused(key):
    with pytest.raises(ValidationError) as error:
        CorporaParameters.model_validate({key: ENTRY})
    assert (
        f"corpus {key!r}: a key consists of the letters a to z, digits, '_', '-' and '.', and does "
        "not begin with '.' (parameters/corpora.yml)"
    ) in str(error.value)


@pytest.mark.parametrize("key", ["afro_2", "Afro-sw.v1", "2024", "-"])
def test_key_of_letters_digits_and_marks_is_kept(key):
    assert list(CorporaParameters.model_validate({key: ENTRY}).entries()) == [key]


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        (1, "corpus 1: YAML reads the key as a number; put it in quotes"),
        (
            False,
            "corpus False: YAML reads no, off or false as a truth value; put the word in quotes",
        ),
    ],
)
@pytest.mark.parametrize("value", [ENTRY, None])
def test_key_that_yaml_takes_for_another_type_is_refused(key, hint, value):
    with pytest.raises(ValidationError) as error:
        CorporaParameters.model_validate({key: value, "fine": ENTRY})
    assert f"{hint} (parameters/corpora.yml)" in str(error.value)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"weight": float("inf")}, "weight: input should be a finite number, and it is inf"),
        ({"weight": True}, "weight: it must be a number, and it is true"),
        ({"max_unpacked_bytes": True}, "max_unpacked_bytes: it must be a number, and it is true"),
        ({"licence": ""}, "licence: it is empty"),
        ({"licence": " "}, "licence: it is empty"),
        ({"domain": ""}, "domain: it is empty"),
        ({"domain": "social "}, "domain: 'social ' begins or ends with a space"),
        ({"path": ""}, "path.0: it is empty"),
        ({"path": ["a.csv", " "]}, "path.1: it is empty"),
        ({"culture_groups": [""]}, "culture_groups.0: it is empty"),
        ({"culture_groups": [" x"]}, "culture_groups.0: ' x' begins or ends with a space"),
        (
            {"split": None, "ratios": {"train": True, "validation": 0, "test": 0}},
            "ratios.train: it must be a number, and it is true",
        ),
    ],
)
def test_value_that_says_nothing_is_refused(changes, problem):
    assert f"corpus 'afro': {problem} (parameters/corpora.yml)" in refusal(**changes)


def test_corpus_set_to_null_is_removed():
    corpora = CorporaParameters.model_validate({"seed_corpus": None, "afro": ENTRY})
    assert list(corpora.entries()) == ["afro"]


def test_no_corpus_at_all_is_refused():
    with pytest.raises(ConfigurationError, match=r"no corpus is configured; add an entry"):
        CorporaParameters.model_validate({"seed_corpus": None}).entries()


def test_problems_of_every_corpus_are_told_a_line_each():
    bad = {
        "a": ENTRY | {"weight": 0, "licence": None},
        "b": ENTRY,
        "c": 5,
        "no_entry": 0,
        "d": {**ENTRY, "pth": 1, "licens": 2},
    }
    with pytest.raises(ValidationError) as error:
        CorporaParameters.model_validate(bad)
    assert str(error.value.errors()[0]["ctx"]["error"]).splitlines() == [
        "corpus 'a': licence: input should be a valid string, and it is None "
        "(parameters/corpora.yml)",
        "corpus 'a': weight: input should be greater than 0, and it is 0 (parameters/corpora.yml)",
        "corpus 'c': it must be keys with values, and it is 5 (parameters/corpora.yml)",
        "corpus 'no_entry': it must be keys with values, and it is 0 (parameters/corpora.yml)",
        "corpus 'd': unknown key 'pth'; did you mean 'path'?; unknown key 'licens'; "
        "did you mean 'licence'? (parameters/corpora.yml)",
    ]


def test_list_of_entries_is_refused():
    with pytest.raises(ValidationError, match="corpora must be entries by key"):
        CorporaParameters.model_validate([ENTRY])
