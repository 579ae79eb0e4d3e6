"""What a model that is told of culture answers to one text in each of them."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ccnlp.agreement.contested import jensen_shannon_distance
from ccnlp.errors import CcnlpError
from ccnlp.evaluation.bootstrap import Floats, Seed, percentile_interval
from ccnlp.evaluation.fitness import TRAIN_AGAIN
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.examples import CONTEXT, LABEL_COUNTS
from ccnlp.models.by_culture import disagreement, predict_distributions, told_cultures
from ccnlp.models.trained import TrainedModel
from ccnlp.tasks.answers import has_one_label
from ccnlp.tasks.base import Task

logger = logging.getLogger(__name__)

COLUMNS = [
    "task", "corpus", "group_id", "language", "text", "disagreement", "contested",
    "judges_disagreement", "annotators_disagreement",
]  # fmt: skip
PREDICTION, PROBABILITIES = "prediction_", "probabilities_"
"""What columns of one culture begin with."""
MAX_SHOWN = 8
"""The most contested texts that a report shows."""


def predict_by_culture(
    examples: pd.DataFrame,
    model: TrainedModel,
    *,
    tasks: Mapping[str, Task],
    parameters: EvaluationParameters,
) -> pd.DataFrame:
    """A row a test text, with its answer in each culture that the model was trained on.

    A text that stands in two contexts is two, as its annotations are counted.
    Columns: `COLUMNS`, and for each culture `prediction_<culture>` and `probabilities_<culture>`.
    `disagreement` is the generalised Jensen-Shannon distance of the cultures' distributions, 0..1,
    and a text is `contested` from `min_disagreement` on. Where people of two known cultures or more
    judged a text, `annotators_disagreement` is that distance of their shares of labels, and
    `judges_disagreement` that of the model's answers for the same cultures; else both are missing.

    No rows where the model is told of language or domain alone, or of one culture.

    Args:
        examples: those of the test split are asked.
        model: told of culture.
        tasks: by name; those with one label a row are asked.
        parameters: how many predictions are made at most of each task, and `min_disagreement`.

    Raises:
        CcnlpError: the model is told nothing.
    """
    if model.conditioning is None:
        raise CcnlpError(
            "culture.conditioning is switched on, but the fine-tuned model is told nothing; "
            f"{TRAIN_AGAIN}"
        )
    cultures = told_cultures(model)
    if len(cultures) < 2:
        logger.info("the model is told of %s cultures: there are none to set apart", len(cultures))
        return pd.DataFrame(columns=COLUMNS)
    tables = []
    for name, task in tasks.items():
        own = examples[(examples["task"] == name) & (examples["split"] == "test")]
        if not len(own) or not has_one_label(task) or name not in model.tasks:
            continue
        texts = _sample_texts(own, task, num_cultures=len(cultures), parameters=parameters)
        shares = predict_distributions(
            model,
            texts,
            task=name,
            cultures=cultures,
            tokens_per_batch=parameters.tokens_per_batch,
        )
        table = _table(texts, shares, task=task, labels=model.tasks[name].labels, cultures=cultures)
        table["contested"] = table["disagreement"] >= parameters.by_culture.min_disagreement
        table = table.assign(**_beside_annotators(own, texts, shares, task, cultures))
        tables.append(table[[*COLUMNS, *table.columns.difference(COLUMNS, sort=False)]])
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=COLUMNS)


def summarise_disagreement(
    table: pd.DataFrame, parameters: EvaluationParameters
) -> dict[str, dict[str, Any]]:
    """By task, how far the cultures' answers lie apart, and whether those of people do there, too.

    Keys: `num_texts`, `num_contested`, `median`, `min_disagreement`; `correlation`, Spearman's rank
    correlation of `judges_disagreement` and `annotators_disagreement`, with `low` and `high` of its
    bootstrap interval, in which texts of a `group_id` are drawn together, and `num_judged`, the
    texts that it is of; `texts`, the most contested ones with the answer of each culture. What is
    undefined is null.

    Args:
        table: of `predict_by_culture`.
        parameters: resamples, group sizes, and what is contested.
    """
    found = {}
    for task, own in table.groupby("task", sort=False):
        judged = own.dropna(subset=["judges_disagreement", "annotators_disagreement"])
        found[str(task)] = {
            "num_texts": len(own),
            "num_contested": int(own["contested"].sum()),
            "median": float(own["disagreement"].median()),
            "min_disagreement": parameters.by_culture.min_disagreement,
            "num_judged": len(judged),
            **_correlate(judged, str(task), parameters),
            "texts": _most_contested(own),
        }
    return found


def _sample_texts(
    rows: pd.DataFrame, task: Task, *, num_cultures: int, parameters: EvaluationParameters
) -> pd.DataFrame:
    """Each text once, though several cultures may have judged it; as many as are affordable."""
    texts = rows[~_keys(rows, task).duplicated()]
    most = max(1, parameters.by_culture.max_predictions // num_cultures)
    if len(texts) <= most:
        return texts.reset_index(drop=True)
    logger.info("%s: %s of %s test texts are asked", task.name, f"{most:,}", f"{len(texts):,}")
    return texts.sample(most, random_state=parameters.seed).sort_index().reset_index(drop=True)


def _keys(rows: pd.DataFrame, task: Task) -> pd.Series:
    """What is the same for the rows of one text: a group may also hold its translations.

    As where annotations are gathered, a text of another language is another one, and so is one in
    another context, whether or not the model reads the context.
    """
    told = [CONTEXT] if CONTEXT in rows else []
    columns = ["corpus", "group_id", "language", *task.input_columns, *told]
    return rows[columns].astype("string").fillna("").agg("\x1f".join, axis=1)


def _table(
    texts: pd.DataFrame,
    shares: Floats,
    *,
    task: Task,
    labels: Sequence[str],
    cultures: Sequence[str],
) -> pd.DataFrame:
    best = np.asarray(labels, dtype=object)[shares.argmax(axis=2)]
    columns: dict[str, object] = {
        "task": task.name,
        "corpus": texts["corpus"].astype(str),
        "group_id": texts["group_id"].astype(str),
        "language": texts["language"].astype(str),
        "text": texts[list(task.text_columns)].astype(str).agg(" / ".join, axis=1),
        "disagreement": disagreement(shares),
    }
    for place, culture in enumerate(cultures):
        columns[PREDICTION + culture] = best[:, place]
        columns[PROBABILITIES + culture] = list(shares[:, place].astype(np.float32))
    return pd.DataFrame(columns)


def _beside_annotators(
    rows: pd.DataFrame, texts: pd.DataFrame, shares: Floats, task: Task, cultures: Sequence[str]
) -> dict[str, Floats]:
    """The last two of `COLUMNS`, of the texts that two cultures or more judged."""
    apart = np.full((2, len(texts)), np.nan)
    if LABEL_COUNTS in task.annotation_columns and LABEL_COUNTS in rows:
        place = pd.Index(_keys(texts, task)).get_indexer(pd.Index(_keys(rows, task)))
        culture = pd.Index(cultures).get_indexer(pd.Index(rows["culture"].astype(str)))
        is_both = (place >= 0) & (culture >= 0)
        if not is_both.any():
            return dict(zip(COLUMNS[-2:], apart, strict=True))
        place, culture = place[is_both], culture[is_both]
        counts = np.stack([np.asarray(own, np.float64) for own in rows[LABEL_COUNTS][is_both]])
        of_people = counts / counts.sum(axis=1, keepdims=True)
        judged, text = np.unique(place, return_inverse=True)
        is_compared = np.bincount(text) > 1
        for row, distributions in enumerate((shares[place, culture], of_people)):
            distance, _ = jensen_shannon_distance(distributions, text)
            apart[row, judged] = np.where(is_compared, distance, np.nan)
    return dict(zip(COLUMNS[-2:], apart, strict=True))


def _correlate(
    judged: pd.DataFrame, task: str, parameters: EvaluationParameters
) -> dict[str, float | None]:
    """`correlation`, `low` and `high`; null for few groups, or where all of a side are alike."""
    undefined: dict[str, float | None] = dict.fromkeys(("correlation", "low", "high"))
    pair = judged[["judges_disagreement", "annotators_disagreement"]].to_numpy(np.float64)
    members = list(judged.groupby("group_id", sort=False).indices.values())
    if len(members) < parameters.min_group_size:
        return undefined
    observed = _rank_correlation(pair)
    if np.isnan(observed):
        return undefined
    generator = np.random.default_rng(Seed(parameters.seed, (task, "disagreement")).entropy)
    drawn = []
    for _ in range(parameters.num_draws):
        groups = generator.integers(0, len(members), len(members))
        rows = np.concatenate([members[group] for group in groups])
        drawn.append(_rank_correlation(pair[rows]))
    low, high = percentile_interval(np.array(drawn)[:, None], parameters.confidence)
    return {"correlation": observed, "low": float(low[0]), "high": float(high[0])}


def _rank_correlation(pair: Floats) -> float:
    """Spearman's, with the mean rank of ties; NaN where one side is all alike."""
    from scipy.stats import rankdata

    ranks = rankdata(pair, axis=0)
    centred = ranks - ranks.mean(axis=0)
    spread = np.sqrt((centred**2).sum(axis=0)).prod()
    return float(centred.prod(axis=1).sum() / spread) if spread else float("nan")


def _most_contested(own: pd.DataFrame) -> list[dict[str, Any]]:
    names = [name for name in own if str(name).startswith(PREDICTION)]
    first = own[own["contested"].astype(bool)].nlargest(MAX_SHOWN, "disagreement")
    return [
        {
            "text": row["text"],
            "language": row["language"],
            "disagreement": float(row["disagreement"]),
            "answers": {str(name).removeprefix(PREDICTION): row[name] for name in names},
        }
        for row in first[["text", "language", "disagreement", *names]].to_dict("records")
    ]
