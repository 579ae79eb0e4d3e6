"""How often each label was right, true and predicted in every group of a slice, and in resamples.

All groups of a slice are drawn at once: rows of one group id may stand in several groups, such as
translations of one text in several languages, and what is said of two groups must not take them
for independent. Each kind of bag of rows (see `bootstrap.Units`) has a weight of its own, from a
gamma distribution whose shape is how often it occurs: the Bayesian bootstrap (Rubin 1981). Its
weights of disjoint groups are independent, so that nothing has to be drawn group by group, and no
draw leaves a group empty. Each group also has the prior of `bootstrap.PRIOR_ROWS` rows of the
whole, so that rates of 0 and 1 do not pass for certain.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ccnlp.evaluation.bootstrap import (
    NUMBERS_AT_ONCE,
    PRIOR_ROWS,
    Floats,
    Ints,
    Seed,
    units_of,
)
from ccnlp.evaluation.sampling import Outcomes
from ccnlp.metrics import macro_f1_of_tallies

if TYPE_CHECKING:
    from scipy.sparse import csr_array

KINDS = 3
"""Hits, references, predictions."""


@dataclass(frozen=True)
class Tallies:
    """Rows by label, each of shape (..., groups, labels).

    Attributes:
        hits: of the label, and taken for it.
        references: of the label.
        predictions: taken for the label.
    """

    hits: Floats
    references: Floats
    predictions: Floats

    @property
    def sizes(self) -> Floats:
        """Rows of each group, shape (..., groups)."""
        sizes: Floats = self.references.sum(axis=-1)
        return sizes

    @property
    def macro_f1(self) -> Floats:
        """Of each group, over the labels that occur in it; shape (..., groups)."""
        return macro_f1_of_tallies(self.hits, self.references, self.predictions)

    @property
    def true_positive_rate(self) -> Floats:
        """Share of each label's rows that are taken for it; NaN where there is none."""
        return _divide(self.hits, self.references)

    @property
    def false_positive_rate(self) -> Floats:
        """Share of the other labels' rows that are taken for the label; NaN where there is none."""
        other_references = self.sizes[..., None] - self.references
        return _divide(self.predictions - self.hits, other_references)

    @property
    def selection_rate(self) -> Floats:
        """Share of the rows that are taken for the label."""
        return _divide(self.predictions, self.sizes[..., None])


@dataclass(frozen=True)
class SliceDraws:
    """One system on the groups of one slice.

    Attributes:
        sizes: rows of each group, shape (groups,).
        scores: of each group in the metric that is compared, shape (groups,).
        scores_drawn: the same in each draw, shape (draws, groups).
        rest: of the rows outside of each group; shape (groups,), NaN where there is none.
        rest_drawn: the same in each draw, shape (draws, groups).
        labels: by label, as observed and drawn; `None` where the answer is not one label a row.
    """

    sizes: Floats
    scores: Floats
    scores_drawn: Floats
    rest: Floats
    rest_drawn: Floats
    labels: tuple[Tallies, Tallies] | None = None


