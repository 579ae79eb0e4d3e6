"""How far does what is learnt in one language carry to others?

The arms differ in the languages that they are trained on, and are judged on the same rows of all
languages: where an arm was not trained on a row's language, its answer is zero-shot transfer. The
weights are chosen on validation rows of an arm's own languages, so that the others have no say.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from ccnlp.errors import CorpusError
from ccnlp.studies.arms import Arm
from ccnlp.studies.comparison import Contrast
from ccnlp.studies.parameters import TransferStudyParameters
from ccnlp.studies.report import About
from ccnlp.studies.study import Study
from ccnlp.studies.verdicts import Question
from ccnlp.training.languages import check_languages, trained_languages
from ccnlp.training.parameters import TrainingParameters

ALL = "all languages"
AND = " + "
"""Between the languages of an arm's name."""

MATRIX_KEYS = ["task", "corpus", "metric", "trained_on"]
MEANS = ("mean_of_own", "mean_of_others")


def arms_of(
    examples: pd.DataFrame,
    training: TrainingParameters,
    *,
    trained_on: Sequence[Sequence[str]] | None,
    tasks: Sequence[str],
) -> list[Arm]:
    """The arm of all languages, then one for each set of them.

    Args:
        examples: all splits.
        training: of every arm, whatever languages it names.
        trained_on: the sets; `None` takes each language that has train rows by itself.
        tasks: names of those that are trained.

    Raises:
        ConfigurationError: a language has no train rows, or a task none of a set.
        CorpusError: there are train rows of fewer than two languages.
    """
    trained = trained_languages(examples, tasks)
    if len(trained) < 2:
        raise CorpusError(
            f"there are train rows of {', '.join(trained) or 'no language'} alone, and a study of "
            "transfer compares two or more languages to train on (parameters/corpora.yml)"
        )
    sets = [(language,) for language in trained] if trained_on is None else trained_on
    for languages in sets:
        check_languages(examples, tasks, languages, parameter="transfer_study.trained_on")
    languages_by_arm = {AND.join(languages): tuple(languages) for languages in sets}
    return [
        Arm.of(name, examples, training.model_copy(update={"languages": languages}))
        for name, languages in {ALL: None, **languages_by_arm}.items()
    ]


def about_of(arms: Collection[str]) -> About:
    """What is asked, and what the arms are that predicted.

    Args:
        arms: their names.
    """
    descriptions = {arm: f"trained on {arm} alone, and tested on all languages" for arm in arms}
    descriptions[ALL] = "trained on every language that has train rows"
    title = "How far does what is learnt in one language carry to others?"
    return About(title=title, arms=descriptions)


def questions_of(arms: Collection[str]) -> tuple[Question, ...]:
    """What is asked of the arms that predicted: what each loses to the one of all languages.

    Args:
        arms: their names.
    """
    return tuple(Question(Contrast(arm, ALL)) for arm in arms if arm != ALL)


STUDY = Study(
    name="transfer_study",
    about_of=about_of,
    parameters=TransferStudyParameters,
    questions_of=questions_of,
)


def is_own(arm: str, language: str, *, trained: Collection[str]) -> bool:
    """Whether an arm was trained on the language.

    Args:
        arm: its name.
        language: that is tested.
        trained: languages that have train rows, which the arm of all was trained on.
    """
    return language in (trained if arm == ALL else arm.split(AND))


def by_language(scores: pd.DataFrame, *, split: str) -> pd.DataFrame:
    """The scores of each arm in each language, by the task's primary metric.

    Args:
        scores: of `score_arms`.
        split: on which they were judged.
    """
    is_judged = (scores["slice"] == "language") & (scores["split"] == split)
    return scores[is_judged & scores["is_primary"].astype(bool)]


def tabulate(
    scores: pd.DataFrame, *, trained: Collection[str], split: str = "test"
) -> pd.DataFrame:
    """The matrix of scores, 0..1: a row for each set of languages trained on, a column a language.

    Columns `MATRIX_KEYS`, `mean_of_own` and `mean_of_others` (over the languages that the arm was
    trained on, and was not; missing where there is none), then the languages that were tested.

    Args:
        scores: of `score_arms`.
        trained: languages that have train rows.
        split: on which they were judged.
    """
    rows = by_language(scores, split=split).rename(columns={"arm": "trained_on"})
    languages = sorted(map(str, rows["group"].unique()))
    order = {name: position for position, name in enumerate(rows["trained_on"].unique())}
    wide = rows.pivot(index=MATRIX_KEYS, columns="group", values="score")[languages].reset_index()
    wide = wide.sort_values("trained_on", key=lambda names: names.map(order), kind="stable")
    wide = wide.sort_values(["task", "corpus"], kind="stable", ignore_index=True)
    means = [_means(row, languages, trained) for row in wide.to_dict("records")]
    table = wide.assign(**pd.DataFrame(means, columns=list(MEANS)))
    return table[[*MATRIX_KEYS, *MEANS, *languages]].rename_axis(columns=None)


def _means(
    row: Mapping[Hashable, Any], languages: Sequence[str], trained: Collection[str]
) -> tuple[float, float]:
    arm = str(row["trained_on"])
    scores = pd.Series({language: row[language] for language in languages}, dtype="float64")
    is_trained_on = pd.Series(
        {language: is_own(arm, language, trained=trained) for language in languages}, dtype="bool"
    )
    return float(scores[is_trained_on].mean()), float(scores[~is_trained_on].mean())
