"""How each culture labelled each text: counts, shares, and the majority where there is one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.agreement.annotations import check_annotations
from ccnlp.examples import UNKNOWN

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

TIED = -1
"""In `Majorities.codes`: several labels have the most annotations."""

ABSENT = -2
"""In `Majorities.codes`: nobody of the culture annotated the text."""


def culture_votes(
    annotations: pd.DataFrame, labels: Sequence[str], *, where: str = "annotations"
) -> pd.DataFrame:
    """A row for each text and culture that annotated it, sorted by both.

    Columns: `group_id`, `culture`, `n` (annotations), `majority` (the label with the most
    annotations; missing on a tie, which stays a tie), and for each label `num_<label>` and
    `share_<label>`, whose shares are 0..1 and sum to 1.

    >>> table = pd.DataFrame({"group_id": ["t"] * 3, "annotator": ["a", "b", "c"],
    ...     "culture": ["US", "US", "SG"], "label": ["hate", "none", "hate"]})
    >>> culture_votes(table, ["none", "hate"])["majority"].fillna("tie").tolist()
    ['hate', 'tie']

    Args:
        annotations: with the columns of `annotations.COLUMNS`.
        labels: the label set, in the order of the columns.
        where: what to name in a message.

    Raises:
        CorpusError: the annotations are malformed; see `check_annotations`.
    """
    check_annotations(annotations, labels, where=where)
    text_codes, texts = pd.factorize(annotations["group_id"], sort=True)
    culture_codes, cultures = pd.factorize(annotations["culture"], sort=True)
    label_codes = pd.Index(list(labels)).get_indexer(pd.Index(annotations["label"]))
    cells, cell_codes = np.unique(
        text_codes.astype(np.int64) * len(cultures) + culture_codes, return_inverse=True
    )
    counts = _count(cell_codes * len(labels) + label_codes, (len(cells), len(labels)))
    sizes = counts.sum(axis=1)
    majority = pd.Series(list(labels), dtype="str").reindex(majority_codes(counts))
    table = pd.DataFrame(
        {
            "group_id": np.asarray(texts)[cells // len(cultures)],
            "culture": np.asarray(cultures)[cells % len(cultures)],
            "n": sizes,
            "majority": majority.to_numpy(),
        }
    ).astype({"group_id": "str", "culture": "str", "majority": "str"})
    table[[f"num_{label}" for label in labels]] = counts
    table[[f"share_{label}" for label in labels]] = counts / sizes[:, None]
    return table


def label_shares(votes: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    """The share of each label in each culture, of its annotations and of its majorities.

    Columns: `culture`, `label`, `share` and `n` of annotations, `majority_share` of the
    `num_texts` with a majority, and `num_tied`, the texts without. Shares are 0..1; the majorities'
    are NaN where every text is tied.
    """
    counts = counts_of(votes, labels)
    codes = majority_codes(counts)
    rows: list[dict[str, object]] = []
    for culture, row_indices in votes.groupby("culture", sort=True).indices.items():
        label_counts = counts[row_indices].sum(axis=0)
        majority_counts = np.bincount(
            codes[row_indices][codes[row_indices] != TIED], minlength=len(labels)
        )
        num_texts = int(majority_counts.sum())
        rows += [
            {
                "culture": culture,
                "label": label,
                "share": label_counts[position] / label_counts.sum(),
                "n": int(label_counts.sum()),
                "majority_share": majority_counts[position] / num_texts if num_texts else np.nan,
                "num_texts": num_texts,
                "num_tied": len(row_indices) - num_texts,
            }
            for position, label in enumerate(labels)
        ]
    return pd.DataFrame(rows)


def counts_of(votes: pd.DataFrame, labels: Sequence[str]) -> Ints:
    """Annotations of each label; shape (rows of the votes, labels)."""
    return votes[[f"num_{label}" for label in labels]].to_numpy(dtype=np.int64)


def majority_codes(counts: Ints | Floats) -> Ints:
    """The position of each row's most frequent label, or `TIED`; shape (rows,)."""
    is_most = are_most_frequent(counts)
    return np.where(is_most.sum(axis=1) == 1, is_most.argmax(axis=1), TIED)


def are_most_frequent(counts: Ints | Floats) -> Bools:
    """Which labels no other label of the row exceeds, but for the rounding of sums of shares."""
    most = counts.max(axis=1, keepdims=True, initial=0)
    are_most: Bools = np.isclose(counts, most, rtol=1e-9, atol=1e-9)
    return are_most


def of_known_cultures(votes: pd.DataFrame) -> pd.DataFrame:
    """The votes without those of annotators whose culture nobody stated, which are no group."""
    return votes[votes["culture"] != UNKNOWN].reset_index(drop=True)


@dataclass(frozen=True)
class Majorities:
    """The majority label of each culture on each text.

    Attributes:
        texts: their `group_id`, shape (texts,).
        cultures: their keys, without `und`.
        codes: position of the label, `TIED` or `ABSENT`; shape (texts, cultures).
    """

    texts: "npt.NDArray[np.object_]"
    cultures: tuple[str, ...]
    codes: Ints

    @property
    def is_judged(self) -> Bools:
        """Whether the culture annotated the text; shape (texts, cultures)."""
        is_judged: Bools = self.codes != ABSENT
        return is_judged

    @property
    def has_majority(self) -> Bools:
        """Whether it did and is not tied; shape (texts, cultures)."""
        has_majority: Bools = self.codes >= 0
        return has_majority

    def of_pair(self, a: int, b: int) -> "Majorities":
        """Of the cultures at two positions, on the texts on which both have a majority."""
        is_compared = self.has_majority[:, a] & self.has_majority[:, b]
        codes = self.codes[is_compared][:, [a, b]]
        return Majorities(self.texts[is_compared], (self.cultures[a], self.cultures[b]), codes)

    def label_counts(self, num_labels: int) -> Ints:
        """How many cultures chose each label, ties left out; shape (texts, labels)."""
        counts = [(self.codes == label).sum(axis=1) for label in range(num_labels)]
        return np.stack(counts, axis=1).astype(np.int64)


def majorities_of(votes: pd.DataFrame, labels: Sequence[str]) -> Majorities:
    """The majorities of the known cultures.

    Args:
        votes: of `culture_votes`.
        labels: its label set.
    """
    known_votes = of_known_cultures(votes)
    return majorities_of_counts(known_votes, counts_of(known_votes, labels))


def majorities_of_counts(votes: pd.DataFrame, counts: Ints) -> Majorities:
    """The majorities of the votes' rows with other counts (rows, labels) than their own."""
    text_codes, texts = pd.factorize(votes["group_id"], sort=True)
    culture_codes, cultures = pd.factorize(votes["culture"], sort=True)
    codes = np.full((len(texts), len(cultures)), ABSENT, dtype=np.int64)
    codes[text_codes, culture_codes] = majority_codes(counts)
    return Majorities(np.asarray(texts), tuple(map(str, cultures)), codes)


def _count(cells: Ints, shape: tuple[int, int]) -> Ints:
    flat_counts = np.bincount(cells, minlength=shape[0] * shape[1])
    return flat_counts.reshape(shape).astype(np.int64)
