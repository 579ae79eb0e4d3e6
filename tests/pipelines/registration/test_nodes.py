import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from kedro.config import OmegaConfigLoader
from pydantic import ValidationError
from tests.tasks.retrieval_options import OPTIONS

from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.errors import CcnlpError, ConfigurationError
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.promotion import Override, promotion_tags
from ccnlp.pipelines.registration import nodes
from ccnlp.pipelines.registration.parameters import RegistrationParameters
from ccnlp.retrieval.index import PassageIndex
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

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
        "override": None,
        "serving": {
            "max_texts": 2,
            "max_characters": 50,
            "max_tokens": 9999,
            "tokens_per_batch": 256,
        },
    }
)


LABELS = ["negative", "neutral", "positive"]
TASKS = TasksParameters.model_validate(
    {"sentiment": {"kind": "sequence_classification", "loss_weight": 1, "labels": LABELS}}
)
CULTURE = CultureParameters.model_validate(
    yaml.safe_load((CONF / "base/parameters/culture.yml").read_text(encoding="utf-8"))["culture"]
)

EVALUATION = EvaluationParameters.model_validate(
    yaml.safe_load((CONF / "base/parameters/evaluation.yml").read_text(encoding="utf-8"))[
        "evaluation"
    ]
)

EXAMPLE = {"task": "sentiment", "text": "b", "language": "en", "culture": "GB"}

GATE = {
    "alias": "challenger",
    "outcome": "failed",
    "reasons": ["sentiment: culture MX loses: -10.0 against the champion (-14.0 to -6.0), n = 80"],
    "metrics": {"sentiment": "macro_f1"},
    "comparisons": [
        {"task": "sentiment", "slice": slice_, "group": group, "verdict": verdict}
        for slice_, group, verdict in (
            ("all", "all", "improved"),
            ("culture", "MX", "regressed"),
            ("culture", "SN", "too small"),
        )
    ],
}


def gate_of(model, version=None):
    """What the gate decided of a model."""
    origin = {"weights": model.weights_digest, "champion_version": version, "confidence": 0.95}
    by = {"origin": origin, "parameters": PARAMETERS.gate.model_dump(mode="json")}
    return {**GATE, "weights": model.weights_digest, **by}


def thresholds_for(weights, **choices):
    """The threshold of each system, as chosen on validation."""
    numbers = {"max_error_rate": 0.2, "confidence": 0.95, "min_disagreement": 0.1}
    measured = {"n": 90, "coverage": 0.5, "error_rate": 0.1, "error_bound": 0.15}
    chosen = {name: {"threshold": threshold, **measured} for name, threshold in choices.items()}
    return {"weights": weights, **numbers, "tasks": {"sentiment": chosen}}


def decide(gate, model, version, registration, culture=CULTURE):
    return nodes.decide_promotion(gate, model, version, TASKS, culture, registration)


def with_override(**changes):
    stated = {"alias": "champion", "by": "Ada", "reason": "MX is sold off.", "weights": "0" * 16}
    override = Override.model_validate(stated | changes)
    return PARAMETERS.model_copy(update={"override": override})


def test_gate_decides_where_nobody_else_does(tiny_model):
    decision = decide(gate_of(tiny_model), tiny_model, None, PARAMETERS)
    assert (decision["alias"], decision["gate_alias"]) == ("challenger", "challenger")
    assert decision["override"] is None


def test_scores_of_other_weights_decide_nothing(tiny_model):
    gate = gate_of(tiny_model)
    other = {**gate, "origin": {**gate["origin"], "weights": "0a"}}
    with pytest.raises(CcnlpError, match="evaluate again"):
        decide(other, tiny_model, None, PARAMETERS)


def test_model_that_is_told_of_culture_otherwise_is_not_registered(tiny_model):
    culture = CULTURE.model_copy(update={"conditioning": "prefix"})
    with pytest.raises(
        CcnlpError, match=r"nothing of culture, .* told of culture, language by pre"
    ):
        decide(gate_of(tiny_model), tiny_model, None, PARAMETERS, culture=culture)


def test_comparison_with_another_champion_decides_nothing(tiny_model):
    with pytest.raises(CcnlpError, match="now there is version 4 as champion"):
        decide(gate_of(tiny_model, "3"), tiny_model, "4", PARAMETERS)


