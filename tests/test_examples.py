import pandas as pd
import pytest

from ccnlp import examples
from ccnlp.errors import CorpusError
from ccnlp.examples import fingerprint, with_derived

EXAMPLES = pd.DataFrame({"id": ["1", "2"], "split": ["train", "test"], "parent_id": [None, None]})


def test_groups_join_the_columns():
    rows = pd.DataFrame({"language": ["es", "zh-Hant"], "culture": ["MX", None]})
    groups = examples.groups_by_columns(rows, ["language", "culture"])
    assert groups.tolist() == ["es-MX", "zh-Hant-und"]


def derived_from(parent: str) -> pd.DataFrame:
    return pd.DataFrame({"id": ["3"], "split": ["train"], "parent_id": [parent]})


def test_with_derived_puts_rows_of_train_parents_behind_the_examples():
    assert with_derived(EXAMPLES, derived_from("1"))["id"].tolist() == ["1", "2", "3"]


def test_with_derived_of_nothing_is_the_examples():
    assert with_derived(EXAMPLES, EXAMPLES.iloc[:0]) is EXAMPLES


@pytest.mark.parametrize("parent", ["2", "9"], ids=["now in test", "gone"])
def test_with_derived_refuses_rows_whose_parent_is_not_in_train(parent):
    with pytest.raises(CorpusError, match="1 of 1 augmented examples come from rows that are no"):
        with_derived(EXAMPLES, derived_from(parent))


TABLE = pd.DataFrame({"id": ["1", "2", None, "2"], "split": ["train", "test", "test", "train"]})


@pytest.mark.parametrize("rows_per_chunk", [1, 3, 100])
def test_fingerprint_depends_on_neither_the_order_nor_the_kind_of_the_columns(
    monkeypatch, rows_per_chunk
):
    expected = fingerprint(TABLE)
    monkeypatch.setattr(examples, "ROWS_PER_CHUNK", rows_per_chunk)
    same = [
        TABLE.iloc[::-1],
        TABLE[["split", "id"]],
        TABLE.astype("category"),
        TABLE.astype("string"),
    ]
    assert {fingerprint(table) for table in same} == {expected}


@pytest.mark.parametrize(
    "other",
    [
        TABLE.iloc[:3],
        TABLE.replace("1", "3"),
        TABLE.fillna(""),
        TABLE.rename(columns={"id": "key"}),
    ],
)
def test_fingerprint_depends_on_every_cell_and_name(other):
    assert fingerprint(other) != fingerprint(TABLE)
