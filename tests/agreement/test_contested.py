import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from ccnlp.agreement.contested import contested_texts, jensen_shannon_distance
from ccnlp.agreement.votes import culture_votes

LABELS = ("none", "mild", "hate")


def contested(table, max_texts=None):
    return contested_texts(culture_votes(table, LABELS), LABELS, max_texts=max_texts)


def test_distance_of_two_is_that_of_scipy():
    first, second = np.random.default_rng(0).dirichlet(np.ones(4), size=2)
    distance, _ = jensen_shannon_distance([first, second])
    assert distance[0] == pytest.approx(jensenshannon(first, second, base=2))


@pytest.mark.parametrize(
    ("distributions", "distance", "entropy"),
    [
        ([[1, 0], [1, 0]], 0, 0),
        ([[0.5, 0.5], [0.5, 0.5]], 0, 1),
        ([[1, 0], [0, 1]], 1, 1),
        ([[1, 0]], 0, 0),
        # Three that share nothing: the most that three can differ.
        ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], 1, np.log2(3)),
        # Four in two camps: the most that two labels allow.
        ([[1, 0], [1, 0], [0, 1], [0, 1]], 1, 1),
        # A mean of (3/4, 1/4) has 2 - 3/4 log2(3) bits, (1/2, 1/2) has 1 and (1, 0) none.
        ([[1, 0], [0.5, 0.5]], np.sqrt(1.5 - 0.75 * np.log2(3)), 2 - 0.75 * np.log2(3)),
    ],
)
def test_distance_and_entropy_worked_by_hand(distributions, distance, entropy):
    found = jensen_shannon_distance(distributions)
    assert found[0][0] == pytest.approx(distance, abs=1e-7)
    assert found[1][0] == pytest.approx(entropy, abs=1e-12)


def test_contested_texts_are_sorted_and_spell_out_ties(annotate):
    table = contested(
        annotate(
            {
                "same": {"SG": "hn", "US": "nh"},
                "opposed": {"SG": "h", "US": "nn"},
                "tied": {"SG": "hn", "US": "nn"},
                "alone": {"SG": "hn"},
            }
        )
    )
    assert table["group_id"].tolist() == ["opposed", "tied"]
    assert table["majority_SG"].tolist() == ["hate", "none = hate"]
    assert table["majority_US"].tolist() == ["none", "none"]
    assert table["has_different_majorities"].tolist() == [True, False]
    assert table["num_tied"].tolist() == [0, 1]
    assert table["num_cultures"].tolist() == [2, 2]


def test_culture_that_did_not_judge_a_contested_text_is_missing(annotate):
    table = contested(annotate({"a": {"SG": "h", "US": "n"}, "b": {"SG": "h", "ZA": "h"}}))
    assert table["group_id"].tolist() == ["a"]
    assert table["majority_ZA"].isna().all()


def test_contested_texts_are_limited_to_the_most_contested(annotate):
    texts = {"mild": {"SG": "hhn", "US": "nnh"}, "most": {"SG": "h", "US": "n"}}
    assert contested(annotate(texts), max_texts=1)["group_id"].tolist() == ["most"]


def test_nothing_contested_is_an_empty_table(annotate):
    assert contested(annotate({"a": {"SG": "h", "US": "h"}})).empty
