import random

import pandas as pd
import pytest

from ccnlp.corpora.similarity import jaccard

SOUP = "The soup was cold and the waiter never came back to our table"
SOUP_AGAIN = "The soup was cold and the waiter never came back to our table!!"
SOUP_ELSEWHERE = "The fish was fine but the waiter never came back to our bill"


def kept(rows):
    return rows.loc[rows["rejected_by"].isna(), "text"].tolist()


def reasons(rows):
    return rows["rejection_reason"].fillna("").tolist()


def test_exact_duplicates_leave_the_first_row(curate) -> None:
    rows = curate([{"text": "Very good"}, {"text": "very  GOOD"}, {"text": "Very good!"}])

    assert kept(rows) == ["Very good", "Very good!"]
    first = rows["id"].iloc[0]
    assert reasons(rows) == ["", f"the same text as example {first}", ""]
    assert rows["rejected_by"].iloc[1] == "deduplication"


@pytest.mark.parametrize(
    "other", [{"culture": "MX"}, {"language": "en-GB"}, {"split": "test"}, {"label": "positive"}]
)
def test_exact_text_of_another_place_is_no_duplicate(curate, other) -> None:
    rows = curate([{"text": "Very good"}, {"text": "Very good", **other}])

    assert rows["rejected_by"].isna().all()
    assert rows["group_id"].nunique() == 1


def test_near_duplicates_leave_the_first_row(curate) -> None:
    rows = curate([{"text": SOUP}, {"text": SOUP_ELSEWHERE}, {"text": SOUP_AGAIN}])

    assert kept(rows) == [SOUP, SOUP_ELSEWHERE]
    assert reasons(rows)[2] == f"nearly the same text as example {rows['id'].iloc[0]}"


@pytest.mark.parametrize(
    "other", [{"culture": "MX"}, {"language": "en-GB"}, {"split": "test"}, {"label": "positive"}]
)
def test_near_text_of_another_place_or_label_is_no_duplicate(curate, other) -> None:
    rows = curate([{"text": SOUP}, {"text": SOUP_AGAIN, **other}])
    assert rows["rejected_by"].isna().all()


def test_short_texts_have_no_near_duplicates(curate) -> None:
    rows = curate([{"text": "Not bad at all"}, {"text": "Not bad at all."}])
    assert rows["rejected_by"].isna().all()


def test_near_duplicates_are_left_alone_where_told_to(curate) -> None:
    rows = curate([{"text": SOUP}, {"text": SOUP_AGAIN}], deduplication={"near_threshold": 1.0})
    assert rows["rejected_by"].isna().all()


def test_chain_of_near_duplicates_keeps_what_is_unlike_the_first(curate) -> None:
    # Each text repeats the one before with its next word changed; the first and the last are
    # different texts. Every rejected row must be near one that stays.
    words = [f"word{i:02d}" for i in range(40)]
    texts = []
    for step in range(0, 40, 2):
        words[step] = f"other{step}"
        texts.append(" ".join(words))
    rows = curate([{"text": text} for text in texts])

    by_id = rows.set_index("id")
    rejected = rows[rows["rejected_by"].notna()]
    assert 0 < len(rejected) < len(rows) - 1
    for row in rejected.itertuples():
        named = by_id.loc[row.rejection_reason.split()[-1]]
        assert pd.isna(named["rejected_by"])
        assert jaccard(row.text, named["text"], ngram=5) >= 0.8


def test_many_copies_of_boilerplate_leave_one(curate) -> None:
    texts = [f"{SOUP}, said the guest at table number {i:03d}" for i in range(300)]
    rows = curate([{"text": text} for text in texts])
    assert kept(rows) == texts[:1]


def test_conflicting_labels_are_kept_and_named(curate) -> None:
    rows = curate(
        [
            {"text": "Not bad", "label": "positive"},
            {"text": "not bad", "label": "negative"},
            {"text": "not bad", "label": "negative"},
            {"text": "Not bad", "label": "neutral", "culture": "GB"},
        ]
    )

    assert rows["conflicting_labels"].fillna("").tolist() == ["'negative'", "'positive'", "", ""]
    assert rows["rejected_by"].astype("string").fillna("").tolist() == ["", "", "deduplication", ""]


def test_labels_conflict_across_splits(curate) -> None:
    rows = curate(
        [
            {"text": "Not bad", "label": "positive", "split": "train"},
            {"text": "not bad", "label": "negative", "split": "test"},
            {"text": "not bad", "label": "negative", "split": "validation"},
            {"text": "Fine", "split": "train"},
            {"text": "Fine", "split": "test"},
        ]
    )
    assert rows["conflicting_labels"].fillna("").tolist() == [
        "'negative'",
        *["'positive'"] * 2,
        *["", ""],
    ]


def test_three_conflicting_labels_name_the_others(curate) -> None:
    rows = curate(
        [{"text": "Not bad", "label": label} for label in ("positive", "negative", "neutral")]
    )
    assert rows["conflicting_labels"].tolist()[1] == "'positive', 'neutral'"


def test_conflict_of_given_rows_stays_marked_where_others_are_placed(curate) -> None:
    rows = curate(
        [
            {"text": "Not bad", "label": "positive", "split": "test"},
            {"text": "Not bad", "label": "negative", "split": "test"},
            {"text": "Not bad", "label": "neutral", "split": None},
            {"text": "Else", "split": None},
        ],
        ratios={"train": 1, "validation": 0, "test": 0},
        deduplication={"conflicting_labels": "reject"},
    )

    assert rows["conflicting_labels"].notna().tolist() == [True, True, True, False]
    assert rows["rejected_by"].isna().tolist() == [False, False, False, True]


def test_conflicting_labels_are_rejected_where_configured(curate) -> None:
    rows = curate(
        [
            {"text": "Not bad", "label": "positive"},
            {"text": "Not bad", "label": "negative"},
            {"text": "Fine"},
        ],
        deduplication={"conflicting_labels": "reject"},
    )

    assert reasons(rows) == [
        "the same text is labelled 'negative' elsewhere",
        "the same text is labelled 'positive' elsewhere",
        "",
    ]


def make_texts(seed: int) -> list[str]:
    """Texts with many exact and near copies among them."""
    draw = random.Random(seed)
    words = ["soup", "waiter", "cold", "warm", "never", "always", "back", "table", "bill", "bread"]
    originals = [" ".join(draw.choices(words, k=14)) for _ in range(40)]
    copies = [
        text + draw.choice(["", " indeed", "!!", " the"]) for text in draw.choices(originals, k=80)
    ]
    return originals + copies


@pytest.mark.parametrize("batch_size", [1, 7, 1000])
def test_result_does_not_depend_on_batches(curate, batch_size: int) -> None:
    rows = [{"text": text} for text in make_texts(0)]
    at_once, in_batches = curate(rows), curate(rows, batch_size=batch_size)

    assert reasons(in_batches) == reasons(at_once)
    assert any("nearly" in reason for reason in reasons(at_once))


@pytest.mark.parametrize("seed", range(3))
def test_rows_that_are_added_change_nothing_for_those_before(curate, seed: int) -> None:
    texts = make_texts(seed)
    before = curate([{"text": text} for text in texts[:70]])
    after = curate([{"text": text} for text in texts])

    assert reasons(after)[:70] == reasons(before)
    assert after["id"].tolist()[:70] == before["id"].tolist()
