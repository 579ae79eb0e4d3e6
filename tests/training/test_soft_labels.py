"""Training on what annotators said, in shares."""

import numpy as np
import pandas as pd
import pytest

from ccnlp.errors import ConfigurationError
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tokenisation.encoding import count_tokens, encode_examples
from ccnlp.training.fine_tuning import fine_tune

TEXTS = {"the film was good": [1.0, 4.0], "it was boring": [6.0, 2.0], "so so": [1.0, 1.0]}


def tasks_of(view):
    entry = {"kind": "label_distribution", "loss_weight": 1, "labels": ["bad", "good"]}
    return build_tasks(TasksParameters.model_validate({"t": {**entry, "options": {"view": view}}}))


@pytest.fixture
def examples():
    rows = pd.DataFrame(
        [{"text": text, "label_counts": counts} for text, counts in TEXTS.items()] * 16
    ).assign(
        corpus="c", task="t", language="en", culture="GB", domain="und", origin="native", weight=1.0
    )
    rows["pooled_label_counts"] = rows["label_counts"]
    rows["id"] = [f"{i:016x}" for i in range(len(rows))]
    rows["split"] = ["validation" if i % 4 == 3 else "train" for i in range(len(rows))]
    return rows


@pytest.fixture
def train(examples, tiny_encoder, parameters, tmp_path):
    def train(view, features_of=None):
        tokenizer = tiny_encoder.load_tokenizer()
        encoded_for = tasks_of(features_of or view)
        features = encode_examples(examples, encoded_for, tokenizer, max_length_tokens=16)
        vocabulary = count_tokens(features, special_ids=tokenizer.all_special_ids)
        return fine_tune(
            features,
            vocabulary=vocabulary["token_id"].to_numpy(),
            encoder=tiny_encoder,
            tasks=tasks_of(view),
            max_length_tokens=16,
            parameters=parameters.model_copy(update={"epochs": 12}),
            checkpoints=tmp_path,
        )

    return train


def test_model_learns_the_share_of_each_label(train):
    tuned = train("distribution")

    predicted = tuned.model.predict(pd.DataFrame({"text": list(TEXTS)}), task="t")

    shares = [[0.2, 0.8], [0.75, 0.25], [0.5, 0.5]]
    np.testing.assert_allclose(np.stack(predicted["probabilities"]), shares, atol=0.1)
    assert "validation_t/distribution_similarity" in set(tuned.history["metric"])


def test_model_learns_the_majority_beside_rows_without_one(train):
    model = train("majority").model

    predicted = model.predict(pd.DataFrame({"text": list(TEXTS)}), task="t")

    assert predicted["prediction"].tolist()[:2] == ["good", "bad"]


def test_features_of_another_view_are_refused(train):
    with pytest.raises(ConfigurationError, match="options view majority, and has changed since"):
        train("distribution", features_of="majority")
