import pytest

from ccnlp.augmentation.selection import select_rows
from ccnlp.errors import CorpusError


def rows(num, **columns):
    return [{"text": f"text {columns} {n}", **columns} for n in range(num)]


def with_ids(table):
    return table.assign(id=[f"{t}" for t in table["text"]])


def test_only_native_train_rows_with_text_label_and_route(make_examples, make_parameters):
    examples = make_examples(
        [
            {"text": "kept"},
            {"text": "t", "split": "validation"},
            {"text": "t", "split": "test"},
            {"text": "t", "origin": "human_translation"},
            {"text": "t", "label": None},
            {"text": " "},
            {"text": None},
            {"text": "x" * 100_000},
            {"text": "t", "language": "yo"},
            {"text": "kept too", "language": "es-MX"},
        ]
    )
    chosen = select_rows(examples, make_parameters(share=1.0))
    assert chosen["text"].tolist() == ["kept", "kept too"]


def test_the_rarest_label_and_culture_first(make_examples, make_parameters):
    examples = make_examples(
        rows(6, culture="US") + rows(2, culture="NG") + rows(2, culture="US", label="negative")
    )
    chosen = select_rows(with_ids(examples), make_parameters(share=0.4))
    assert len(chosen) == 4
    assert set(zip(chosen["culture"], chosen["label"], strict=True)) == {
        ("NG", "positive"),
        ("US", "negative"),
    }


def test_cells_that_differ_by_one_are_taken_alike(make_examples, make_parameters):
    examples = make_examples(rows(50) + rows(51, label="negative") + rows(49, label="neutral"))
    chosen = select_rows(with_ids(examples), make_parameters(share=0.4))
    assert sorted(chosen["label"].value_counts()) == [19, 20, 21]


def test_neither_order_nor_other_languages_decide(make_examples, make_parameters):
    examples = with_ids(make_examples(rows(40) + rows(40, language="es")))
    parameters = make_parameters(share=0.25)
    expected = set(select_rows(examples, parameters)["id"])
    shuffled = examples.sample(frac=1, random_state=0)
    assert set(select_rows(shuffled, parameters)["id"]) == expected
    english = examples[examples["language"] == "en"]
    assert set(select_rows(english, parameters)["id"]) < expected


def test_share_by_language(make_examples, make_parameters):
    examples = with_ids(
        make_examples(rows(10) + rows(10, language="es-MX") + rows(10, language="fr"))
    )
    chosen = select_rows(
        examples, make_parameters(share=0.5, share_by_language={"es": 1.0, "fr": 0})
    )
    assert chosen["language"].value_counts().to_dict() == {"es-MX": 10, "en": 5}


def test_nothing_to_select(make_examples, make_parameters):
    examples = make_examples(rows(3, language="yo"))
    assert select_rows(examples, make_parameters()).empty


def test_a_missing_column_is_named(make_examples, make_parameters):
    with pytest.raises(CorpusError, match="augmentation: no column 'text'"):
        select_rows(make_examples(rows(1)).drop(columns="text"), make_parameters())
