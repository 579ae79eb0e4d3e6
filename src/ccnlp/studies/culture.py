"""Does it help to tell the model of culture? Arms that differ in what it is told.

A gain that a model has as well when the keys are dealt at random, or when it is told no more than
how many people judged a text, is no gain of culture: it comes of the new weights, or of how often
each key goes with each label.
"""

import logging
from collections.abc import Collection

import pandas as pd

from ccnlp.conditioning.base import CONDITIONINGS
from ccnlp.conditioning.controls import shuffle_cultures
from ccnlp.conditioning.parameters import NONE, CultureParameters
from ccnlp.errors import CorpusError
from ccnlp.examples import UNKNOWN
from ccnlp.studies.arms import Arm
from ccnlp.studies.comparison import Contrast
from ccnlp.studies.parameters import CultureStudyParameters
from ccnlp.studies.report import About
from ccnlp.studies.study import Study
from ccnlp.studies.verdicts import Question
from ccnlp.training.parameters import TrainingParameters

logger = logging.getLogger(__name__)

UNCONDITIONED = "unconditioned"
CONDITIONED = "conditioned"
SHUFFLED = "shuffled"
COUNT = "annotator count"

NUM_ANNOTATIONS = "num_annotations"

ABOUT = About(
    title="Does it help to tell the model of culture?",
    arms={
        UNCONDITIONED: "told nothing",
        CONDITIONED: "told each text's culture",
        SHUFFLED: "told cultures that were dealt at random within language and split",
        COUNT: "told how many people judged the text, and not who; where the corpus says so",
    },
)


def arms_of(
    examples: pd.DataFrame,
    training: TrainingParameters,
    culture: CultureParameters,
    *,
    conditioning: str,
    seed: int,
) -> list[Arm]:
    """The unconditioned arm, the conditioned one, and its controls.

    Args:
        examples: all splits.
        training: of every arm.
        culture: how a model is told, whichever way.
        conditioning: the way.
        seed: of the shuffled keys.

    Raises:
        CorpusError: fewer than two cultures are known.
    """
    cultures = sorted(set(map(str, examples["culture"].unique())) - {UNKNOWN})
    if len(cultures) < 2:
        raise CorpusError(
            f"the examples are of the cultures {cultures}, and a study of culture needs two or "
            "more; name the cultures in parameters/corpora.yml"
        )
    unconditioned = culture.model_copy(update={"conditioning": NONE})
    conditioned = culture.model_copy(update={"conditioning": conditioning})
    arms = [
        Arm.of(UNCONDITIONED, examples, training, unconditioned),
        Arm.of(CONDITIONED, examples, training, conditioned),
        Arm.of(SHUFFLED, shuffle_cultures(examples, seed=seed), training, conditioned),
    ]
    if NUM_ANNOTATIONS not in examples or examples[NUM_ANNOTATIONS].isna().all():
        logger.info("no arm is told how many people judged a text: the corpora don't say it")
    elif "culture" not in CONDITIONINGS.get(conditioning).fields(conditioned):
        logger.info(
            "no arm is told how many people judged a text: the model is told %s, and a number "
            "has none of these; for this control name culture among its fields "
            "(parameters/culture.yml)",
            ", ".join(CONDITIONINGS.get(conditioning).fields(conditioned)),
        )
    else:
        arms.append(Arm.of(COUNT, _with_counts_as_culture(examples), training, conditioned))
    return arms


def _with_counts_as_culture(examples: pd.DataFrame) -> pd.DataFrame:
    """The examples with the number of annotations in the place of the culture."""
    counts = examples[NUM_ANNOTATIONS].astype("Int64").astype("string")
    return examples.assign(culture=("annotators-" + counts).fillna(UNKNOWN))


def questions_of(arms: Collection[str]) -> tuple[Question, ...]:
    """What is asked of the arms that predicted.

    Args:
        arms: their names.
    """
    controls = tuple(control for control in (SHUFFLED, COUNT) if control in arms)
    return (
        Question(Contrast(CONDITIONED, UNCONDITIONED), controls),
        *(Question(Contrast(control, UNCONDITIONED)) for control in controls),
    )


STUDY = Study(
    name="culture_study",
    about_of=lambda arms: ABOUT,
    parameters=CultureStudyParameters,
    questions_of=questions_of,
)
