"""What would be seen if culture did not matter: annotations dealt to the cultures at random.

Two groups of five people differ on some texts even when they come from one country. The figures
of shuffled annotations say how often. On each text, the labels are dealt at random to the
annotations of the cultures that judged it, each culture keeping its number: a permutation within
texts (Good 2005, "Permutation, Parametric and Bootstrap Tests of Hypotheses", chapter 3). What
exceeds it is the culture's share in the disagreement.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ccnlp.agreement.disagreement import consensus_of, count_pairs
from ccnlp.agreement.votes import Floats, counts_of, majorities_of_counts, of_known_cultures


@dataclass(frozen=True)
class Shuffled:
    """Figures of shuffled annotations.

    Attributes:
        consensus: share of texts on which all agree, shape (shuffles,).
        disagreement: of each two cultures, shape (shuffles, cultures, cultures).

    NaN where a shuffle leaves no text to compare.
    """

    consensus: Floats
    disagreement: Floats


def shuffle_cultures(
    votes: pd.DataFrame, labels: Sequence[str], *, num_shuffles: int, seed: int
) -> Shuffled | None:
    """The figures of shuffled annotations.

    None where every culture has one annotation a text at most, as in a table that holds
    majorities only: shuffling them would say nothing about the persons behind them.

    Args:
        votes: of `culture_votes`.
        labels: its label set.
        num_shuffles: how often the annotations are dealt.
        seed: makes the shuffles.
    """
    known_votes = of_known_cultures(votes).sort_values("group_id", kind="stable", ignore_index=True)
    if known_votes["n"].max() < 2 or known_votes.empty:
        return None
    consensus, disagreement = [], []
    for counts in _shuffle_counts(known_votes, labels, num_shuffles, np.random.default_rng(seed)):
        majorities = majorities_of_counts(known_votes, counts)
        consensus.append(consensus_of(majorities).share)
        pairs = count_pairs(majorities)
        with np.errstate(invalid="ignore"):
            disagreement.append(pairs.num_different / pairs.num_compared)
    return Shuffled(np.array(consensus), np.stack(disagreement))


def _shuffle_counts(
    known_votes: pd.DataFrame,
    labels: Sequence[str],
    num_shuffles: int,
    generator: np.random.Generator,
) -> "Iterator[np.ndarray]":
    counts = counts_of(known_votes, labels)
    num_rows, num_labels = counts.shape
    row_indices = np.repeat(np.arange(num_rows), counts.sum(axis=1))
    label_codes = np.repeat(np.tile(np.arange(num_labels), num_rows), counts.ravel())
    text_codes = pd.factorize(known_votes["group_id"])[0][row_indices]
    for _ in range(num_shuffles):
        order = np.argsort(text_codes + generator.random(len(text_codes)))
        flat_counts = np.bincount(
            row_indices * num_labels + label_codes[order], minlength=counts.size
        )
        yield flat_counts.reshape(counts.shape).astype(np.int64)
