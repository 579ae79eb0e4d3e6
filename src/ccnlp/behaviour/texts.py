"""The test texts that swaps and perturbations are made of."""

import logging
from typing import Any

import pandas as pd

from ccnlp.behaviour.cases import INPUT_COLUMNS, TEXT_COLUMNS, draw_order
from ccnlp.examples import stable_hash
from ccnlp.models.trained import TrainedModel
from ccnlp.tasks.answers import labels_one_text

logger = logging.getLogger(__name__)


def select_texts(
    examples: pd.DataFrame, model: TrainedModel, *, max_texts_per_language: int, seed: int
) -> pd.DataFrame:
    """The texts of test of the model's tasks, as many of a task and language as are wanted.

    Columns: `TEXT_COLUMNS`. Texts that the model was trained on, as a former champion may have
    been, are left out and counted in the log. A text that several cultures judged, or of
    several domains, stands once for each, with the same `unit`.

    Args:
        examples: of all splits and tasks.
        model: that is judged.
        max_texts_per_language: more are left to chance.
        seed: of that chance.
    """
    task_names = [name for name, task in model.tasks.items() if labels_one_text(task)]
    for name in sorted(set(model.tasks) - set(task_names)):
        logger.info("%s: left out, as it does not give one label to one text", name)
    test = examples[(examples["split"] == "test") & examples["task"].isin(task_names)]
    is_seen = model.has_seen(test["id"])
    if is_seen.any():
        logger.info("%s test texts left out that the model was trained on", f"{is_seen.sum():,}")
    unseen = (
        test.loc[~is_seen, ["task", *INPUT_COLUMNS]]
        .astype("string")
        .drop_duplicates(ignore_index=True)
    )
    keys = zip(unseen["task"], unseen["language"], unseen["text"], strict=True)
    unseen["unit"] = pd.Series([stable_hash(key) for key in keys], unseen.index, dtype="string")
    return _draw_texts(unseen[list(TEXT_COLUMNS)], max_texts_per_language, seed)


def _draw_texts(texts: pd.DataFrame, max_texts: int, seed: int) -> pd.DataFrame:
    """As many of each task and language, in their order."""
    order: pd.Series[Any] = texts["unit"].map(lambda unit: draw_order(seed, unit))
    rank = order.groupby([texts["task"], texts["language"]]).rank(method="dense")
    is_drawn = rank <= max_texts
    if not is_drawn.all():
        logger.info("%s of %s test texts drawn", f"{is_drawn.sum():,}", f"{len(texts):,}")
    return texts[is_drawn].reset_index(drop=True)
