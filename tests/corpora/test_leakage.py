import pandas as pd
import pytest

from ccnlp.corpora.curation import clear_held_out_texts, find_held_out_texts, keep_out

SOUP = "The soup was cold and the waiter never came back to our table"
SOUP_AGAIN = "the soup was cold, and the waiter never came back to our table"


@pytest.fixture
def check(curate, sentiment, ingestion):
    """Curates corpora, each a list of rows, and rejects their leaks."""

    def check(*corpora, **changes):
        parameters = ingestion.deduplication.model_copy(update=changes)
        tables = {str(i): curate(rows, deduplication=changes) for i, rows in enumerate(corpora)}
        held_out = {
            name: find_held_out_texts(rows, tasks=sentiment, parameters=parameters)
            for name, rows in tables.items()
        }
        loads = {name: (lambda texts=texts: texts) for name, texts in held_out.items()}
        held_out = {
            name: clear_held_out_texts(texts, held_out=loads, parameters=parameters)
            for name, texts in held_out.items()
        }
        loads = {name: (lambda texts=texts: texts) for name, texts in held_out.items()}
        return [
            keep_out(rows, held_out=loads, tasks=sentiment, parameters=parameters)
            for rows in tables.values()
        ]

    return check


def splits(rows: pd.DataFrame) -> list[str]:
    return rows.loc[rows["rejected_by"].isna(), "split"].astype(str).tolist()


def test_train_row_with_a_text_of_test_is_rejected(check) -> None:
    (rows,) = check([{"text": "Very good"}, {"text": "very good", "split": "test"}])

    assert splits(rows) == ["test"]
    assert rows["rejected_by"].iloc[0] == "leakage"
    held_out = rows["id"].iloc[1]
    assert rows["rejection_reason"].iloc[0] == f"the same text stands in test: example {held_out}"


def test_train_row_nearly_like_one_of_validation_is_rejected(check) -> None:
    (rows,) = check(
        [{"text": SOUP_AGAIN}, {"text": "Another"}, {"text": SOUP, "split": "validation"}]
    )

    assert splits(rows) == ["train", "validation"]
    held_out = rows["id"].iloc[2]
    assert rows["rejection_reason"].iloc[0] == (
        f"nearly the same text stands in validation: example {held_out}"
    )


@pytest.mark.parametrize("text", [SOUP, SOUP_AGAIN])
def test_validation_row_with_a_text_of_test_is_rejected(check, text: str) -> None:
    (rows,) = check([{"text": text, "split": "validation"}, {"text": SOUP, "split": "test"}])
    assert splits(rows) == ["test"]


def test_leaks_are_found_in_another_corpus_language_culture_and_label(check) -> None:
    leak = {"text": SOUP, "culture": "NG", "language": "pcm", "label": "negative"}
    first, second = check([leak, {"text": "Else"}], [{"text": SOUP_AGAIN, "split": "test"}])

    assert first["text"][first["rejected_by"].isna()].tolist() == ["Else"]
    assert splits(second) == ["test"]


@pytest.mark.parametrize("is_one_corpus", [True, False])
def test_train_row_near_a_validation_row_that_goes_stays(check, is_one_corpus: bool) -> None:
    words, others = [f"word{i:02d}" for i in range(40)], [f"else{i:02d}" for i in range(6)]
    first, middle, last = (" ".join([*others[:n], *words[n:]]) for n in (0, 3, 6))
    rows = [
        {"text": first, "split": "train"},
        {"text": middle, "split": "validation"},
        {"text": last, "split": "test"},
    ]
    checked = pd.concat(check(rows) if is_one_corpus else check(*([row] for row in rows)))

    assert splits(checked) == ["train", "test"]


def test_test_rows_never_go(check) -> None:
    first, second = check([{"text": SOUP, "split": "test"}], [{"text": SOUP, "split": "test"}])
    assert splits(first) == splits(second) == ["test"]


def test_near_leaks_are_left_alone_where_told_to(check) -> None:
    (rows,) = check([{"text": SOUP_AGAIN}, {"text": SOUP, "split": "test"}], near_threshold=1.0)
    assert splits(rows) == ["train", "test"]


def test_no_row_is_lost(check) -> None:
    rows = [{"text": f"{SOUP} number {i}", "split": ["train", "test"][i % 2]} for i in range(20)]
    (checked,) = check(rows)
    assert len(checked) == 20
    assert checked["row"].tolist() == list(range(1, 21))
