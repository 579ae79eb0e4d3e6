"""Scores, intervals and gaps: `ours`, `clustered` or `plain`, fairlearn on resampled tables.

One million predictions are those of two systems on half a million examples, in 200 groups of four
slices. `clustered` has five examples to a group id, which are drawn together. The plain way draws
rows of the table with replacement and asks fairlearn for each slice anew; it is measured on a few
draws, and what a thousand take is extrapolated.
"""

import sys
import time
from typing import Any

import numpy as np
import pandas as pd
from tests.benchmarks import corpus
from tests.benchmarks.measuring import Stopwatch, report

from ccnlp.evaluation.fairness import measure_fairness
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.predictions import COLUMNS, combine
from ccnlp.evaluation.scores import score_predictions
from ccnlp.tasks.base import Task

SLICES = {"language": 20, "culture": 80, "domain": 95}
"""Groups of each; with the five lengths these are 200."""
SHARES = {"tfidf": 0.5, "finetuned": 0.7}
"""How often each system knows the label; else it guesses."""
NUM_PLAIN_DRAWS = 2
GROUP_SIZE = 5


def make_predictions(
    num_examples: int, labels: tuple[str, ...], *, group_size: int
) -> pd.DataFrame:
    """The long table as the pipeline reads it, without probabilities."""
    draw = np.random.default_rng(0)
    reference = draw.choice(labels, num_examples)
    rows = np.arange(num_examples)
    groups = draw.permutation(rows // group_size)
    shared: dict[str, Any] = {
        "example_id": [f"{row:016x}" for row in rows],
        "group_id": [f"{group:016x}" for group in groups],
        "num_characters": draw.integers(1, 400, num_examples),
        **{
            name: [f"{name[:2]}{group}" for group in draw.integers(0, size, num_examples)]
            for name, size in SLICES.items()
        },
    }
    tables = []
    for system, share in SHARES.items():
        is_known = draw.random(num_examples) < share
        system_columns = {
            "system": system,
            "reference": reference,
            "prediction": np.where(is_known, reference, draw.choice(labels, num_examples)),
            "confidence": draw.uniform(0.34, 1, num_examples),
        }
        tables.append(pd.DataFrame({**shared, **system_columns}))
    constants = {"task": "sentiment", "corpus": "seed", "split": "test", "origin": "native"}
    constants |= {"region": "und", "is_seen": False, "weights": "0a"}
    table = combine([table.assign(**constants, probabilities=None) for table in tables])
    return table[COLUMNS].drop(columns="probabilities")


def load_parameters() -> EvaluationParameters:
    """The project's defaults, with the slices of the benchmark."""
    slices = {name: [name] for name in SLICES}
    values = {**corpus.load_parameters("evaluation"), "slices": slices}
    return EvaluationParameters.model_validate(values)


def run_ours(
    predictions: pd.DataFrame, tasks: dict[str, Task], parameters: EvaluationParameters
) -> dict[str, Any]:
    """Both tables of groups, and the table of scores, in one go."""
    scoring, comparing = Stopwatch(), Stopwatch()
    with scoring.running():
        scores = score_predictions(predictions, tasks, parameters)
    with comparing.running():
        measure_fairness(predictions, scores, tasks, parameters)
    seconds = scoring.seconds + comparing.seconds
    group_scores = scores[~scores["slice"].isin(["all", "label"])]
    return {
        "groups": len(group_scores[["slice", "group"]].drop_duplicates()),
        "draws": parameters.num_draws,
        "seconds_of_scores": scoring.seconds,
        "seconds_of_gaps": comparing.seconds,
        "seconds": seconds,
        "draws_per_second": parameters.num_draws / seconds,
    }


def run_plain(
    predictions: pd.DataFrame, tasks: dict[str, Task], parameters: EvaluationParameters
) -> dict[str, Any]:
    """Macro-F1, accuracy and average recall of every slice and system; no calibration, no gaps."""
    from fairlearn.metrics import MetricFrame
    from sklearn.metrics import accuracy_score, f1_score, recall_score

    labels = tasks["sentiment"].labels
    codes = {name: predictions[name].to_numpy() for name in ("reference", "prediction")}
    codes = {name: pd.Index(labels).get_indexer(values) for name, values in codes.items()}
    lengths = np.searchsorted(parameters.length_bins, predictions["num_characters"].to_numpy())
    groups = {name: predictions[name].cat.codes.to_numpy() for name in SLICES}
    groups["length"] = lengths
    metrics = {
        "macro_f1": lambda true, predicted: f1_score(true, predicted, average="macro"),
        "accuracy": accuracy_score,
        "average_recall": lambda true, predicted: recall_score(true, predicted, average="macro"),
    }
    draw, watch = np.random.default_rng(0), Stopwatch()
    rows_by_system = [np.flatnonzero(predictions["system"] == system) for system in SHARES]
    with watch.running():
        for _ in range(NUM_PLAIN_DRAWS):
            chosen = draw.integers(0, len(rows_by_system[0]), len(rows_by_system[0]))
            for rows in (system_rows[chosen] for system_rows in rows_by_system):
                for values in groups.values():
                    _ = MetricFrame(
                        metrics=metrics,
                        y_true=codes["reference"][rows],
                        y_pred=codes["prediction"][rows],
                        sensitive_features=values[rows],
                    ).by_group
    return {
        "draws": NUM_PLAIN_DRAWS,
        "seconds": watch.seconds,
        "draws_per_second": NUM_PLAIN_DRAWS / watch.seconds,
        "seconds_extrapolated_to_all_draws": watch.seconds / NUM_PLAIN_DRAWS * parameters.num_draws,
    }


def run(way: str, num_predictions: int) -> dict[str, Any]:
    """The figures of one way, with the memory of the table by itself."""
    tasks, parameters = corpus.load_tasks(), load_parameters()
    predictions = make_predictions(
        num_predictions // len(SHARES),
        tasks["sentiment"].labels,
        group_size=GROUP_SIZE if way == "clustered" else 1,
    )
    measure = run_plain if way == "plain" else run_ours
    table_gib = float(predictions.memory_usage(deep=True).sum()) / 1024**3
    cpu = time.process_time()
    figures = measure(predictions, tasks, parameters)
    return {
        "predictions": len(predictions),
        "table_gib": table_gib,
        **figures,
        "cpu_seconds": time.process_time() - cpu,
    }


if __name__ == "__main__":
    report(lambda: run(sys.argv[1], int(sys.argv[2])))
