import numpy as np
import pandas as pd
import pytest

from ccnlp.conditioning.controls import shuffle_cultures
from ccnlp.errors import CorpusError

GROUP = ["task", "language", "split"]


@pytest.fixture
def many() -> pd.DataFrame:
    generator = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "id": [f"{i:016x}" for i in range(400)],
            "task": generator.choice(["t", "u"], 400),
            "language": generator.choice(["en", "es"], 400),
            "split": generator.choice(["train", "test"], 400),
            "culture": generator.choice(["GB", "IN", "MX", "und"], 400, p=[0.4, 0.3, 0.2, 0.1]),
            "text": "x",
        },
        index=generator.permutation(400),
    )


def test_shuffled_cultures_keep_their_numbers_within_language_and_split(many):
    shuffled = shuffle_cultures(many, seed=0)

    counts = [table.groupby([*GROUP, "culture"]).size() for table in (many, shuffled)]
    pd.testing.assert_series_equal(*counts)
    others = many.columns.drop("culture")
    pd.testing.assert_frame_equal(shuffled[others], many[others])
    assert 0.5 < (shuffled["culture"] != many["culture"]).mean() < 0.9


def test_shuffled_cultures_follow_from_the_seed_and_not_from_the_order_of_rows(many):
    first = shuffle_cultures(many, seed=0).set_index("id")["culture"]
    again = shuffle_cultures(many[::-1], seed=0).set_index("id")["culture"]

    assert again[first.index].equals(first)
    assert not shuffle_cultures(many, seed=1).set_index("id")["culture"].equals(first)


def test_shuffled_cultures_say_nothing_of_the_labels(many):
    label = many["culture"] == "GB"
    shuffled = shuffle_cultures(many, seed=0)
    assert abs(np.corrcoef(label, shuffled["culture"] == "GB")[0, 1]) < 0.15


def test_shuffled_categories_stay_categories(many):
    shuffled = shuffle_cultures(many.astype({"culture": "category"}), seed=0)
    assert shuffled["culture"].dtype == "category"


def test_shuffling_without_a_column_says_which(many):
    with pytest.raises(CorpusError, match="cultures to shuffle: no column 'split'"):
        shuffle_cultures(many.drop(columns="split"), seed=0)
