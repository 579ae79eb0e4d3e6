"""Corpora and scores in the form that MLflow keeps them."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ccnlp.evaluation.slices import ALL
from ccnlp.metrics import DISTRIBUTION_SIMILARITY

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.entities import DatasetInput

SLICES = ("language", "culture", "language_culture")
ABSTENTION_METRICS = {
    "threshold": "abstention_threshold",
    "coverage": "coverage",
    "error_rate": "selective_risk",
    "area": "risk_coverage_area",
}
"""By column of the table, the name that the metric ends with."""


def dataset_inputs(fingerprints: Mapping[str, Mapping[str, Any]]) -> "list[DatasetInput]":
    """One input a corpus: its name, fingerprint, sources, licence and number of rows."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    inputs = []
    for corpus, facts in fingerprints.items():
        dataset = Dataset(
            name=corpus,
            digest=str(facts["fingerprint"])[:36],
            source_type="corpus",
            source=json.dumps(facts.get("sources", []), default=str),
            profile=json.dumps({"num_rows": facts.get("num_rows")}),
        )
        tags = [InputTag("licence", str(facts.get("licence", "")))]
        inputs.append(DatasetInput(dataset=dataset, tags=tags))
    return inputs


def score_metrics(scores: "pd.DataFrame") -> dict[str, float]:
    """Scores by name, such as `finetuned/test/macro_f1` and `…/macro_f1/culture/MX`.

    Every system and metric overall; by language and culture the headline metric of the models
    and, where there are distributions, their similarity. The name begins with the task where
    there are several, and with the corpus where it is not all of them.
    """
    has_many_tasks = scores["task"].nunique() > 1
    has_many_corpora = scores["corpus"].nunique() > 1
    metrics = {}
    for row in scores.to_dict("records"):
        is_overall = row["slice"] == ALL
        is_main_metric = row["is_headline"] or row["metric"] == DISTRIBUTION_SIMILARITY
        is_detail = row["slice"] in SLICES and is_main_metric
        if not is_overall and not (is_detail and row["system"] in ("finetuned", "champion")):
            continue
        name_parts = [row["task"]] if has_many_tasks else []
        name_parts += [row["corpus"]] if has_many_corpora and row["corpus"] != ALL else []
        name_parts += [row["system"], row["split"], row["metric"]]
        if not is_overall:
            name_parts += [row["slice"], row["group"]]
        elif row["group"] != ALL:
            name_parts.append(row["group"])
        metrics["/".join(map(str, name_parts))] = float(row["score"])
    return metrics


def fairness_metrics(table: "pd.DataFrame") -> dict[str, float]:
    """How far groups lie apart by name, such as `finetuned/test/gap/culture`.

    Of the models, on the slices of languages and cultures; named as in `score_metrics`.
    """
    from ccnlp.evaluation.gaps import ESTIMATES

    has_many_tasks = table["task"].nunique() > 1
    has_many_corpora = table["corpus"].nunique() > 1
    metrics = {}
    for row in table.to_dict("records"):
        if row["slice"] not in SLICES or row["system"] not in ("finetuned", "champion"):
            continue
        name_parts = [row["task"]] if has_many_tasks else []
        name_parts += [row["corpus"]] if has_many_corpora and row["corpus"] != ALL else []
        for name in ESTIMATES:
            key = "/".join([*name_parts, row["system"], row["split"], name, row["slice"]])
            metrics[key] = float(row[name])
    return metrics


def abstention_metrics(table: "pd.DataFrame") -> dict[str, float]:
    """How much systems answer by name, such as `finetuned/test/coverage`, and the threshold.

    Every system overall; NaN without a threshold. The name begins with the task where there are
    several.
    """
    has_many_tasks = table["task"].nunique() > 1
    overall = table[table["slice"] == ALL]
    metrics = {}
    for row in overall.to_dict("records"):
        name_parts = [row["task"]] if has_many_tasks else []
        for name, metric in ABSTENTION_METRICS.items():
            metrics["/".join([*name_parts, row["system"], row["split"], metric])] = float(row[name])
    return metrics
