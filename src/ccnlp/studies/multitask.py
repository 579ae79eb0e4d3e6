"""Is a task learnt better with others? Each task alone, and all of them in one model.

A task has equally many batches alone and together, so that what the others do for it is not that it
is learnt longer. The model of all takes the more steps for it: the batches of the others come on
top.
"""

from collections.abc import Collection

import pandas as pd

from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.errors import CorpusError, listed
from ccnlp.studies.arms import Arm, Recipe
from ccnlp.studies.comparison import Contrast
from ccnlp.studies.parameters import MultitaskStudyParameters
from ccnlp.studies.report import About
from ccnlp.studies.study import Study
from ccnlp.studies.verdicts import TRANSFER, Question
from ccnlp.training.multitask_parameters import TaskChoiceParameters
from ccnlp.training.parameters import TrainingParameters

TOGETHER = "together"
ALONE = "alone"

ABOUT = About(
    title="Are tasks learnt better together?",
    arms={
        TOGETHER: "one model of all tasks, as training.multitask says",
        ALONE: "a model for each task, with as many batches of it",
    },
    budget="all with equally many batches of a task",
)


def questions_of(arms: Collection[str]) -> tuple[Question, ...]:
    """What the others did for each task."""
    del arms
    return (Question(Contrast(TOGETHER, ALONE), words=TRANSFER),)


STUDY = Study(
    name="multitask_study",
    about_of=lambda arms: ABOUT,
    parameters=MultitaskStudyParameters,
    questions_of=questions_of,
)


def arms_of(
    examples: pd.DataFrame,
    tasks: Collection[str],
    training: TrainingParameters,
    culture: CultureParameters,
) -> list[Arm]:
    """One model of all tasks, and one of each.

    Args:
        examples: all splits of all tasks.
        tasks: names of those that are configured.
        training: of every model; what it says of several tasks is for the one of all.
        culture: how every model is told of culture.

    Raises:
        CorpusError: fewer than two tasks have examples.
    """
    rows_by_task = {name: examples[examples["task"] == name] for name in tasks}
    present = {
        name: rows.reset_index(drop=True) for name, rows in rows_by_task.items() if len(rows)
    }
    if len(present) < 2:
        raise CorpusError(
            f"the examples are of the tasks {listed(present)}, and a study of several tasks needs "
            "two or more; name a corpus of another task (parameters/corpora.yml)"
        )
    single = _without_multitask(training)
    recipes = {name: Recipe(rows, single, culture) for name, rows in present.items()}
    all_examples = pd.concat(present.values(), ignore_index=True)
    return [Arm.of(TOGETHER, all_examples, training, culture), Arm(ALONE, recipes)]


def _without_multitask(training: TrainingParameters) -> TrainingParameters:
    """The parameters without what asks for several tasks."""
    defaults = {"batches": "interleaved", "temperature": 1.0, "weighting": "fixed"}
    choice = TaskChoiceParameters(choose_by="mean", weights={}, task=None)
    return training.model_copy(
        update={
            "multitask": training.multitask.model_copy(update=defaults),
            "validation": training.validation.model_copy(update={"tasks": choice}),
        }
    )
