"""Systems' metrics on the same rows, as observed and in every resample."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.evaluation.bootstrap import Floats, Ints, Seed, Units, units_of
from ccnlp.metrics import (
    NUM_CALIBRATION_BINS,
    accuracy,
    average_recall,
    calibration_bins,
    calibration_error,
    f1_per_label,
    label_indices,
    macro_f1,
    precision_per_label,
    recall_per_label,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Samples = dict[str, Floats]
"""By metric: the score as observed, then that of each draw; shape (1 + draws,)."""

Paired = dict[str, tuple[Samples, Samples]]
"""By system: its samples, and the baseline's in the same resamples."""

METRICS = ("macro_f1", "accuracy", "average_recall", "calibration_error")
LABEL_METRICS = ("f1", "precision", "recall")


@dataclass(frozen=True)
class Outcomes:
    """What systems predicted for the same rows; all arrays have shape (rows,).

    Attributes:
        labels: the label set.
        reference: index of each row's label.
        predictions: by system, index of the predicted label.
        confidences: by system, 0..1.
        groups: rows with the same number are drawn together.
        strata: number of the stratum of each row, from 0, such as its language: metrics are the
            mean over the strata, each scored by itself in the same resamples of all rows.
        whole: for a small group, the larger set whose rows are its prior.
    """

    labels: tuple[str, ...]
    reference: Ints
    predictions: Mapping[str, Ints]
    confidences: Mapping[str, Floats]
    groups: Ints
    strata: Ints
    whole: "Outcomes | None" = None

    @property
    def num_strata(self) -> int:
        """How many strata there are."""
        return int(self.strata.max(initial=0)) + 1

    def take(self, row_indices: npt.NDArray[np.intp]) -> "Outcomes":
        """The outcomes of some rows."""
        return Outcomes(
            labels=self.labels,
            reference=self.reference[row_indices],
            predictions={
                system: predicted[row_indices] for system, predicted in self.predictions.items()
            },
            confidences={
                system: confidence[row_indices] for system, confidence in self.confidences.items()
            },
            groups=self.groups[row_indices],
            strata=self.strata[row_indices],
        )

    def within(self, whole: "Outcomes", pair: tuple[str, str]) -> "Outcomes":
        """With the rows of `whole` as the prior, for two systems.

        Rows with a label that the group lacks are left out: the group's metrics do not count it.
        """
        occurring = np.concatenate([self.reference, *(self.predictions[system] for system in pair)])
        has_known_labels = np.isin(whole.reference, self.reference)
        for system in pair:
            has_known_labels &= np.isin(whole.predictions[system], occurring)
        return replace(self, whole=whole.take(np.flatnonzero(has_known_labels)))


def align(predictions: pd.DataFrame, *, labels: Sequence[str]) -> tuple[Outcomes, pd.DataFrame]:
    """The outcomes of the rows that every system predicted, and these rows' other columns.

    Rows without a reference have no outcome; in the table they come after the others.

    Args:
        predictions: the long table of one task.
        labels: the label set of the task.
    """
    by_system = {
        str(system): table.set_index("example_id").sort_index(kind="stable")
        for system, table in predictions.groupby("system", sort=False)
    }
    shared = next(iter(by_system.values())).index
    for table in by_system.values():
        if not table.index.equals(shared):
            shared = shared[shared.isin(table.index)]
    aligned = {
        system: table if table.index.equals(shared) else table[table.index.isin(shared)]
        for system, table in by_system.items()
    }
    rows = next(iter(aligned.values())).reset_index()
    is_labelled = rows["reference"].notna().to_numpy()
    labelled = rows[is_labelled]
    groups = labelled["group_id"].fillna(labelled["example_id"])
    outcomes = Outcomes(
        labels=tuple(labels),
        reference=label_indices(labelled["reference"], labels),
        predictions={
            system: label_indices(table["prediction"][is_labelled], labels)
            for system, table in aligned.items()
        },
        confidences={
            system: table["confidence"].to_numpy(np.float64)[is_labelled]
            for system, table in aligned.items()
        },
        groups=pd.factorize(groups)[0].astype(np.int64),
        strata=np.zeros(len(labelled), dtype=np.int64),
    )
    return outcomes, pd.concat([labelled, rows[~is_labelled]], ignore_index=True)