@pytest.mark.parametrize("alias", ["champion", "challenger"])
def test_person_decides_otherwise_and_the_gate_stays_visible(tiny_model, alias, caplog):
    parameters = with_override(alias=alias, weights=tiny_model.weights_digest)
    decision = decide(gate_of(tiny_model), tiny_model, None, parameters)
    assert (decision["alias"], decision["gate_alias"]) == (alias, "challenger")
    assert decision["override"] == {"alias": alias, "by": "Ada", "reason": "MX is sold off."}
    assert f"registered as {alias} by Ada, where the gate decides for challenger" in caplog.text


def test_decision_on_another_model_is_refused(tiny_model):
    with pytest.raises(ConfigurationError) as caught:
        decide(gate_of(tiny_model), tiny_model, None, with_override())
    message = str(caught.value)
    assert "by 'Ada', is about the weights 0000000000000000, and the model has" in message
    assert f'weights: "{tiny_model.weights_digest}"' in message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"by": " "}, "by\n  String should have at least 1 character"),
        ({"reason": ""}, "reason\n  String should have at least 1 character"),
        ({"weights": 1234567890123456}, "is a number; write the digest in quotes"),
        ({"weights": "latest"}, "String should match pattern"),
        ({"alias": "best"}, "Input should be 'champion' or 'challenger'"),
    ],
)
def test_override_that_binds_nothing_or_nobody_is_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        with_override(**changes)


def test_package_tells_the_decision_in_tags_and_card(tiny_model):
    parameters = with_override(weights=tiny_model.weights_digest)
    decision = decide(gate_of(tiny_model), tiny_model, None, parameters)
    examples = pd.DataFrame([{**EXAMPLE, "split": "test"}])
    thresholds = thresholds_for(tiny_model.weights_digest)
    package = nodes.package_model(
        tiny_model, decision, "# card", {}, examples, thresholds, EVALUATION, parameters
    )
    assert package.alias == "champion"
    assert package.tags["override"] == "champion by Ada: MX is sold off."
    assert package.tags["gate.alias"] == "challenger"
    assert package.tags["gate.regressed"] == "culture MX"
    assert package.tags["gate.too_small"] == "culture SN"
    assert package.tags["gate.reasons"].startswith("sentiment: culture MX loses")
    assert package.tags["weights"] == tiny_model.weights_digest
    assert package.card.startswith("# card\n\n## Promotion\n")
    assert "Registered as champion by Ada: MX is sold off." in package.card
    assert "The gate would have decided for challenger." in package.card
    assert "- sentiment: culture MX loses: -10.0 against the champion" in package.card


def test_tags_of_many_groups_are_cut_and_counted():
    part = {"task": "sentiment", "slice": "culture", "verdict": "inconclusive"}
    parts = [{**part, "group": f"group-{row:04d}"} for row in range(500)]
    reasons = ["sentiment: too few test rows", *["word"] * 3000]
    decision = {**GATE, "weights": "0a", "gate_alias": "challenger", "comparisons": parts}
    tags = promotion_tags({**decision, "reasons": reasons})
    assert all(len(value) <= 5000 for value in tags.values())
    shown = tags["gate.inconclusive"].split(", ")
    assert shown[-1] == f"and {500 - len(shown) + 1} more"
    assert tags["gate.reasons"].endswith(" …")


def test_package_holds_all_that_the_registry_needs(tiny_model):
    examples = pd.DataFrame([{**EXAMPLE, "split": split} for split in ("train", "test")])
    package = nodes.package_model(
        tiny_model,
        {**gate_of(tiny_model), "alias": "champion", "gate_alias": "champion", "reasons": ["good"]},
        "# card",
        {"seed": {"fingerprint": "01ab"}},
        examples,
        thresholds_for(tiny_model.weights_digest, finetuned=0.7, tfidf=0.4),
        EVALUATION,
        PARAMETERS,
    )
    assert (package.alias, package.reasons) == ("champion", ("good",))
    assert package.tags["data.seed"] == "01ab"
    assert package.example.to_dict("list") == {"text": ["b"], "language": ["en"], "culture": ["GB"]}
    assert package.parameters.max_texts == 2
    assert package.thresholds.abstention == {"sentiment": 0.7}
    assert package.thresholds.min_disagreement == 0.1


@pytest.mark.parametrize("chosen", [{"finetuned": None}, {"tfidf": 0.4}, {}])
def test_model_without_a_threshold_is_packaged_without_one(tiny_model, chosen):
    decision = {**gate_of(tiny_model), "gate_alias": "challenger", "override": None}
    examples = pd.DataFrame([{**EXAMPLE, "split": "test"}])
    thresholds = thresholds_for(None, **chosen)
    package = nodes.package_model(
        tiny_model, decision, "# card", {}, examples, thresholds, EVALUATION, PARAMETERS
    )
    assert package.thresholds.abstention == {}