def draw_slice(
    outcomes: Outcomes, system: str, group_of_row: Ints, *, num_draws: int, seed: Seed
) -> SliceDraws:
    """The tallies of each group and of its rest, as observed and in the same draws.

    Args:
        outcomes: at least one row.
        system: whose predictions are tallied.
        group_of_row: the group of each row, from 0 and without gaps; shape (rows,).
        num_draws: number of resamples.
        seed: makes them.
    """
    num_groups, num_labels = int(group_of_row.max()) + 1, len(outcomes.labels)
    cells = (group_of_row * num_labels + outcomes.reference) * num_labels
    units = units_of(cells + outcomes.predictions[system], outcomes.groups)
    columns = _columns_of(units.cells, num_groups, num_labels)
    matrix = (units.contents @ columns).T.tocsr()  # (kinds * groups * labels, units)
    observed = _tallies((matrix @ units.sizes)[None], num_groups, num_labels)
    prior_cells, prior_rows = _prior(units.cells, units.counts, num_groups, num_labels)
    prior_matrix = _columns_of(prior_cells, num_groups, num_labels).T.tocsr()
    rest_of_observed = _rest(observed, observed)
    generator = np.random.default_rng(seed.entropy)
    block_size = max(1, NUMBERS_AT_ONCE // max(len(units.sizes), matrix.shape[0]))
    blocks, rest_drawn = [], [np.empty((0, num_groups))]
    for start in range(0, num_draws, block_size):
        size = min(block_size, num_draws - start)
        tally_sums = (matrix @ _gamma(units.sizes, size, generator)).T
        prior_sums = (
            prior_matrix @ generator.standard_gamma(prior_rows[:, None], (len(prior_rows), size))
        ).T
        blocks.append(_tallies(tally_sums + prior_sums, num_groups, num_labels, dtype=np.float32))
        rest = _rest(_tallies(tally_sums, num_groups, num_labels), observed)
        rest_drawn.append(rest.macro_f1)
    observed_tallies, drawn_tallies = _first(observed), _concatenate(blocks)
    return SliceDraws(
        sizes=observed_tallies.sizes,
        scores=observed_tallies.macro_f1,
        scores_drawn=drawn_tallies.macro_f1,
        rest=rest_of_observed.macro_f1[0],
        rest_drawn=np.concatenate(rest_drawn),
        labels=(observed_tallies, drawn_tallies),
    )


def _columns_of(cells: Ints, num_groups: int, num_labels: int) -> "csr_array":
    """Sums cells into the tallies; sparse (cells, kinds * groups * labels)."""
    from scipy.sparse import csr_array

    group_cells, prediction = np.divmod(cells, num_labels)
    group, reference = np.divmod(group_cells, num_labels)
    rows = np.arange(len(cells))
    is_hit = reference == prediction
    width = num_groups * num_labels
    columns = np.concatenate(
        [
            (group * num_labels + reference)[is_hit],
            width + group * num_labels + reference,
            2 * width + group * num_labels + prediction,
        ]
    )
    entries = np.concatenate([rows[is_hit], rows, rows])
    return csr_array((np.ones(len(columns)), (entries, columns)), shape=(len(cells), KINDS * width))


def _prior(cells: Ints, counts: Ints, num_groups: int, num_labels: int) -> tuple[Ints, Floats]:
    """The cells of each group that are known beforehand, and how many rows of each.

    Shares are those of the whole, without the labels that the group lacks: its metrics do not
    count them.
    """
    shape = (num_groups, num_labels, num_labels)
    table = np.zeros(num_groups * num_labels**2)
    table[cells] = counts
    table = table.reshape(shape)
    has_reference = table.sum(axis=2) > 0
    occurs = has_reference | (table.sum(axis=1) > 0)
    whole = table.sum(axis=0) * has_reference[:, :, None] * occurs[:, None, :]
    shares = whole / whole.sum(axis=(1, 2), keepdims=True)
    prior_cells = np.flatnonzero(shares)
    return prior_cells.astype(np.int64), PRIOR_ROWS * shares.ravel()[prior_cells]


def _gamma(shapes: Ints | Floats, num_draws: int, generator: np.random.Generator) -> Floats:
    """Weights with these shapes, (units, draws); most units occur once, which is faster to draw."""
    if (shapes == 1).all():
        return generator.standard_exponential((len(shapes), num_draws))
    return generator.standard_gamma(shapes[:, None], (len(shapes), num_draws))


def _rest(tallies: Tallies, observed: Tallies) -> Tallies:
    """What the other groups hold; exactly nothing where they were observed to hold nothing."""

    def without(values: Floats, counts: Floats) -> Floats:
        has_rest = counts.sum(axis=-2, keepdims=True) > counts
        rest: Floats = np.where(has_rest, values.sum(axis=-2, keepdims=True) - values, 0.0)
        return rest

    return Tallies(
        without(tallies.hits, observed.hits),
        without(tallies.references, observed.references),
        without(tallies.predictions, observed.predictions),
    )


def _tallies(
    numbers: Floats, num_groups: int, num_labels: int, *, dtype: npt.DTypeLike = np.float64
) -> Tallies:
    """Of columns (samples, kinds * groups * labels)."""
    kinds = numbers.astype(dtype).reshape(-1, KINDS, num_groups, num_labels)
    return Tallies(kinds[:, 0], kinds[:, 1], kinds[:, 2])


def _first(tallies: Tallies) -> Tallies:
    return Tallies(tallies.hits[0], tallies.references[0], tallies.predictions[0])


def _concatenate(blocks: list[Tallies]) -> Tallies:
    return Tallies(
        np.concatenate([block.hits for block in blocks]),
        np.concatenate([block.references for block in blocks]),
        np.concatenate([block.predictions for block in blocks]),
    )


def _divide(numerator: Floats, denominator: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        quotient: Floats = np.where(denominator > 0, numerator / denominator, np.nan)
    return quotient