def sample_metrics(
    outcomes: Outcomes,
    *,
    baseline: str,
    num_draws: int,
    seed: Seed,
    whole: Outcomes | None = None,
) -> Paired:
    """Macro-F1, accuracy, average recall and calibration error of every system.

    Args:
        outcomes: of the rows to score; none have no scores, NaN.
        baseline: the system that each is compared with.
        num_draws: number of resamples.
        seed: makes them.
        whole: for a small group, the larger set whose rows are its prior.
    """
    if not len(outcomes.reference):
        return {
            system: _missing_samples(METRICS, (1 + num_draws,)) for system in outcomes.predictions
        }
    paired: Paired = {}
    for system in outcomes.predictions:
        pair = system, baseline
        rows = outcomes.within(whole, pair) if whole is not None else outcomes
        confusion = _sample_confusion(
            rows, pair, _confusion_metrics, num_draws=num_draws, seed=seed
        )
        calibration = _sample_calibration(rows, pair, num_draws=num_draws, seed=seed)
        paired[system] = (confusion[0] | calibration[0], confusion[1] | calibration[1])
    return paired


def sample_labels(
    outcomes: Outcomes, *, baseline: str, num_draws: int, seed: Seed
) -> dict[str, Paired]:
    """F1, precision and recall of each label, by label, of every system; NaN without any row."""
    num_labels = len(outcomes.labels)
    sampled = {
        system: _sample_confusion(
            outcomes, (system, baseline), _label_metrics, num_draws=num_draws, seed=seed
        )
        if len(outcomes.reference)
        else _missing_samples(LABEL_METRICS, (1 + num_draws, num_labels))
        for system in outcomes.predictions
    }
    return {
        label: {
            system: (_column(samples, position), _column(baseline_samples, position))
            for system, (samples, baseline_samples) in sampled.items()
        }
        for position, label in enumerate(outcomes.labels)
    }


def average_paired(groups: Sequence[Paired]) -> Paired:
    """The mean over groups that were resampled each on its own, draw by draw."""
    return {
        system: (
            _mean([paired[system][0] for paired in groups]),
            _mean([paired[system][1] for paired in groups]),
        )
        for system in groups[0]
    }


def _missing_samples(metrics: Sequence[str], shape: tuple[int, ...]) -> tuple[Samples, Samples]:
    samples = {metric: np.full(shape, np.nan) for metric in metrics}
    return samples, samples


def _mean(samples: Sequence[Samples]) -> Samples:
    return {
        metric: np.mean([group_samples[metric] for group_samples in samples], axis=0)
        for metric in samples[0]
    }


def _mean_over_strata(values: Floats) -> Floats:
    """The mean over axis 1, of the strata that a draw left with rows."""
    if values.shape[1] == 1:
        return values[:, 0]
    has_score = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.where(has_score, values, 0.0).sum(axis=1) / has_score.sum(axis=1)
    return mean


def _column(samples: Samples, position: int) -> Samples:
    return {metric: values[:, position] for metric, values in samples.items()}


def _confusion_metrics(counts: Floats) -> Samples:
    return {
        "macro_f1": macro_f1(counts),
        "accuracy": accuracy(counts),
        "average_recall": average_recall(counts),
    }


def _label_metrics(counts: Floats) -> Samples:
    return {
        "f1": f1_per_label(counts),
        "precision": precision_per_label(counts),
        "recall": recall_per_label(counts),
    }


def _sample_confusion(
    outcomes: Outcomes,
    pair: tuple[str, str],
    metrics: Callable[[Floats], Samples],
    *,
    num_draws: int,
    seed: Seed,
) -> tuple[Samples, Samples]:
    num_labels = len(outcomes.labels)
    width = outcomes.num_strata * num_labels**2
    units = _units(outcomes, lambda rows: _confusion_cells(rows, pair))
    # A triple is the reference and both predictions, a cell of a system the reference and its own.
    stratum, label_triple = np.divmod(units.cells, num_labels**3)
    cells_of_systems = (
        label_triple // num_labels,
        label_triple // num_labels**2 * num_labels + label_triple % num_labels,
    )
    matrices = [
        _sum_matrix(stratum * num_labels**2 + cells, np.ones(len(cells)), width)
        for cells in cells_of_systems
    ]
    blocks: tuple[list[Samples], list[Samples]] = ([], [])
    for counts in _observed_then_drawn(units, num_draws, seed, width=width):
        for matrix, collected in zip(matrices, blocks, strict=True):
            scores = metrics(
                (counts @ matrix).reshape(-1, outcomes.num_strata, num_labels, num_labels)
            )
            collected.append({name: _mean_over_strata(values) for name, values in scores.items()})
    return _concatenate(blocks[0]), _concatenate(blocks[1])


