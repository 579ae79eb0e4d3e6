"""Texts and their round trips as pairs that should be answered alike."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch

from ccnlp.errors import ConfigurationError
from ccnlp.tokenisation.encoding import count_tokens, encode_examples
from ccnlp.training.fine_tuning import fine_tune
from ccnlp.training.pairs import NO_PARTNER, find_partners
from ccnlp.training.planning import count_batches


def changed(parameters, weight, **values):
    config = parameters.model_dump() | values
    config["regularisation"] = config["regularisation"] | {"pair_consistency_weight": weight}
    return type(parameters).model_validate(config)


@pytest.fixture
def augmented(examples):
    """The examples, and a round trip of every other train row that has the other label."""
    train = examples[examples["split"] == "train"].iloc[::2]
    trips = train.assign(
        id=["f" + key[1:] for key in train["id"]],
        parent_id=train["id"],
        text=train["text"].str.replace("the film", "it"),
        origin="back_translation",
        label=train["label"].map({"positive": "negative", "negative": "positive"}),
    )
    return pd.concat([examples.assign(parent_id=pd.NA), trips], ignore_index=True)


@pytest.fixture
def encode(tasks, tiny_encoder):
    def encode(rows):
        return encode_examples(rows, tasks, tiny_encoder.load_tokenizer(), max_length_tokens=64)

    return encode


def test_find_partners_takes_the_first_round_trip_and_leaves_them_out_of_training():
    table = pa.table({"id": ["a", "b", "c", "d", "e"], "parent_id": [None, None, "b", "b", None]})

    rows, partners = find_partners(table, np.array([0, 1, 2, 3]))

    assert rows.tolist() == [0, 1]
    assert partners.tolist() == [NO_PARTNER, 2, NO_PARTNER, NO_PARTNER, NO_PARTNER]


def test_round_trips_as_pairs_take_no_batches_of_their_own(augmented, examples, encode, parameters):
    paired = count_batches(encode(augmented), changed(parameters, 1.0))
    assert paired == count_batches(encode(examples), parameters)
    assert paired["sentiment"] < count_batches(encode(augmented), parameters)["sentiment"]


@pytest.fixture
def train(encode, tasks, tiny_encoder, parameters, tmp_path):
    def train(rows, weight, **values):
        features = encode(rows)
        special_ids = tiny_encoder.load_tokenizer().all_special_ids
        return fine_tune(
            features,
            vocabulary=count_tokens(features, special_ids=special_ids)["token_id"].to_numpy(),
            encoder=tiny_encoder,
            tasks=tasks,
            max_length_tokens=64,
            parameters=changed(parameters, weight, **values),
            checkpoints=tmp_path,
        ).model

    return train


def test_pairs_are_drawn_together_and_their_labels_are_not_learnt(train, augmented):
    model = train(augmented, 1.0, epochs=8)

    trips = augmented[augmented["parent_id"].notna()]
    parents = augmented.set_index("id").loc[trips["parent_id"]].reset_index()
    answers = model.predict(trips, task="sentiment")["prediction"].tolist()
    assert answers == model.predict(parents, task="sentiment")["prediction"].tolist()
    assert answers == parents["label"].tolist()


def test_pairs_change_the_weights(train, augmented, examples):
    with_pairs = train(augmented, 5.0, epochs=1).network.state_dict()
    alone = train(examples, 0.0, epochs=1).network.state_dict()

    name = "heads.sentiment.classifier.weight"
    assert not torch.equal(with_pairs[name], alone[name])


@pytest.mark.parametrize("parent", [True, False])
def test_pairs_without_a_round_trip_say_how_to_mend_it(train, examples, parent):
    rows = examples.assign(parent_id=pd.Series(pd.NA, examples.index, "string"))
    with pytest.raises(
        ConfigurationError, match=r"no training text has a round trip.*training\.yml"
    ):
        train(rows if parent else examples, 1.0)
