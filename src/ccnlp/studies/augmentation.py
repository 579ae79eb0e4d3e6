"""Did back-translation help? Arms that differ in the round trips that they are trained on.

All take equally many steps and are judged on the same rows, native and translated ones apart.
"""

from collections.abc import Iterable, Mapping

import pandas as pd

from ccnlp.augmentation.back_translation import HELD_OUT, build_augmented_examples
from ccnlp.augmentation.parameters import AugmentationParameters
from ccnlp.cultures import for_language
from ccnlp.errors import CorpusError
from ccnlp.examples import with_derived
from ccnlp.studies.arms import Arm
from ccnlp.studies.comparison import Contrast
from ccnlp.studies.parameters import AugmentationStudyParameters
from ccnlp.studies.report import About
from ccnlp.studies.study import Study
from ccnlp.studies.verdicts import Question
from ccnlp.tokenisation.tagging import tag_round_trips
from ccnlp.training.parameters import TrainingParameters

WITHOUT = "without"
UNFILTERED = "unfiltered"
FILTERED = "filtered"
TAGGED = "tagged"
CONSISTENT = "consistent"

ABOUT = About(
    title="Did back-translation help?",
    arms={
        WITHOUT: "trained on the texts alone",
        UNFILTERED: "also on all of their round trips through other languages",
        FILTERED: "also on the round trips that the filters kept",
        TAGGED: "the same, with a mark in front of each round trip",
        CONSISTENT: "to answer a text and its kept round trip alike, whose label is not learnt",
    },
)

QUESTIONS = tuple(
    Question(Contrast(arm, WITHOUT)) for arm in (UNFILTERED, FILTERED, TAGGED, CONSISTENT)
)

STUDY = Study(
    name="augmentation_study",
    about_of=lambda arms: ABOUT,
    parameters=AugmentationStudyParameters,
    questions_of=lambda arms: QUESTIONS,
)

Settings = Mapping[str, Mapping[str, object]]
"""Parameters as an environment holds them: by file, what differs."""


def arms_of(
    examples: pd.DataFrame,
    augmented: pd.DataFrame,
    round_trips: pd.DataFrame,
    training: TrainingParameters,
    study: AugmentationStudyParameters,
) -> list[Arm]:
    """Without round trips, with all of them, and in three ways with those that the filters kept.

    Also the unfiltered ones leave out what stands in validation or test.

    Args:
        examples: all splits.
        augmented: the kept round trips, as train examples.
        round_trips: all candidates, of `filter_candidates`.
        training: of every arm.
        study: the mark of the arm that has one, and the weight of the arm that learns from pairs.

    Raises:
        CorpusError: there is no round trip.
    """
    if not len(augmented):
        raise CorpusError(
            "there are no augmented examples, so there is nothing to study: no text has a route, "
            "augmentation is switched off, or every round trip was rejected "
            "(parameters/augmentation.yml, data/08_reporting/augmentation.json)"
        )
    rejecting_filters = round_trips["rejected_by"].fillna("").str.split(",")
    is_held_out = rejecting_filters.map(lambda filter_names: HELD_OUT in filter_names)
    no_rejection = pd.Series(pd.NA, index=round_trips.index, dtype="string")
    unfiltered_trips = round_trips.assign(rejected_by=no_rejection)[~is_held_out]
    with_unfiltered = with_derived(examples, build_augmented_examples(unfiltered_trips, examples))
    with_filtered = with_derived(examples, augmented)
    # One arm alone learns from pairs, whatever is configured.
    training = _with_pair_weight(training, 0.0)
    return [
        Arm.of(WITHOUT, examples, training),
        Arm.of(UNFILTERED, with_unfiltered, training),
        Arm.of(FILTERED, with_filtered, training),
        Arm.of(TAGGED, tag_round_trips(with_filtered, tag=study.round_trip_tag), training),
        Arm.of(
            CONSISTENT, with_filtered, _with_pair_weight(training, study.pair_consistency_weight)
        ),
    ]


def _with_pair_weight(training: TrainingParameters, weight: float) -> TrainingParameters:
    regularisation = training.regularisation.model_copy(update={"pair_consistency_weight": weight})
    return training.model_copy(update={"regularisation": regularisation})


def recommend(
    verdicts: pd.DataFrame,
    languages: Iterable[str],
    parameters: AugmentationParameters,
    study: AugmentationStudyParameters,
    *,
    split: str,
) -> Settings:
    """Parameters by the verdicts: a language keeps its round trips if they help.

    Of the ways to use the kept round trips it is the one that helps most languages, the plainest of
    equals.

    Args:
        verdicts: of `judge`, with a slice `language`.
        languages: of the examples.
        parameters: the present shares.
        study: the mark and the weight that were tried.
        split: on which it was judged.

    Returns:
        `augmentation.share_by_language` with every language, 0 where round trips were not shown to
        help, or hurt in one of several corpora; and the parameters that make the chosen way, also
        those that switch the others off, whatever is configured.
    """
    ways = {
        FILTERED: _settings(tag=None, pair_weight=0.0),
        TAGGED: _settings(tag=study.round_trip_tag, pair_weight=0.0),
        CONSISTENT: _settings(tag=None, pair_weight=study.pair_consistency_weight),
    }
    primary = verdicts[
        (verdicts["slice"] == "language")
        & (verdicts["split"] == split)
        & verdicts["is_primary"].astype(bool)
    ]
    helped = {way: _helped_languages(primary[primary["arm"] == way]) for way in ways}
    best = max(ways, key=lambda way: len(helped[way]))
    shares = {
        language: for_language(parameters.share_by_language, language, parameters.share)
        if language in helped[best]
        else 0.0
        for language in sorted(set(map(str, languages)))
    }
    return {"augmentation": {"share_by_language": shares}, **ways[best]}


def _settings(*, tag: str | None, pair_weight: float) -> Settings:
    """The parameters that make one way of using round trips, and no other."""
    return {
        "tokenisation": {"round_trip_tag": tag},
        "training": {"regularisation": {"pair_consistency_weight": pair_weight}},
    }


def _helped_languages(verdicts: pd.DataFrame) -> set[str]:
    """The languages that were helped in some corpus, and hurt in none."""
    by_language = verdicts.groupby("group")["verdict"].agg(set)
    return {
        str(language)
        for language, outcomes in by_language.items()
        if "helps" in outcomes and "hurts" not in outcomes
    }
