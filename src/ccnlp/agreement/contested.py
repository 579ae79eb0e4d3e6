"""The texts that the cultures read differently."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.agreement.votes import Floats, Ints, counts_of, majorities_of, of_known_cultures


def jensen_shannon_distance(
    distributions: npt.ArrayLike, text: npt.ArrayLike | None = None
) -> tuple[Floats, Floats]:
    """The generalised Jensen-Shannon distance of each text's distributions, and their entropy.

    Lin (1991), "Divergence Measures Based on the Shannon Entropy", equation 5.1, with equal
    weights: the entropy of the mean distribution less the mean entropy of the distributions. It
    is at most the logarithm of their number or of the number of labels, whichever is smaller;
    divided by that it is 0..1, and of two distributions it is the usual divergence of base 2. Its
    square root is the distance. A single distribution has distance 0.

    Args:
        distributions: shape (distributions, labels), each summing to 1.
        text: the text of each distribution, 0, 1 and on; of the same one if not given.

    Returns:
        The distance, 0..1, and the entropy of the mean distribution in bits; each shape (texts,).
    """
    shares = np.asarray(distributions, dtype=np.float64)
    text_codes = np.zeros(len(shares), np.int64) if text is None else np.asarray(text, np.int64)
    num_distributions = np.bincount(text_codes)
    sums = [np.bincount(text_codes, weights=column) for column in shares.T]
    mean_shares = np.stack(sums, axis=1) / num_distributions[:, None]
    entropy = _entropy(mean_shares)
    divergence = entropy - np.bincount(text_codes, weights=_entropy(shares)) / num_distributions
    max_divergence = np.log2(np.maximum(np.minimum(num_distributions, shares.shape[1]), 2))
    return np.sqrt(np.clip(divergence / max_divergence, 0, 1)), entropy


def contested_texts(
    votes: pd.DataFrame, labels: Sequence[str], *, max_texts: int | None
) -> pd.DataFrame:
    """The texts whose distributions of labels differ between the cultures that judged them.

    Columns: `group_id`; `distance`, of `jensen_shannon_distance`, 0..1; `entropy`, in bits, of the
    mean of the cultures' distributions; `num_cultures` that judged the text; `num_tied` of them;
    `has_different_majorities`; and for each culture `majority_<culture>`: its label, the tied
    labels joined by ` = `, or missing where it did not judge the text. The largest distance comes
    first, then the largest entropy, then by `group_id`.

    With few annotations a culture, distributions differ by chance too.

    Args:
        votes: of `culture_votes`.
        labels: its label set.
        max_texts: texts listed; all if not given.
    """
    known_votes = of_known_cultures(votes)
    text_codes, texts = pd.factorize(known_votes["group_id"], sort=True)
    counts = counts_of(known_votes, labels)
    majorities = majorities_of(known_votes, labels)
    distance, entropy = jensen_shannon_distance(
        counts / counts.sum(axis=1, keepdims=True), text_codes
    )
    table = pd.DataFrame(
        {
            "group_id": texts,
            "distance": distance,
            "entropy": entropy,
            "num_cultures": majorities.is_judged.sum(axis=1),
            "num_tied": (majorities.is_judged & ~majorities.has_majority).sum(axis=1),
            "has_different_majorities": (majorities.label_counts(len(labels)) > 0).sum(axis=1) > 1,
        }
    )
    # Equal distributions may differ by rounding.
    contested = table[table["distance"] > 1e-6].sort_values(
        ["distance", "entropy", "group_id"], ascending=[False, False, True]
    )
    listed = contested.head(max_texts) if max_texts is not None else contested
    column_names = [f"majority_{culture}" for culture in majorities.cultures]
    majority_columns = pd.DataFrame(
        _spell_majorities(known_votes, counts, labels, listed.index.to_numpy()),
        columns=column_names,
        dtype="str",
    )
    return pd.concat([listed.reset_index(drop=True), majority_columns], axis=1)


def _spell_majorities(
    votes: pd.DataFrame, counts: Ints, labels: Sequence[str], texts: Ints
) -> "npt.NDArray[np.object_]":
    """The majority of each culture on the texts at some positions, ties spelt out.

    Shape (texts, cultures), both in sorted order of the votes; None where nobody judged.
    """
    positions = pd.Index(texts).get_indexer(pd.Index(pd.factorize(votes["group_id"], sort=True)[0]))
    culture_codes, cultures = pd.factorize(votes["culture"], sort=True)
    majorities = np.full((len(texts), len(cultures)), None, dtype=object)
    is_most = counts == counts.max(axis=1, keepdims=True)
    for row in np.flatnonzero(positions >= 0):
        top_labels = [label for label, is_top in zip(labels, is_most[row], strict=True) if is_top]
        majorities[positions[row], culture_codes[row]] = " = ".join(top_labels)
    return majorities


def _entropy(distributions: Floats) -> Floats:
    """In bits; shape (distributions,)."""
    from scipy.special import entr

    entropy: Floats = entr(distributions).sum(axis=1) / np.log(2)
    return entropy