def test_thresholds_of_other_weights_are_refused(tiny_model):
    with pytest.raises(CcnlpError, match=r"the thresholds are of other weights \(0a\) .*evaluate"):
        nodes.package_model(
            tiny_model, GATE, "", {}, pd.DataFrame(), thresholds_for("0a"), EVALUATION, PARAMETERS
        )


def test_passages_of_other_weights_are_refused(tiny_model):
    finding = {"kind": "retrieval", "loss_weight": 1, "options": OPTIONS}
    tasks = build_tasks(TasksParameters.model_validate({"finding": finding}))
    model = dataclasses.replace(tiny_model, tasks={**tiny_model.tasks, **tasks})
    table = pd.DataFrame({"passage_id": ["0"], "language": ["en"], "passage": ["one"]})
    older = PassageIndex(table, np.ones((1, 2), np.float32), origin="weights 0a", task="finding")
    thresholds = thresholds_for(tiny_model.weights_digest)
    with pytest.raises(CcnlpError, match=r"made with weights 0a, .* --pipelines retrieval"):
        nodes.package_model(
            model, GATE, "", {}, pd.DataFrame(), thresholds, EVALUATION, PARAMETERS, older
        )


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"max_error_rate": None, "tasks": {}},
            "evaluation.abstention.max_error_rate None, which is 0.2 now",
        ),
        ({"max_error_rate": 0.1}, "evaluation.abstention.max_error_rate 0.1, which is 0.2 now"),
        ({"confidence": 0.9}, "evaluation.confidence 0.9, which is 0.95 now"),
        ({"min_disagreement": 0.3}, "evaluation.by_culture.min_disagreement 0.3, which is 0.1 now"),
    ],
)
def test_thresholds_that_were_chosen_for_something_else_are_refused(tiny_model, changed, message):
    older = {**thresholds_for(tiny_model.weights_digest), **changed}
    with pytest.raises(CcnlpError, match=f"the thresholds were chosen with {message}.*evaluate"):
        nodes.package_model(tiny_model, GATE, "", {}, pd.DataFrame(), older, EVALUATION, PARAMETERS)


def test_decision_by_other_parameters_of_the_gate_is_refused(tiny_model):
    stricter = PARAMETERS.gate.model_copy(update={"min_score": 0.9})
    registration = PARAMETERS.model_copy(update={"gate": stricter})
    with pytest.raises(
        CcnlpError, match=r"with registration\.gate\.min_score 0\.4, which is 0\.9 now .*evaluate"
    ):
        decide(gate_of(tiny_model), tiny_model, None, registration)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ([], r"can't be used: the file: Input should be"),
        ({**thresholds_for("0a"), "min_disagreement": 7}, "min_disagreement: Input should be less"),
        (thresholds_for("0a", finetuned="high"), r"tasks\.sentiment\.finetuned\.threshold: Input"),
        (
            {**thresholds_for("0a"), "tasks": {"sentimen": {}}},
            r"there is no 'sentimen'; did you mean 'sentiment'\?",
        ),
    ],
)
def test_damaged_thresholds_are_refused_with_the_way_to_make_them_again(
    tiny_model, written, message
):
    with pytest.raises(CcnlpError, match=f"thresholds.json .*{message}.*; evaluate again: kedro"):
        nodes.package_model(
            tiny_model, GATE, "", {}, pd.DataFrame(), written, EVALUATION, PARAMETERS
        )


def test_decision_of_an_older_gate_is_refused_with_the_way_to_judge_again(tiny_model):
    older = {name: value for name, value in gate_of(tiny_model).items() if name != "metrics"}
    with pytest.raises(
        CcnlpError, match=r"gate\.json can't be used, as it has no metrics; evaluate"
    ):
        decide(older, tiny_model, None, PARAMETERS)
    with pytest.raises(CcnlpError, match="as it has no alias, outcome, reasons, "):
        decide([], tiny_model, None, PARAMETERS)


@pytest.mark.parametrize(("environment", "name"), [("base", "ccnlp"), ("umsab", "ccnlp-umsab")])
def test_environment_registers_its_models_under_its_own_name(environment, name):
    loader = OmegaConfigLoader(
        str(CONF),
        base_env="base",
        default_run_env=environment,
        config_patterns={"catalog": ["catalog/registration.yml"]},
    )
    assert loader["catalog"]["registered_model"]["model_name"] == name
