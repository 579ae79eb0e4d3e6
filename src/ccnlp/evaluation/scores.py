"""The scores table: every system on every slice, with n, interval and paired difference."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from itertools import chain

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp import progress
from ccnlp.errors import ConfigurationError, did_you_mean
from ccnlp.evaluation.bootstrap import Seed, percentile_interval
from ccnlp.evaluation.distributions import score_distances
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.sampling import (
    Outcomes,
    Paired,
    align,
    average_paired,
    sample_labels,
    sample_metrics,
)
from ccnlp.evaluation.slices import ALL, LABEL, LANGUAGE_AVERAGE, members, slices_of
from ccnlp.evaluation.summed import align_sums, score_sums
from ccnlp.examples import groups_by_columns
from ccnlp.tasks.answers import has_one_label, is_judged
from ccnlp.tasks.base import Task
from ccnlp.tasks.tallied import TalliedTask

logger = logging.getLogger(__name__)

COLUMNS = [
    "task", "corpus", "split", "system", "slice", "group", "metric", "is_headline", "score", "low",
    "high", "n", "baseline", "difference", "difference_low", "difference_high", "is_small",
    "num_unlabelled",
]  # fmt: skip


def score_predictions(
    predictions: pd.DataFrame,
    tasks: Mapping[str, Task],
    parameters: EvaluationParameters,
    *,
    baseline: str | None = None,
) -> pd.DataFrame:
    """Scores with percentile intervals: a row a system, slice, group and metric.

    The slice `all` has the group `all`, the pooled rows, and `language_average`, the mean over the
    languages: each resampled on its own or, where rows of one group are of several languages, such
    as translations of one text, all together. The slice `label` has `f1`, `precision` and `recall`
    of each label, with the label's references as `n`; the others have `macro_f1` (over the labels
    that occur in the group), `accuracy`, `average_recall` and `calibration_error`. A `TalliedTask`
    has its own metrics, beside these where its answer is one label a row, else alone; its languages
    are averaged without a prior, and what it says of a label, such as a type of entity, has all
    rows as its `n`. `is_headline` marks the metric that tables and pictures show of the task.
    `corpus` is a corpus or, where a task has several, also `all`. Differences are to the baseline
    in the same resamples, and missing where it did not answer the task: up is better but for the
    calibration error and the two distances. Groups below the minimum size are drawn with the rows
    of their corpus and split as the prior, see `bootstrap`; where these are below it, too, there is
    no interval. Rows without a reference have no label to be right about: they count in
    `num_unlabelled` instead of `n`, and a group of such rows alone has no score. Where annotators
    gave distributions, `jensen_shannon_distance` and `cross_entropy` say how far a system is from
    them, and `distribution_similarity` how near; see `distributions`.

    Args:
        predictions: every system's answers; only rows that all systems answered are scored.
        tasks: by name; those that can't be judged (`is_judged`) are not scored.
        parameters: slices, resamples and group sizes.
        baseline: what differences are taken to, where it is not the parameters' baseline.

    Raises:
        ConfigurationError: the baseline predicted nothing, or a slice has too many groups.
    """
    rows: list[dict[str, object]] = []
    chosen_baseline = baseline or parameters.baseline
    for evaluation_set, table in evaluation_sets(predictions, tasks):
        task = tasks[evaluation_set.task]
        task_baseline = _baseline_of(task, chosen_baseline, table)
        seed_name = " ".join((evaluation_set.task, evaluation_set.corpus, evaluation_set.split))
        score_rows = [_score_sums(task, table, task_baseline, parameters, seed_name)]
        if task_baseline is not None and has_one_label(task):
            score_rows.insert(
                0, _score_labels(task, evaluation_set, table, task_baseline, parameters)
            )
            score_rows.append(
                score_distances(
                    table, baseline=task_baseline, parameters=parameters, name=seed_name
                )
            )
        for row in chain.from_iterable(score_rows):
            is_headline = row["slice"] != LABEL and row["metric"] == task.headline_metric
            rows.append({**asdict(evaluation_set), **row, "is_headline": is_headline})
    return pd.DataFrame(rows, columns=COLUMNS)


def _score_labels(
    task: Task,
    evaluation_set: "EvaluationSet",
    table: pd.DataFrame,
    baseline: str,
    parameters: EvaluationParameters,
) -> Iterator[dict[str, object]]:
    scorer = _Scorer(
        *align(table, labels=task.labels),
        names=(evaluation_set.task, evaluation_set.corpus, evaluation_set.split),
        baseline=baseline,
        parameters=parameters,
    )
    return iter(
        progress.track(scorer.score(), f"{evaluation_set.corpus} {evaluation_set.split}: scores")
    )


def _score_sums(
    task: Task,
    table: pd.DataFrame,
    baseline: str | None,
    parameters: EvaluationParameters,
    seed_name: str,
) -> Iterator[dict[str, object]]:
    if isinstance(task, TalliedTask):
        sums = align_sums(table, task.tallies, reference_column="reference")
        yield from score_sums(
            sums,
            task.metrics,
            absent=task.absent,
            supports=task.supports,
            baseline=baseline,
            parameters=parameters,
            name=seed_name,
        )


@dataclass(frozen=True)
class EvaluationSet:
    """Whose rows are scored together; `corpus` is `all` for those of several."""

    task: str
    corpus: str
    split: str


def evaluation_sets(
    predictions: pd.DataFrame, tasks: Mapping[str, Task]
) -> Iterator[tuple[EvaluationSet, pd.DataFrame]]:
    """The rows of each task, corpus and split, and of all corpora where a task has several.

    Tasks that can't be judged are left out.
    """
    for (task, split), split_rows in predictions.groupby(["task", "split"], sort=True):
        corpora = sorted(split_rows["corpus"].unique()) if is_judged(tasks[str(task)]) else []
        for corpus in [*corpora, ALL] if len(corpora) > 1 else corpora:
            table = split_rows if corpus == ALL else split_rows[split_rows["corpus"] == corpus]
            yield EvaluationSet(str(task), str(corpus), str(split)), table


def compare_systems(
    predictions: pd.DataFrame,
    tasks: Mapping[str, Task],
    parameters: EvaluationParameters,
    *,
    system: str,
    baseline: str,
) -> pd.DataFrame:
    """The scores of one system with their differences to another, on the rows of both.

    Empty where they share none, such as without a champion.
    """
    pair = predictions[predictions["system"].isin([system, baseline])]
    num_systems = pair.groupby(["task", "example_id"])["system"].transform("nunique")
    shared = pair[num_systems == 2]
    scores = score_predictions(shared, tasks, parameters, baseline=baseline)
    return scores[scores["system"] == system].reset_index(drop=True)


def lookup(
    scores: pd.DataFrame,
    *,
    split: str = "test",
    slice_name: str = ALL,
    metric: str | None = None,
    corpus: str | None = None,
    task: str | None = None,
) -> pd.DataFrame:
    """The rows of one slice and metric, each task's headline metric where none is given.

    Where `corpus` is not given, each task's of all corpora together, or of its only corpus.
    """
    is_metric = scores["is_headline"] if metric is None else scores["metric"] == metric
    rows = scores[
        (scores["split"] == split) & (scores["slice"] == slice_name) & is_metric.astype(bool)
    ]
    if task is not None:
        rows = rows[rows["task"] == task]
    if corpus is not None:
        return rows[rows["corpus"] == corpus]
    has_all = (rows["corpus"] == ALL).groupby(rows["task"]).transform("any")
    return rows[(rows["corpus"] == ALL) | ~has_all]


def _baseline_of(task: Task, baseline: str, predictions: pd.DataFrame) -> str | None:
    """The baseline; `None` where it knows no way to answer tasks of this kind."""
    systems = list(predictions["system"].unique())
    if baseline in systems:
        return baseline
    if not has_one_label(task):
        logger.info("%s: %s did not answer; nothing is compared with it", task.name, baseline)
        return None
    raise ConfigurationError(
        f"evaluation.baseline is {baseline!r}, which predicted nothing; "
        f"{did_you_mean(baseline, systems)} (parameters/evaluation.yml)"
    )


@dataclass(frozen=True)
class _Scorer:
    """Scores the slices of one task, corpus and split."""

    outcomes: Outcomes
    rows: pd.DataFrame
    """Of the outcomes, in their order, then those without a reference."""
    names: tuple[str, str, str]
    baseline: str
    parameters: EvaluationParameters
    sampled: dict[str, Paired] = field(default_factory=dict)
    """By what identifies the rows: a group of several slices is sampled once."""

    @property
    def size(self) -> int:
        return len(self.outcomes.reference)

    def score(self) -> Iterator[dict[str, object]]:
        num_unlabelled = len(self.rows) - self.size
        if num_unlabelled:
            logger.info(
                "%s: %s of %s rows have no reference; they have no part in the scores",
                " ".join(self.names),
                f"{num_unlabelled:,}",
                f"{len(self.rows):,}",
            )
        slices = slices_of(self.rows, self.parameters)
        all_rows = np.arange(len(self.rows))
        yield from self._rows(ALL, ALL, self._sample(all_rows), all_rows)
        yield from self._rows(ALL, LANGUAGE_AVERAGE, self._sample_languages(), all_rows)
        for slice_name, groups in slices.items():
            for group, row_indices in members(groups):
                yield from self._rows(slice_name, group, self._sample(row_indices), row_indices)
        yield from self._score_labels()

    def _score_labels(self) -> Iterator[dict[str, object]]:
        samples_by_label = sample_labels(
            self.outcomes,
            baseline=self.baseline,
            num_draws=self.parameters.num_draws,
            seed=Seed(self.parameters.seed, (*self.names, "label")),
        )
        for index, label in enumerate(self.outcomes.labels):
            row_indices = np.flatnonzero(self.outcomes.reference == index)
            yield from self._rows("label", label, samples_by_label[label], row_indices)

    def _sample_languages(self) -> Paired:
        languages = groups_by_columns(self.rows[: self.size], ["language"])
        strata = pd.factorize(languages, sort=True)[0].astype(np.int64)
        if (pd.Series(strata).groupby(self.outcomes.groups).nunique() > 1).any():
            return sample_metrics(
                replace(self.outcomes, strata=strata),
                baseline=self.baseline,
                num_draws=self.parameters.num_draws,
                seed=Seed(self.parameters.seed, (*self.names, LANGUAGE_AVERAGE)),
            )
        language_samples = [self._sample(row_indices) for _, row_indices in members(languages)]
        return average_paired(language_samples or [self._sample(np.arange(0))])

    def _sample(self, row_indices: npt.NDArray[np.intp]) -> Paired:
        labelled = row_indices[row_indices < self.size]
        identity = sha256(labelled.tobytes()).hexdigest()
        if identity not in self.sampled:
            is_small = self._is_small(len(labelled)) and not self._is_small(self.size)
            self.sampled[identity] = sample_metrics(
                self.outcomes.take(labelled),
                whole=self.outcomes if is_small else None,
                baseline=self.baseline,
                num_draws=self.parameters.num_draws,
                seed=Seed(self.parameters.seed, (*self.names, identity)),
            )
        return self.sampled[identity]

    def _is_small(self, size: int) -> bool:
        return size < self.parameters.min_group_size

    def _rows(
        self, slice_name: str, group: str, paired: Paired, row_indices: npt.NDArray[np.intp]
    ) -> Iterator[dict[str, object]]:
        num_labelled = int((row_indices < self.size).sum())
        for system, (samples, baseline_samples) in paired.items():
            values = np.stack(list(samples.values()), axis=1)
            differences = values - np.stack(
                [baseline_samples[metric] for metric in samples], axis=1
            )
            low, high = percentile_interval(values[1:], self.parameters.confidence)
            difference_low, difference_high = percentile_interval(
                differences[1:], self.parameters.confidence
            )
            if self._is_small(self.size):
                low = high = difference_low = difference_high = np.full(len(samples), np.nan)
            for column, metric in enumerate(samples):
                yield {
                    "system": system,
                    "slice": slice_name,
                    "group": group,
                    "metric": metric,
                    "score": values[0, column],
                    "low": low[column],
                    "high": high[column],
                    "n": num_labelled,
                    "baseline": self.baseline,
                    "difference": differences[0, column],
                    "difference_low": difference_low[column],
                    "difference_high": difference_high[column],
                    "is_small": self._is_small(num_labelled),
                    "num_unlabelled": len(row_indices) - num_labelled,
                }
