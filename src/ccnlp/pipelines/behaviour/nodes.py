"""Nodes of the behaviour pipeline."""

from pathlib import Path
from typing import Any

import pandas as pd

from ccnlp.behaviour import failures, judging, perturbing, plots, report, suites, swaps, tables
from ccnlp.behaviour import texts as test_texts
from ccnlp.behaviour.parameters import BehaviourParameters
from ccnlp.behaviour.tables import behaviour_metrics
from ccnlp.corpora.curation import IngestionParameters
from ccnlp.models.trained import TrainedModel
from ccnlp.progress import Metrics
from ccnlp.progress import report as tell

Figure = Any
"""A plotly figure. Kedro reads annotations at run time, and importing plotly takes a second."""


def take_model(model: TrainedModel | None) -> tuple[TrainedModel, dict[str, str]]:
    """The model that is judged, and what it is."""
    judged_model = judging.require_model(model)
    return judged_model, {
        "encoder": judged_model.encoder.name,
        "weights": judged_model.weights_digest,
    }


def read_suites(
    judged_model: TrainedModel,
    raw_folder: Path,
    behaviour: BehaviourParameters,
    ingestion: IngestionParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The cases of functional tests, and the rows that are none."""
    result = suites.read_suites(
        behaviour.suites,
        tasks=judged_model.tasks,
        raw_folder=raw_folder,
        cleaning=ingestion.cleaning,
    )
    return result.cases, result.rejected


def select_texts(
    examples: pd.DataFrame, judged_model: TrainedModel, behaviour: BehaviourParameters
) -> pd.DataFrame:
    """The test texts that are changed."""
    return test_texts.select_texts(
        examples,
        judged_model,
        max_texts_per_language=behaviour.max_texts_per_language,
        seed=behaviour.seed,
    )


def make_swaps(behaviour_texts: pd.DataFrame, behaviour: BehaviourParameters) -> pd.DataFrame:
    """Texts about another person, place or group."""
    return swaps.make_swaps(behaviour_texts, behaviour.swaps, seed=behaviour.seed)


def perturb_texts(behaviour_texts: pd.DataFrame, behaviour: BehaviourParameters) -> pd.DataFrame:
    """Texts written another way."""
    return perturbing.perturb_texts(behaviour_texts, behaviour.invariance, seed=behaviour.seed)


def predict_cases(
    judged_model: TrainedModel,
    suite_cases: pd.DataFrame,
    swap_cases: pd.DataFrame,
    invariance_cases: pd.DataFrame,
    behaviour: BehaviourParameters,
) -> pd.DataFrame:
    """All cases with the model's answers."""
    return judging.predict_cases(
        judged_model,
        [suite_cases, swap_cases, invariance_cases],
        tokens_per_batch=behaviour.tokens_per_batch,
    )


def tabulate_behaviour(
    behaviour_predictions: pd.DataFrame,
    behaviour_texts: pd.DataFrame,
    behaviour: BehaviourParameters,
) -> pd.DataFrame:
    """Rates by test and language; the overall ones are told as metrics, too."""
    table = tables.tabulate_behaviour(behaviour_predictions, behaviour_texts, behaviour)
    tell(Metrics(behaviour_metrics(table), step=0))
    return table


def list_failures(behaviour_predictions: pd.DataFrame) -> pd.DataFrame:
    """The cases that went wrong."""
    return failures.list_failures(behaviour_predictions)


def draw_behaviour(
    behaviour_table: pd.DataFrame, behaviour: BehaviourParameters
) -> tuple[Figure, Figure]:
    """What goes wrong by test, and by language."""
    return (
        plots.draw_tests(behaviour_table, min_group_size=behaviour.min_group_size),
        plots.draw_languages(behaviour_table, min_group_size=behaviour.min_group_size),
    )


def write_behaviour_report(
    behaviour_table: pd.DataFrame,
    behaviour_failures: pd.DataFrame,
    rejected_cases: pd.DataFrame,
    judged_model_origin: dict[str, str],
    behaviour: BehaviourParameters,
) -> str:
    """The HTML page."""
    return report.render_report(
        report.Behaviour(
            table=behaviour_table,
            failures=behaviour_failures,
            rejected=rejected_cases,
            encoder=judged_model_origin["encoder"],
            weights=judged_model_origin["weights"],
            parameters=behaviour,
        )
    )
