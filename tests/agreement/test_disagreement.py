import numpy as np
import pytest
from scipy.stats import norm

from ccnlp.agreement.disagreement import (
    consensus_of,
    count_pairs,
    share_of,
)
from ccnlp.agreement.votes import culture_votes, majorities_of

LABELS = ("none", "mild", "hate")


@pytest.fixture
def majorities(annotate):
    texts = {
        "agreed": {"SG": "h", "US": "hhn", "ZA": "h"},
        "two of three": {"SG": "h", "US": "h", "ZA": "n"},
        "tied": {"SG": "hn", "US": "h", "ZA": "h"},
        "tied and split": {"SG": "hn", "US": "h", "ZA": "n"},
        "one culture": {"US": "hhh"},
        "agreed by two": {"SG": "n", "ZA": "n"},
    }
    return majorities_of(culture_votes(annotate(texts), LABELS), LABELS)


def test_consensus_leaves_out_ties_and_texts_of_one_culture(majorities):
    consensus = consensus_of(majorities)
    comparable = set(majorities.texts[consensus.is_comparable])
    assert comparable == {"agreed", "two of three", "agreed by two"}
    assert set(majorities.texts[consensus.is_agreed]) == {"agreed", "agreed by two"}
    assert consensus.num_tied == 2
    assert consensus.share == pytest.approx(2 / 3)


def test_pairs_are_compared_where_both_have_a_majority(majorities):
    pairs = count_pairs(majorities)  # cultures SG, US, ZA
    assert pairs.num_judged[0].tolist() == [5, 4, 5]
    assert pairs.num_compared[0, 1:].tolist() == [2, 3]
    assert pairs.num_different[0, 1:].tolist() == [0, 1]
    assert (pairs.num_compared[1, 2], pairs.num_different[1, 2]) == (4, 2)


def test_no_known_culture_has_no_consensus(annotate):
    table = annotate({"a": {"und": "hn"}})
    consensus = consensus_of(majorities_of(culture_votes(table, LABELS), LABELS))
    assert np.isnan(consensus.share)


def test_share_has_wilsons_interval():
    # Wilson's ends are where a share p lies z standard errors of its own from the observed one.
    estimate = share_of(3, 10, confidence=0.9, note="")
    assert estimate.value == 0.3
    for end in (estimate.low, estimate.high):
        assert abs(0.3 - end) / np.sqrt(end * (1 - end) / 10) == pytest.approx(norm.ppf(0.95))


def test_share_of_nothing_is_undefined_and_says_why():
    estimate = share_of(0, 0, confidence=0.9, note="why")
    assert np.isnan(estimate.value)
    assert (estimate.n, estimate.note) == (0, "why")


def test_interval_of_no_disagreement_is_not_a_point():
    assert share_of(0, 20, confidence=0.95, note="").high > 0.1
