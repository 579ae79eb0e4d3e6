"""What nodes refuse: a tag that the tokenizer takes for a mark, and features of another encoder."""

import numpy as np
import pandas as pd
import pytest

from ccnlp.errors import ConfigurationError
from ccnlp.pipelines.augmentation_study.nodes import train_augmentation_arms
from ccnlp.pipelines.tokenisation.nodes import encode_examples
from ccnlp.pipelines.training.nodes import fine_tune
from ccnlp.studies.parameters import AugmentationStudyParameters
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tokenisation.parameters import TokenisationParameters

ENTRY = {"kind": "sequence_classification", "loss_weight": 1, "labels": ["a", "b"]}
TASKS = TasksParameters.model_validate({"t": ENTRY})
NOTHING = pd.DataFrame()


def test_tokenisation_refuses_a_special_token_as_a_tag(tiny_encoder, culture_parameters):
    tokenisation = TokenisationParameters(
        max_length_tokens=32, round_trip_tag="</s>", character_noise=0
    )
    with pytest.raises(
        ConfigurationError, match=r"tokenisation\.round_trip_tag is </s>, a special"
    ):
        encode_examples(NOTHING, NOTHING, tiny_encoder, TASKS, tokenisation, culture_parameters())


def test_study_refuses_a_special_token_as_a_tag(tiny_encoder, training_parameters, tmp_path):
    study = AugmentationStudyParameters(
        seeds=(0,),
        steps=None,
        slices={"language": ["language"]},
        round_trip_tag="<mask>",
        pair_consistency_weight=1.0,
    )
    with pytest.raises(
        ConfigurationError, match=r"study\.round_trip_tag is <mask>, a special token"
    ):
        train_augmentation_arms(
            examples=NOTHING,
            augmented=NOTHING,
            round_trips=NOTHING,
            encoder=tiny_encoder,
            checkpoints=tmp_path,
            tasks=TASKS,
            tokenisation=TokenisationParameters(
                max_length_tokens=32, round_trip_tag=None, character_noise=0
            ),
            training=training_parameters(),
            study=study,
        )


@pytest.fixture
def examples() -> pd.DataFrame:
    rows = [("good", "a", "train"), ("bad", "b", "train"), ("it", "a", "validation")]
    return pd.DataFrame(rows, columns=["text", "label", "split"]).assign(
        id=[f"{i:016x}" for i in range(3)], corpus="c", task="t", language="en", culture="und",
        domain="und", origin="native", weight=1.0, parent_id=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("other", "max_length_tokens", "message"),
    [
        (True, 32, r"for the encoder tiny seed-0, and the encoder is lively seed-0 now"),
        (False, 16, r"with tokenisation\.max_length_tokens 32, which is 16 now"),
    ],
)
def test_training_refuses_what_was_tokenised_otherwise(
    examples, tiny_encoder, lively_encoder, culture_parameters, training_parameters, tmp_path,
    other, max_length_tokens, message,
):  # fmt: skip
    culture = culture_parameters()
    tokenisation = TokenisationParameters(
        max_length_tokens=32, round_trip_tag=None, character_noise=0
    )
    features = encode_examples(examples, examples[:0], tiny_encoder, TASKS, tokenisation, culture)
    with pytest.raises(
        ConfigurationError, match=rf"^task 't' was tokenised {message} .*yml.*ise again"
    ):
        fine_tune(
            features,
            pd.DataFrame({"token_id": np.arange(5)}),
            lively_encoder if other else tiny_encoder,
            tmp_path,
            TASKS,
            tokenisation.model_copy(update={"max_length_tokens": max_length_tokens}),
            training_parameters(),
            culture,
        )
