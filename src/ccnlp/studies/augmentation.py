"""Did back-translation help? Arms that differ in the round trips that they are trained on.

All take equally many steps and are judged on the same rows, native and translated ones apart.
"""

from collections.abc import Iterable

import pandas as pd

from ccnlp.augmentation.back_translation import HELD_OUT, build_augmented_examples
from ccnlp.augmentation.parameters import AugmentationParameters
from ccnlp.cultures import for_language
from ccnlp.errors import CorpusError
from ccnlp.studies.arms import Arm
from ccnlp.studies.comparison import Contrast
from ccnlp.studies.report import About
from ccnlp.studies.verdicts import Question
from ccnlp.training.parameters import TrainingParameters

WITHOUT = "without"
UNFILTERED = "unfiltered"
FILTERED = "filtered"
CONSISTENT = "consistent"

ABOUT = About(
    title="Did back-translation help?",
    arms={
        WITHOUT: "trained on the texts alone",
        UNFILTERED: "also on all of their round trips through other languages",
        FILTERED: "also on the round trips that the filters kept",
        CONSISTENT: "to answer a text and its kept round trip alike, whose label is not learnt",
    },
)

QUESTIONS = tuple(Question(Contrast(arm, WITHOUT)) for arm in (UNFILTERED, FILTERED, CONSISTENT))


def arms_of(
    examples: pd.DataFrame,
    augmented: pd.DataFrame,
    round_trips: pd.DataFrame,
    training: TrainingParameters,
    *,
    pair_consistency_weight: float,
) -> list[Arm]:
    """Without round trips, with all of them, with those that the filters kept, and with pairs.

    Also the unfiltered ones leave out what stands in validation or test.

    Args:
        examples: all splits.
        augmented: the kept round trips, as train examples.
        round_trips: all candidates, of `filter_candidates`.
        training: of every arm.
        pair_consistency_weight: of the arm that learns from pairs.

    Raises:
        CorpusError: there is no round trip.
    """
    if not len(augmented):
        raise CorpusError(
            "there are no augmented examples, so there is nothing to study: no text has a route, "
            "augmentation is switched off, or every round trip was rejected "
            "(parameters/augmentation.yml, data/08_reporting/augmentation.json)"
        )
    names = round_trips["rejected_by"].fillna("").str.split(",")
    is_held_out = names.map(lambda rejected_by: HELD_OUT in rejected_by)
    nothing = pd.Series(pd.NA, index=round_trips.index, dtype="string")
    unfiltered = round_trips.assign(rejected_by=nothing)[~is_held_out]
    training = _with_pairs(training, 0.0)  # one arm alone learns from pairs, whatever is configured
    return [
        Arm(WITHOUT, examples, training),
        Arm(UNFILTERED, _with(examples, build_augmented_examples(unfiltered, examples)), training),
        Arm(FILTERED, _with(examples, augmented), training),
        Arm(CONSISTENT, _with(examples, augmented), _with_pairs(training, pair_consistency_weight)),
    ]


def _with_pairs(training: TrainingParameters, weight: float) -> TrainingParameters:
    own = training.regularisation.model_copy(update={"pair_consistency_weight": weight})
    return training.model_copy(update={"regularisation": own})


def _with(examples: pd.DataFrame, derived: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([examples, derived], ignore_index=True)


def recommend(
    verdicts: pd.DataFrame,
    languages: Iterable[str],
    parameters: AugmentationParameters,
    *,
    split: str,
) -> dict[str, dict[str, dict[str, float]]]:
    """Parameters of augmentation by the verdicts: a language keeps its round trips if they help.

    Args:
        verdicts: of `judge`, with a slice `language`.
        languages: of the examples.
        parameters: the present shares.
        split: on which it was judged.

    Returns:
        As `parameters/augmentation.yml` holds it: `share_by_language` with every language; 0 where
        the filtered round trips were not shown to help, or hurt in one of several corpora.
    """
    judged = verdicts[
        (verdicts["slice"] == "language")
        & (verdicts["split"] == split)
        & (verdicts["arm"] == FILTERED)
        & verdicts["is_primary"].astype(bool)
    ]
    by_language = judged.groupby("group")["verdict"].agg(set)
    kept = {
        str(language)
        for language, found in by_language.items()
        if "helps" in found and "hurts" not in found
    }
    shares = {
        language: for_language(parameters.share_by_language, language, parameters.share)
        if language in kept
        else 0.0
        for language in sorted(set(map(str, languages)))
    }
    return {"augmentation": {"share_by_language": shares}}
