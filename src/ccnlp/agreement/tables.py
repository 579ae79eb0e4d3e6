"""The agreement of annotators within and between cultures, as tables."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from ccnlp.agreement.alpha import Bootstrap, Estimate, estimate_alpha
from ccnlp.agreement.contested import contested_texts
from ccnlp.agreement.disagreement import (
    NOT_COMPARABLE,
    NOT_SHARED,
    consensus_of,
    count_pairs,
    share_of,
)
from ccnlp.agreement.parameters import AgreementParameters
from ccnlp.agreement.shuffling import Shuffled, shuffle_cultures
from ccnlp.agreement.votes import (
    Floats,
    Ints,
    Majorities,
    counts_of,
    culture_votes,
    label_shares,
    majorities_of,
    of_known_cultures,
)

COLUMNS = [
    "kind", "culture_a", "culture_b", "measure", "value", "low", "high", "n", "num_tied",
    "is_small", "shuffled", "shuffled_low", "shuffled_high", "note",
]  # fmt: skip

Row = dict[str, object]


class AgreementTables(NamedTuple):
    """Of one corpus and task.

    Attributes:
        votes: of `culture_votes`.
        agreement: a row a figure, see `agreement_tables`.
        contested: of `contested_texts`.
        label_shares: of `votes.label_shares`.
    """

    votes: pd.DataFrame
    agreement: pd.DataFrame
    contested: pd.DataFrame
    label_shares: pd.DataFrame


def agreement_tables(
    annotations: pd.DataFrame,
    labels: Sequence[str],
    parameters: AgreementParameters,
    *,
    where: str = "annotations",
) -> AgreementTables:
    """What annotators and cultures agree on.

    The table `agreement` has the columns `COLUMNS`. Its rows, by `kind`:

    - `all`: `alpha` of all annotators, of an unknown culture (`und`) too.
    - `within`: `alpha` of the annotators of `culture_a`.
    - `between`: `alpha` of the cultures, the majority of each being one coder and a tie a missing
      label; and `consensus`, the share of texts on which the majorities of all cultures that
      judged it agree, of those that at least two judged and none with a tie.
    - `pair`: `alpha` of the majorities of `culture_a` and `culture_b`; and `disagreement`, the
      share of texts on which they differ, of those on which both have one.

    `value` is NaN where it is undefined, for the reason in `note`. `low` and `high` are the ends of
    the interval, by a bootstrap over texts for alpha and Wilson's for shares. `n` counts the texts
    that count, `num_tied` those that ties alone left out; `is_small` is an `n` below the minimum.
    `shuffled` is the mean of a share when culture does not matter (see `shuffling`), with its
    range; NaN for alpha, and where no culture has two annotations of a text.

    A majority evens out single annotations, so `between` and `pair` are not comparable with `all`
    and `within`.

    Args:
        annotations: with the columns of `annotations.COLUMNS`.
        labels: the label set, for the ordinal level from low to high.
        parameters: level, resamples, shuffles and sizes.
        where: what to name in a message.

    Raises:
        CorpusError: the annotations are malformed; see `check_annotations`.
    """
    votes = culture_votes(annotations, labels, where=where)
    figures = _AgreementRows(votes, tuple(labels), parameters)
    rows = [*figures.annotator_rows(), *figures.between_rows(), *figures.pair_rows()]
    agreement = pd.DataFrame(rows, columns=COLUMNS)
    contested = contested_texts(votes, labels, max_texts=parameters.max_contested)
    return AgreementTables(votes, agreement, contested, label_shares(votes, labels))


@dataclass(frozen=True)
class _AgreementRows:
    """Makes the rows of one table of votes."""

    votes: pd.DataFrame
    labels: tuple[str, ...]
    parameters: AgreementParameters

    def annotator_rows(self) -> Iterator[Row]:
        """Alpha of single annotators, all and by culture."""
        counts = counts_of(self.votes, self.labels)
        text_codes, texts = pd.factorize(self.votes["group_id"])
        label_totals = [
            np.bincount(text_codes, weights=label_counts, minlength=len(texts)).astype(np.int64)
            for label_counts in counts.T
        ]
        yield self._row("all", "alpha", self._alpha(np.stack(label_totals, axis=1), "all"))
        cultures = of_known_cultures(self.votes)["culture"].unique()
        for culture in sorted(map(str, cultures)):
            culture_counts = counts[(self.votes["culture"] == culture).to_numpy()]
            alpha = self._alpha(culture_counts, "within", culture)
            yield self._row("within", "alpha", alpha, cultures=(culture, ""))

    def between_rows(self) -> Iterator[Row]:
        """Alpha and consensus of the cultures' majorities."""
        majorities = self._majorities
        label_counts = majorities.label_counts(len(self.labels))
        is_shared = majorities.is_judged.sum(axis=1) >= 2
        num_tied = int((is_shared & (label_counts.sum(axis=1) < 2)).sum())
        yield self._row("between", "alpha", self._alpha(label_counts, "between"), num_tied=num_tied)
        consensus = consensus_of(majorities)
        yield self._row(
            "between",
            "consensus",
            self._share(consensus.is_agreed.sum(), consensus.is_comparable.sum(), NOT_COMPARABLE),
            num_tied=consensus.num_tied,
            shuffled=self._shuffled.consensus if self._shuffled else None,
        )

    def pair_rows(self) -> Iterator[Row]:
        """Alpha and disagreement of each two cultures."""
        majorities, pairs = self._majorities, count_pairs(self._majorities)
        for a, b in combinations(range(len(majorities.cultures)), 2):
            cultures = (majorities.cultures[a], majorities.cultures[b])
            num_tied = int(pairs.num_judged[a, b] - pairs.num_compared[a, b])
            label_counts = majorities.of_pair(a, b).label_counts(len(self.labels))
            alpha = self._alpha(label_counts, "pair", *cultures)
            yield self._row("pair", "alpha", alpha, cultures=cultures, num_tied=num_tied)
            yield self._row(
                "pair",
                "disagreement",
                self._share(pairs.num_different[a, b], pairs.num_compared[a, b], NOT_SHARED),
                cultures=cultures,
                num_tied=num_tied,
                shuffled=self._shuffled.disagreement[:, a, b] if self._shuffled else None,
            )

    @cached_property
    def _majorities(self) -> Majorities:
        return majorities_of(self.votes, self.labels)

    @cached_property
    def _shuffled(self) -> Shuffled | None:
        return shuffle_cultures(
            self.votes,
            self.labels,
            num_shuffles=self.parameters.num_shuffles,
            seed=self.parameters.seed,
        )

    @property
    def _bootstrap(self) -> Bootstrap:
        parameters = self.parameters
        return Bootstrap(parameters.num_draws, parameters.confidence, parameters.seed)

    def _alpha(self, counts: Ints, *names: str) -> Estimate:
        return estimate_alpha(
            counts, *names, level=self.parameters.level, bootstrap=self._bootstrap
        )

    def _share(self, count: int, n: int, note: str) -> Estimate:
        return share_of(int(count), int(n), confidence=self.parameters.confidence, note=note)

    def _row(
        self,
        kind: str,
        measure: str,
        estimate: Estimate,
        *,
        cultures: tuple[str, str] = ("", ""),
        num_tied: int = 0,
        shuffled: Floats | None = None,
    ) -> Row:
        # A deal may leave nothing to compare but ties.
        draws = shuffled[~np.isnan(shuffled)] if shuffled is not None else np.zeros(0)
        low, high = self._bootstrap.interval(draws)
        return {
            "kind": kind,
            "culture_a": cultures[0],
            "culture_b": cultures[1],
            "measure": measure,
            **estimate._asdict(),
            "num_tied": num_tied,
            "is_small": estimate.n < self.parameters.min_group_size,
            "shuffled": float(draws.mean()) if len(draws) else np.nan,
            "shuffled_low": low,
            "shuffled_high": high,
        }
