import pytest

from ccnlp.corpora.cells import as_text, list_reasons, text_reasons


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("good ", "good "),
        (None, None),
        (float("nan"), None),
        (3, "3"),
        (3.0, "3"),
        (3.5, "3.5"),
        (False, "false"),
        (["é", 1], '["é", 1]'),
    ],
)
def test_cell_as_text(cell, text):
    assert as_text(cell) == text


def test_texts_that_cannot_be_used_are_missing_with_a_reason():
    texts, reasons = text_reasons(["good", "", " \u3000\n", None, ["a"], "a\x00", "\udce9"], "text")
    assert texts[0] == "good"
    assert texts[1:].isna().all()
    assert reasons.isna().tolist() == [True] + [False] * 6
    assert reasons[1:5].tolist() == ["text is empty"] * 3 + ["text is a list instead of text"]


def test_lists_that_cannot_be_used_are_missing_with_a_reason():
    cells = [["a", 1], [], "a", ["a", None], ["a", "\u200b", "\u3000", ""]]
    cells += [["\u200b"], ["a", ["b"]], [{"b": 1}]]
    lists, reasons = list_reasons(cells, "tokens")
    assert lists == [["a", "1"], None, None, None, None, ["\u200b"], None, None]
    assert reasons[1:5].tolist() == [
        "tokens is empty",
        "tokens is no list",
        "tokens has an item that is no text",
        "tokens has an empty item, number 3 of 4",
    ]
    assert reasons[6:].tolist() == ["tokens has an item that is no text"] * 2


def test_empty_list_can_be_used_where_the_column_allows_it() -> None:
    lists, reasons = list_reasons([[], None], "answer", may_be_empty=True)

    assert lists == [[], None]
    assert reasons.fillna("").tolist() == ["", "answer is no list"]
