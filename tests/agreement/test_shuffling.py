import numpy as np
import pytest

from ccnlp.agreement.shuffling import _shuffle_counts, shuffle_cultures
from ccnlp.agreement.votes import counts_of, culture_votes

LABELS = ("none", "mild", "hate")


def shuffle(table, num_shuffles=50):
    return shuffle_cultures(culture_votes(table, LABELS), LABELS, num_shuffles=num_shuffles, seed=0)


def test_shuffles_keep_the_labels_of_a_text_and_the_numbers_of_a_culture(annotate):
    votes = culture_votes(annotate({"a": {"SG": "hhh", "US": "nn"}, "b": {"US": "mmn"}}), LABELS)
    counts = counts_of(votes, LABELS)
    seen = set()
    for shuffled in _shuffle_counts(votes, LABELS, 30, np.random.default_rng(0)):
        assert shuffled.sum(axis=1).tolist() == counts.sum(axis=1).tolist()
        assert shuffled[:2].sum(axis=0).tolist() == counts[:2].sum(axis=0).tolist()
        assert shuffled[2].tolist() == counts[2].tolist()
        seen.add(shuffled.tobytes())
    assert len(seen) > 1


def test_share_of_shuffles_is_the_one_worked_by_hand(annotate):
    # Of h, h, h, n, n, n three go to each culture, whose majorities then differ always; of five h
    # and one n they never do.
    shuffled = shuffle(annotate({"a": {"SG": "hhh", "US": "nnn"}, "b": {"SG": "hhn", "US": "hhh"}}))
    assert shuffled.consensus.tolist() == [0.5] * 50
    assert shuffled.disagreement[:, 0, 1].tolist() == [0.5] * 50


def test_disagreement_of_shuffles_follows_the_hypergeometric_distribution(annotate):
    # Two h and four n, three to each culture: one gets both h, and the majorities differ, in
    # 2 * C(4, 1) of C(6, 3) = 20 deals. Not shuffled, they differ on every text.
    texts = {f"text {number}": {"SG": "hhn", "US": "nnn"} for number in range(500)}
    shuffled = shuffle(annotate(texts))
    assert shuffled.disagreement[:, 0, 1].mean() == pytest.approx(8 / 20, abs=0.01)
    assert shuffled.consensus.mean() == pytest.approx(12 / 20, abs=0.01)


def test_majorities_alone_are_not_shuffled(annotate):
    assert shuffle(annotate({"a": {"SG": "h", "US": "n"}})) is None


def test_unknown_culture_alone_is_not_shuffled(annotate):
    assert shuffle(annotate({"a": {"und": "hn"}})) is None


def test_same_seed_shuffles_the_same(annotate):
    table = annotate({f"text {number}": {"SG": "hhn", "US": "hnn"} for number in range(20)})
    assert shuffle(table).consensus.tolist() == pytest.approx(shuffle(table).consensus.tolist())
