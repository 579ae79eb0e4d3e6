"""From what the gate decided to what is registered: a person may decide otherwise, and says so."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import accumulate
from textwrap import shorten
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from ccnlp.errors import CcnlpError, ConfigurationError
from ccnlp.evaluation.gate import Alias, GateParameters
from ccnlp.evaluation.naming import metric_name_of
from ccnlp.evaluation.origin import AGAIN
from ccnlp.evaluation.slices import ALL

logger = logging.getLogger(__name__)

MAX_TAG_CHARACTERS = 5000
"""What registries keep of a tag."""

NEEDED = (
    "alias",
    "outcome",
    "reasons",
    "metrics",
    "comparisons",
    "weights",
    "origin",
    "parameters",
)
"""What registration reads of a decision of the gate."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def _check_digest(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is a number; write the digest in quotes")
    return value


class Override(BaseModel):
    """`override` in `parameters/registration.yml`: a person's decision on one model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alias: Alias = Field(description="what the model is registered as, whatever the gate decides")
    by: Text = Field(description="who decides")
    reason: Text = Field(description="why")
    weights: Annotated[str, BeforeValidator(_check_digest)] = Field(
        pattern="^[0-9a-f]{16}$",
        description="digest of the weights that it is about, as in gate.json; any other model is "
        "refused",
    )


def check_decision(decision: object, *, parameters: GateParameters) -> None:
    """Checks that the gate's decision says all that registration tells, by the same parameters.

    Raises:
        CcnlpError: it is damaged, that of another version of the code, or by other parameters; says
            how to judge again.
    """
    fields: dict[str, Any] = decision if isinstance(decision, dict) else {}
    missing = [name for name in NEEDED if name not in fields]
    if missing:
        raise CcnlpError(
            f"data/08_reporting/gate.json can't be used, as it has no {', '.join(missing)}; {AGAIN}"
        )
    for name, now in parameters.model_dump(mode="json").items():
        was = fields["parameters"].get(name)
        if was != now:
            raise CcnlpError(
                f"the gate decided with registration.gate.{name} {was}, which is {now} now "
                f"(parameters/registration.yml); {AGAIN}"
            )


def apply_override(decision: Mapping[str, Any], override: Override | None) -> dict[str, Any]:
    """The gate's decision, or the person's, with the gate's beside it.

    Args:
        decision: of the gate, with the digest of the `weights` that it is about.
        override: of a person, or `None`.

    Raises:
        ConfigurationError: the override is about another model.
    """
    gate_alias, weights = decision["alias"], decision["weights"]
    if override is None:
        return {**decision, "gate_alias": gate_alias, "override": None}
    if override.weights != weights:
        raise ConfigurationError(
            f"registration.override, by {override.by!r}, is about the weights {override.weights}, "
            f"and the model has {weights}: a decision on one model is not applied to another. "
            f'Remove it, or decide anew with weights: "{weights}" (parameters/registration.yml), '
            "and register: kedro run --pipelines registration"
        )
    logger.warning(
        "registered as %s by %s, where the gate decides for %s: %s",
        override.alias,
        override.by,
        gate_alias,
        override.reason,
    )
    stated = override.model_dump(exclude={"weights"})
    return {**decision, "alias": override.alias, "gate_alias": gate_alias, "override": stated}


def groups_by_verdict(decision: Mapping[str, Any]) -> dict[str, list[str]]:
    """The groups of the gate's slices by verdict, such as `culture MX`.

    They begin with their task where there are several.
    """
    comparisons = decision["comparisons"]
    has_many_tasks = len({comparison["task"] for comparison in comparisons}) > 1
    groups = defaultdict(list)
    for comparison in comparisons:
        words = [comparison["task"]] if has_many_tasks else []
        words += (
            ["all rows"]
            if comparison["slice"] == ALL
            else [comparison["slice"], comparison["group"]]
        )
        groups[comparison["verdict"]].append(" ".join(words))
    return dict(groups)


def judged_by(decision: Mapping[str, Any]) -> str:
    """The gate's metric, such as `macro-F1`; of several with the tasks; empty without a task."""
    metrics: Mapping[str, str] = decision["metrics"]
    names = {task: metric_name_of(metric) for task, metric in metrics.items()}
    if len(set(names.values())) < 2:
        return "".join(set(names.values()))
    return ", ".join(f"{name} for {task}" for task, name in names.items())


def gate_line(decision: Mapping[str, Any]) -> str:
    """The decision in a line, such as `Gate by macro-F1: failed, for challenger; 1 regressed`."""
    counts = [f"{len(names)} {verdict}" for verdict, names in groups_by_verdict(decision).items()]
    alias = decision.get("gate_alias", decision["alias"])
    gate = f"Gate by {judged_by(decision)}" if decision["metrics"] else "Gate"
    return "; ".join([f"{gate}: {decision['outcome']}, for {alias}", ", ".join(counts)]).rstrip(
        "; "
    )


def override_line(decision: Mapping[str, Any]) -> str:
    """Who decided otherwise and why; empty where nobody did."""
    stated = decision.get("override")
    return f"{stated['alias']} by {stated['by']}: {stated['reason']}" if stated else ""


def promotion_tags(decision: Mapping[str, Any]) -> dict[str, str]:
    """The decision as tags of a model version; without those that would be empty."""
    groups = groups_by_verdict(decision)
    by_verdict = {
        f"gate.{verdict.replace(' ', '_')}": _shorten_list(names)
        for verdict, names in groups.items()
    }
    tags = {
        "gate.outcome": decision["outcome"],
        "gate.alias": decision["gate_alias"],
        "gate.metric": judged_by(decision),
        "gate.reasons": shorten(
            "; ".join(decision["reasons"]), MAX_TAG_CHARACTERS, placeholder=" …"
        ),
        **by_verdict,
        "override": override_line(decision),
        "weights": decision["weights"],
    }
    return {name: value for name, value in tags.items() if value}


def _shorten_list(names: Sequence[str]) -> str:
    """As many of the names as a tag holds, and how many more there are."""
    lengths = accumulate(len(name) + 2 for name in names)
    num_shown = sum(length < MAX_TAG_CHARACTERS - 20 for length in lengths)
    num_more = len(names) - num_shown
    return ", ".join([*names[:num_shown], *([f"and {num_more:,} more"] if num_more else [])])
