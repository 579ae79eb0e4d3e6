from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import pytest
import yaml

from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.tasks.base import Task, build_tasks
from ccnlp.tasks.parameters import TasksParameters

PARAMETERS_FILE = Path(__file__).parents[2] / "conf" / "base" / "parameters" / "evaluation.yml"
LABELS = ("negative", "neutral", "positive")


@pytest.fixture
def parameters() -> EvaluationParameters:
    """The defaults, with few draws."""
    values = yaml.safe_load(PARAMETERS_FILE.read_text(encoding="utf-8"))["evaluation"]
    return EvaluationParameters.model_validate({**values, "num_draws": 200})


@pytest.fixture
def tasks() -> Mapping[str, Task]:
    entry = {"kind": "sequence_classification", "loss_weight": 1.0, "labels": list(LABELS)}
    return build_tasks(TasksParameters.model_validate({"sentiment": entry}))


@pytest.fixture
def encoder() -> EncoderCheckpoint:
    return EncoderCheckpoint(folder=Path("encoder"), name="tiny", source="path", revision="1")


@pytest.fixture(scope="session")
def make_examples() -> Callable[..., pd.DataFrame]:
    return _make_examples


@pytest.fixture(scope="session")
def make_predictions() -> Callable[..., pd.DataFrame]:
    return _make_predictions


def _make_examples(rows: list[tuple[str, str, str, str, str]], **columns: str) -> pd.DataFrame:
    """Rows of language, culture, split, text and label."""
    table = pd.DataFrame(rows, columns=["language", "culture", "split", "text", "label"])
    ids = [f"e{number:04d}" for number in range(len(table))]
    defaults = {"corpus": "reviews", "task": "sentiment", "domain": "reviews", "origin": "native"}
    return table.assign(**{**defaults, **columns}, id=ids, group_id=ids, region=table["culture"])


def _make_predictions(
    reference: list[str], answers: Mapping[str, list[str]], **columns: object
) -> pd.DataFrame:
    """The long table of systems that answered the same rows, all with confidence 0.9."""
    ids = [f"e{number:04d}" for number in range(len(reference))]
    defaults: dict[str, object] = {
        "task": "sentiment",
        "corpus": "reviews",
        "split": "test",
        "language": "es",
        "region": "MX",
        "culture": "MX",
        "domain": "reviews",
        "origin": "native",
        "group_id": ids,
        "num_characters": 20,
        "confidence": 0.9,
    }
    tables = [
        pd.DataFrame(
            {
                "example_id": ids,
                "system": system,
                "reference": reference,
                "prediction": answer,
                "probabilities": [[0.05, 0.05, 0.9]] * len(ids),
                **defaults,
                **columns,
            }
        )
        for system, answer in answers.items()
    ]
    return pd.concat(tables, ignore_index=True)
