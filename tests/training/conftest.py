"""A small corpus whose labels can be learnt, encoded for the tiny encoder."""

import pandas as pd
import pytest

from ccnlp.tasks.kinds.sequence_classification import SequenceClassification
from ccnlp.tasks.parameters import TaskParameters
from ccnlp.tokenisation.encoding import count_tokens, encode_examples
from ccnlp.training.parameters import TrainingParameters

LABELS = ("negative", "positive")
WORDS = {"negative": ["bad", "boring", "hated"], "positive": ["good", "great", "loved"]}


def make_examples(size: int = 24) -> pd.DataFrame:
    rows = []
    for i in range(size):
        label = LABELS[i % 2]
        words = WORDS[label]
        filler = "the film " * (1 + i % 3)
        split = ("train", "train", "train", "validation", "test", "train")[i % 6]
        text = f"{filler}was {words[i % 3]} and {words[(i + 1) % 3]} {i}"
        rows.append((f"{i:016x}", split, text, label))
    examples = pd.DataFrame(rows, columns=["id", "split", "text", "label"])
    return examples.assign(
        corpus="toy", task="sentiment", language="en", culture="GB", domain="reviews",
        origin="native", weight=1.0,
    )  # fmt: skip


@pytest.fixture
def examples() -> pd.DataFrame:
    return make_examples()


@pytest.fixture
def tasks() -> dict[str, SequenceClassification]:
    parameters = TaskParameters(kind="sequence_classification", loss_weight=1, labels=LABELS)
    return {"sentiment": SequenceClassification("sentiment", parameters)}


@pytest.fixture
def features(examples, tasks, tiny_encoder):
    tokenizer = tiny_encoder.load_tokenizer()
    return encode_examples(examples, tasks, tokenizer, max_length_tokens=64)


@pytest.fixture
def vocabulary(features, tiny_encoder):
    special = tiny_encoder.load_tokenizer().all_special_ids
    return count_tokens(features, special_ids=special)["token_id"].to_numpy()


@pytest.fixture
def parameters(training_parameters) -> TrainingParameters:
    return training_parameters()
