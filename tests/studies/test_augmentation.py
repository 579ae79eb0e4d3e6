"""The arms of the study of augmentation, and what it recommends."""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from ccnlp.augmentation.parameters import AugmentationParameters
from ccnlp.errors import CorpusError
from ccnlp.studies.augmentation import arms_of, recommend
from ccnlp.studies.parameters import AugmentationStudyParameters

BASE = Path(__file__).parents[2] / "conf/base/parameters"


def base_parameters(name: str) -> dict[str, object]:
    return yaml.safe_load((BASE / f"{name}.yml").read_text(encoding="utf-8"))[name]


STUDY = AugmentationStudyParameters.model_validate(
    {**base_parameters("augmentation_study"), "pair_consistency_weight": 2.0}
)

EXAMPLES = pd.DataFrame(
    {
        "id": [f"{i:016x}" for i in range(3)],
        "text": ["uno", "dos", "tres"],
        "label": ["a", "b", "a"],
        "split": ["train", "train", "test"],
        "language": "es",
        "parent_id": pd.Series([pd.NA] * 3, dtype="string"),
        "engine": pd.Series([pd.NA] * 3, dtype="string"),
        "pivot": pd.Series([pd.NA] * 3, dtype="string"),
        "origin": "native",
    }
)
ROUND_TRIPS = pd.DataFrame(
    {
        "id": [f"f{i:015x}" for i in range(4)],
        "parent_id": [EXAMPLES["id"][i] for i in (0, 0, 1, 1)],
        "candidate": ["un", "uno", "dos cosas", "tres"],
        "engine": "apertium 3",
        "pivot": ["en", "fr", "en", "fr"],
        "language": ["es", "es", "es", "es"],
        "rejected_by": pd.Series([None, "novelty", "meaning", "meaning,held_out"], dtype="string"),
    }
)


@pytest.fixture
def augmented():
    return EXAMPLES.iloc[[0]].assign(
        id=ROUND_TRIPS["id"][0], parent_id=EXAMPLES["id"][0], text="un", origin="back_translation"
    )


def weight_of(arm) -> float:
    return arm.models[""].training.regularisation.pair_consistency_weight


def test_arms_hold_what_they_say(augmented, training_parameters):
    arms = {
        arm.name: arm
        for arm in arms_of(EXAMPLES, augmented, ROUND_TRIPS, training_parameters(), STUDY)
    }

    added = {name: arm.examples["text"].tolist()[len(EXAMPLES) :] for name, arm in arms.items()}
    assert added == {
        "without": [],
        "unfiltered": ["un", "uno", "dos cosas"],  # and none that stands in test
        "filtered": ["un"],
        "tagged": ["<bt> un"],
        "consistent": ["un"],
    }
    weights = {n: weight_of(arm) for n, arm in arms.items()}
    assert weights == dict.fromkeys(arms, 0) | {"consistent": 2}


def test_one_arm_alone_learns_from_pairs_whatever_is_configured(augmented, training_parameters):
    values = training_parameters().model_dump()
    values["regularisation"]["pair_consistency_weight"] = 3.0
    training = type(training_parameters()).model_validate(values)

    arms = arms_of(EXAMPLES, augmented, ROUND_TRIPS, training, STUDY)

    assert [weight_of(arm) for arm in arms] == [0, 0, 0, 0, 2]


def test_nothing_to_study_says_where_to_look(augmented, training_parameters):
    with pytest.raises(CorpusError, match=r"no augmented examples.*parameters/augmentation\.yml"):
        arms_of(EXAMPLES, augmented[:0], ROUND_TRIPS, training_parameters(), STUDY)


def shares() -> AugmentationParameters:
    values = {**base_parameters("augmentation"), "share_by_language": {"es": 0.5}}
    return AugmentationParameters.model_validate(values)


def test_recommendation_keeps_the_languages_that_were_helped_and_nowhere_hurt():
    verdicts = pd.DataFrame(
        [
            ("language", "test", "filtered", "es-MX", "helps"),
            ("language", "test", "filtered", "es", "no evidence"),
            ("language", "test", "unfiltered", "it", "helps"),
            ("language", "validation", "filtered", "it", "helps"),
            ("culture", "test", "filtered", "it", "helps"),
            ("language", "test", "filtered", "pt", "helps"),
            ("language", "test", "filtered", "pt", "hurts"),
        ],
        columns=["slice", "split", "arm", "group", "verdict"],
    ).assign(is_primary=True)
    by_labels = verdicts.assign(verdict="hurts", is_primary=False)
    verdicts = pd.concat([verdicts, by_labels], ignore_index=True)

    recommended = recommend(
        verdicts, ["es", "es-MX", "it", "pt", "sw", "es"], shares(), STUDY, split="test"
    )

    assert recommended["augmentation"] == {
        "share_by_language": {"es": 0.0, "es-MX": 0.5, "it": 0.0, "pt": 0.0, "sw": 0.0}
    }


@pytest.mark.parametrize(
    ("arm", "tag", "weight"),
    [("filtered", None, 0.0), ("tagged", "<bt>", 0.0), ("consistent", None, 2.0)],
)
def test_recommendation_is_the_way_that_helps_most_languages_whatever_is_configured(
    arm, tag, weight
):
    helped = [("filtered", "es"), ("tagged", "es"), (arm, "es"), (arm, "pt")]
    verdicts = pd.DataFrame(helped, columns=["arm", "group"]).assign(
        slice="language", split="test", verdict="helps", is_primary=True
    )

    recommended = recommend(verdicts, ["es", "pt", "sw"], shares(), STUDY, split="test")

    share = shares().share
    assert recommended == {
        "augmentation": {"share_by_language": {"es": 0.5, "pt": share, "sw": 0.0}},
        "tokenisation": {"round_trip_tag": tag},
        "training": {"regularisation": {"pair_consistency_weight": weight}},
    }
