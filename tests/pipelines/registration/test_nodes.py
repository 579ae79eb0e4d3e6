import dataclasses
from pathlib import Path

import pandas as pd
import pytest
from kedro.config import OmegaConfigLoader

from ccnlp.errors import CcnlpError
from ccnlp.evaluation.scores import COLUMNS
from ccnlp.pipelines.registration import nodes
from ccnlp.pipelines.registration.parameters import RegistrationParameters
from ccnlp.tasks.base import TasksParameters, build_tasks

CONF = Path(__file__).parents[3] / "conf"
PARAMETERS = RegistrationParameters.model_validate(
    {
        "gate": {
            "min_score": 0.4,
            "min_gain_over_baseline": 0.0,
            "min_gain_over_champion": 0.0,
            "max_regression": 0.02,
            "slices": ["language", "culture"],
        },
        "serving": {"max_texts": 2, "max_characters": 50, "tokens_per_batch": 256},
    }
)


@pytest.fixture
def scores() -> pd.DataFrame:
    place = {"task": "sentiment", "corpus": "seed", "split": "test", "system": "finetuned"}
    names = {"slice": "all", "group": "all", "metric": "macro_f1", "baseline": "tfidf", "n": 9}
    numbers = {"score": 0.6, "difference": 0.1, "difference_low": 0.01, "difference_high": 0.2}
    numbers["is_small"] = False
    rows = [place | names | numbers | {"slice": name} for name in ("all", "language", "culture")]
    return pd.DataFrame(rows, columns=COLUMNS)


def origin(model, version=None):
    return {"weights": model.weights_digest, "champion_version": version, "confidence": 0.95}


def test_first_model_becomes_champion(scores, tiny_model):
    nothing = pd.DataFrame(columns=[*COLUMNS, "champion_version"])
    decision = nodes.decide_promotion(
        scores, nothing, origin(tiny_model), tiny_model, None, None, PARAMETERS
    )
    assert decision["alias"] == "champion"


def test_scores_of_other_weights_decide_nothing(scores, tiny_model):
    other = {**origin(tiny_model), "weights": "0a"}
    with pytest.raises(CcnlpError, match="evaluate again"):
        nodes.decide_promotion(scores, scores, other, tiny_model, None, None, PARAMETERS)


def test_champion_with_a_task_that_the_model_lacks_stays(scores, tiny_model):
    topic = build_tasks(
        TasksParameters.model_validate(
            {"topic": {"kind": "sequence_classification", "loss_weight": 1, "labels": ["a", "b"]}}
        )
    )
    champion = dataclasses.replace(tiny_model, tasks={**tiny_model.tasks, **topic})
    comparison = scores.assign(champion_version="4")
    decision = nodes.decide_promotion(
        scores, comparison, origin(tiny_model, "4"), tiny_model, champion, "4", PARAMETERS
    )
    assert decision["alias"] == "challenger"
    assert decision["reasons"][0].startswith("topic: the champion answers this task")


def test_champion_is_compared_where_it_has_the_same_task(scores, tiny_model):
    comparison = scores.assign(difference_low=-0.01, champion_version="4")
    decision = nodes.decide_promotion(
        scores, comparison, origin(tiny_model, "4"), tiny_model, tiny_model, "4", PARAMETERS
    )
    assert decision["alias"] == "challenger"
    assert "against the champion" in decision["reasons"][0]


def test_package_holds_all_that_the_registry_needs(tiny_model):
    examples = pd.DataFrame(
        {"split": ["train", "test"], "text": ["a", "b"], "language": "en", "culture": "GB"}
    )
    package = nodes.package_model(
        tiny_model,
        {"alias": "champion", "reasons": ["good"]},
        "# card",
        {"seed": {"fingerprint": "01ab"}},
        examples,
        PARAMETERS,
    )
    assert (package.alias, package.reasons, package.card) == ("champion", ("good",), "# card")
    assert package.tags["data.seed"] == "01ab"
    assert package.example.to_dict("list") == {"text": ["b"], "language": ["en"], "culture": ["GB"]}
    assert package.parameters.max_texts == 2


def test_model_without_a_task_that_can_be_judged_is_challenger(scores, tiny_model):
    tasks = {name: WritingTask() for name in tiny_model.tasks}
    model = dataclasses.replace(tiny_model, tasks=tasks)
    nothing = scores.iloc[:0]
    decision = nodes.decide_promotion(
        nothing, nothing, {**origin(model), "weights": None}, model, None, None, PARAMETERS
    )
    assert decision["alias"] == "challenger"
    assert decision["reasons"] == [
        "no task of the model has one label a row, so nothing was judged"
    ]


class WritingTask:
    """Of a task that writes text, what the gate asks for."""

    labels = ()


@pytest.mark.parametrize(("environment", "name"), [("base", "ccnlp"), ("umsab", "ccnlp-umsab")])
def test_environment_registers_its_models_under_its_own_name(environment, name):
    loader = OmegaConfigLoader(
        str(CONF),
        base_env="base",
        default_run_env=environment,
        config_patterns={"catalog": ["catalog/registration.yml"]},
    )
    assert loader["catalog"]["registered_model"]["model_name"] == name
