import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccnlp.corpora.similarity import Signatures, jaccard, shingles, sign, text_key

TEXTS = pd.Series(
    [
        "The soup was cold and the waiter never came back to our table.",
        "Не понравилось: ждали час, а суп оказался холодным.",
        "味噌汁は冷めていて、店員さんは一度も戻ってきませんでした。",
        "short",
        "",
    ],
    dtype="string",
)


@pytest.mark.parametrize(
    ("one", "other", "are_equal"),
    [
        ("Never again", "never  AGAIN ", True),
        ("Ｎｅｖｅｒ", "never", True),
        ("Straße", "STRASSE", True),
        ("good 👍", "good 👎", False),
        ("no", "nó", False),
        ("Great!", "Great", False),
    ],
)
def test_text_key_forgets_case_and_width(one: str, other: str, are_equal: bool) -> None:
    assert (text_key(one) == text_key(other)) is are_equal


def test_shingles_of_a_short_text_are_filled_up() -> None:
    assert shingles("abcdef", ngram=5) == {"abcde", "bcdef"}
    assert shingles("abc", ngram=5) == {"abc\0\0"}


def test_jaccard_counts_common_ngrams() -> None:
    # abcde, bcdef, cdefg against abcde, bcdef, cdefh: 2 in common of 4
    assert jaccard("abcdefg", "abcdefh", ngram=5) == 0.5
    assert jaccard("abcdefg", "ABCDEFG", ngram=5) == 1
    assert jaccard("abcdefg", "tuvwxyz", ngram=5) == 0


def test_sign_depends_on_the_text_alone() -> None:
    together = sign(TEXTS, ngram=5)
    for i in range(len(TEXTS)):
        alone = sign(TEXTS.iloc[[i]], ngram=5)
        np.testing.assert_array_equal(alone.bands[0], together.bands[i])
        np.testing.assert_array_equal(alone.sketch[0], together.sketch[i])


@given(st.lists(st.text(max_size=30), max_size=4))
def test_sign_of_any_text_can_be_stored(texts: list[str]) -> None:
    signatures = sign(pd.Series(texts, dtype="object"), ngram=5)
    again = Signatures.from_table(signatures.to_table())

    np.testing.assert_array_equal(again.bands, signatures.bands)
    np.testing.assert_array_equal(again.sketch, signatures.sketch)


def test_estimate_is_near_the_true_similarity() -> None:
    words = [f"word{i}" for i in range(200)]
    one, other = " ".join(words), " ".join(words[:160])
    signatures = sign(pd.Series([one, other, one.upper()], dtype="string"), ngram=5)
    first, second = np.array([0, 0]), np.array([1, 2])

    estimate = signatures.estimate(first, signatures, second)
    assert estimate[0] == pytest.approx(jaccard(one, other, ngram=5), abs=0.2)
    assert estimate[1] == 1