def _sample_calibration(
    outcomes: Outcomes, pair: tuple[str, str], *, num_draws: int, seed: Seed
) -> tuple[Samples, Samples]:
    """Within a cell (bin and hit of both systems) the confidence is taken at its mean.

    A bin is a tenth wide, so that the spread within it adds next to nothing to that of the hits.
    """
    num_bins, num_strata = NUM_CALIBRATION_BINS, outcomes.num_strata
    units = _units(outcomes, lambda rows: _calibration_cells(rows, pair))
    blocks = list(_observed_then_drawn(units, num_draws, seed, width=num_strata * num_bins))
    stratum, pair_cell = np.divmod(units.cells, (2 * num_bins) ** 2)
    totals = _sum_matrix(stratum, np.ones(len(stratum)), num_strata)
    samples = []
    for side, system in zip(np.divmod(pair_cell, 2 * num_bins), pair, strict=True):
        columns, width = stratum * num_bins + side % num_bins, num_strata * num_bins
        hits = _sum_matrix(columns, (side >= num_bins).astype(np.float64), width)
        confidence = _sum_matrix(columns, _mean_confidence(outcomes, pair, system, units), width)
        shape = (-1, num_strata, num_bins)
        errors = [
            calibration_error(
                (counts @ hits).reshape(shape),
                (counts @ confidence).reshape(shape),
                counts @ totals,
            )
            for counts in blocks
        ]
        samples.append({"calibration_error": _mean_over_strata(np.concatenate(errors))})
    return samples[0], samples[1]


def _units(outcomes: Outcomes, cells_of: Callable[[Outcomes], Ints]) -> Units:
    units = units_of(cells_of(outcomes), outcomes.groups)
    return units if outcomes.whole is None else units.with_prior(cells_of(outcomes.whole))


def _confusion_cells(outcomes: Outcomes, pair: tuple[str, str]) -> Ints:
    """A number for each stratum, reference and pair of predictions; shape (rows,)."""
    num_labels = len(outcomes.labels)
    first, second = (
        outcomes.reference * num_labels + outcomes.predictions[system] for system in pair
    )
    cells: Ints = outcomes.strata * num_labels**3 + first * num_labels + second % num_labels
    return cells


def _calibration_cells(outcomes: Outcomes, pair: tuple[str, str]) -> Ints:
    """A number for each stratum and each system's bin and hit; shape (rows,)."""
    num_bins = NUM_CALIBRATION_BINS
    first, second = (
        calibration_bins(outcomes.confidences[system])
        + num_bins * (outcomes.predictions[system] == outcomes.reference)
        for system in pair
    )
    cells: Ints = (outcomes.strata * 2 * num_bins + first) * 2 * num_bins + second
    return cells


def _mean_confidence(
    outcomes: Outcomes, pair: tuple[str, str], system: str, units: Units
) -> Floats:
    """Of the rows of each cell, or where there is none, of the prior's; shape (cells,)."""
    means: Floats = np.full(len(units.cells), np.nan)
    for rows in (outcomes.whole, outcomes):
        if rows is not None:
            cell_indices = np.searchsorted(units.cells, _calibration_cells(rows, pair))
            sums = np.bincount(cell_indices, rows.confidences[system], len(means))
            counts = np.bincount(cell_indices, minlength=len(means))
            means = np.where(counts > 0, sums / np.maximum(counts, 1), means)
    return means


def _observed_then_drawn(
    units: Units, num_draws: int, seed: Seed, *, width: int
) -> Iterator[Floats]:
    yield units.counts[None].astype(np.float64)
    yield from units.draw(num_draws, seed, width=width)


def _sum_matrix(columns: Ints, weights: Floats, width: int) -> "csr_array":
    """Sums weighted cells into columns; sparse (cells, width)."""
    from scipy.sparse import csr_array

    cells = np.arange(len(columns))
    return csr_array((weights, (cells, columns)), shape=(len(columns), width))


def _concatenate(blocks: Sequence[Samples]) -> Samples:
    return {metric: np.concatenate([block[metric] for block in blocks]) for metric in blocks[0]}
