from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from ccnlp.behaviour.cases import TEXT_COLUMNS
from ccnlp.behaviour.parameters import BehaviourParameters
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

PARAMETERS_FILE = Path(__file__).parents[2] / "conf" / "base" / "parameters" / "behaviour.yml"
LABELS = ["negative", "positive"]


class WordModel:
    """Says positive of a text with `good`, surer of it with Anna; remembers what it was asked."""

    def __init__(self, labels=LABELS, seen=()):
        entry = {"kind": "sequence_classification", "loss_weight": 1.0, "labels": labels}
        self.tasks = build_tasks(TasksParameters.model_validate({"sentiment": entry}))
        self.weights_digest = "0a"
        self.seen = seen
        self.asked: list[str] = []

    def has_seen(self, ids):
        return np.isin(list(ids), list(self.seen))

    def predict(self, rows, *, task, tokens_per_batch):
        self.asked += rows["text"].tolist()
        labels = self.tasks[task].labels
        positive = np.array(
            [(0.7 if "good" in text else 0.2) + 0.1 * ("Anna" in text) for text in rows["text"]]
        )
        probabilities = np.stack([1 - positive, positive], axis=1)
        best = probabilities.argmax(axis=1)
        return pd.DataFrame(
            {
                "prediction": np.array(labels)[best],
                "confidence": probabilities.max(axis=1),
                "probabilities": list(probabilities),
            },
            index=rows.index,
        )


@pytest.fixture
def model() -> WordModel:
    return WordModel()


@pytest.fixture
def make_parameters() -> Callable[..., BehaviourParameters]:
    """Few terms of English and German; groups of parameters can be replaced."""
    values = yaml.safe_load(PARAMETERS_FILE.read_text(encoding="utf-8"))["behaviour"]
    swaps = {
        "swaps_per_text": 2,
        "terms": {"names": {"en": [["Anna", "Fatma", "Mei"]], "de": [["gute", "schlechte"]]}},
        "unless": {},
    }
    switching = {"partners": {"en": ["es"]}, "words": {"and": {"en": "and", "es": "y"}}}
    invariance = {"typography": {"upper_case": "all"}, "code_switching": switching}

    def make(**others: Any) -> BehaviourParameters:
        return BehaviourParameters.model_validate(
            {**values, "swaps": swaps, "invariance": invariance, "min_group_size": 2, **others}
        )

    return make


@pytest.fixture
def make_texts() -> Callable[..., pd.DataFrame]:
    """Texts of one language, as `select_texts` gives them."""

    def make(*texts: str, language: str = "en") -> pd.DataFrame:
        columns = {
            "task": "sentiment", "language": language, "culture": "GB", "domain": "reviews"
        }  # fmt: skip
        units = [f"{language}{i}" for i in range(len(texts))]
        table = pd.DataFrame({"text": texts, "unit": units}).assign(**columns)
        return table[[*TEXT_COLUMNS]].astype("string")

    return make


@pytest.fixture
def default_parameters() -> BehaviourParameters:
    values = yaml.safe_load(PARAMETERS_FILE.read_text(encoding="utf-8"))["behaviour"]
    return BehaviourParameters.model_validate(values)
