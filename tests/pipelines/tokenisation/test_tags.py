"""Tags of round trips that the tokenizer of the encoder knows as something else."""

import pandas as pd
import pytest

from ccnlp.errors import ConfigurationError
from ccnlp.pipelines.augmentation_study.nodes import train_augmentation_arms
from ccnlp.pipelines.tokenisation.nodes import encode_examples
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
