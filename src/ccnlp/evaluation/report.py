"""One HTML page for people, and the model card."""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ccnlp.evaluation.abstention_view import AbstentionTables, AbstentionView, view_abstention
from ccnlp.evaluation.contested_view import view_contested
from ccnlp.evaluation.fairness_view import VERDICTS, FairnessTables, view_fairness
from ccnlp.evaluation.naming import describe_group, metric_name_of, short_group, slice_name_of
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.promotion import gate_line, groups_by_verdict, judged_by
from ccnlp.evaluation.published import compare_with_published
from ccnlp.evaluation.slices import ALL, LANGUAGE_AVERAGE
from ccnlp.evaluation.stages import StageReport, tables_of
from ccnlp.evaluation.summary import (
    GroupRow,
    group_rows,
    headline_name,
    kind_metrics,
    language_rows,
    summarise,
)
from ccnlp.evaluation.systems import (
    SHORT_NAMES,
    SYSTEM_COLOURS,
    SYSTEMS,
    in_order,
    leading_system,
)
from ccnlp.examples import groups_by_columns
from ccnlp.models.checkpoint import EncoderCheckpoint
from ccnlp.pages.page import environment, render_page
from ccnlp.tasks.answers import right_or_wrong
from ccnlp.tasks.base import Task

if TYPE_CHECKING:
    from jinja2 import Environment
    from plotly.graph_objects import Figure

TEMPLATES = Path(__file__).parent / "templates"
MAX_TEXT_CHARACTERS = 400
MAIN_SLICES = ("language", "language_culture")
METRIC_OF_LABELS = "f1"

Findings = Mapping[str, Mapping[str, Sequence[str]]]
"""By stage and title, sentences for people."""


@dataclass(frozen=True)
class Judgement:
    """What the report and the model card tell of.

    Attributes:
        scores: of `score_predictions`.
        corpora: by corpus `num_rows`, `licence`, `fingerprint`, `languages`, `cultures`.
        encoder: what was fine-tuned.
        parameters: how the scores were made.
    """

    scores: pd.DataFrame
    corpora: Mapping[str, Mapping[str, Any]]
    encoder: EncoderCheckpoint
    parameters: EvaluationParameters
    fairness: FairnessTables | None = None
    """How groups compare, and what the gate decided; the report's section on it."""
    abstention: AbstentionTables | None = None
    """When each system answers; the report's section on it."""
    contested: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By task, how far the answers of cultures lie apart; the report's section on it."""
    hub_tasks: Mapping[str, str] = field(default_factory=dict)
    """By task what hubs of models call it, for the metadata of the card."""


def render_report(
    judgement: Judgement,
    *,
    failures: pd.DataFrame,
    figures: "Sequence[Figure]",
    stages: Mapping[str, StageReport],
    findings: Findings | None = None,
) -> str:
    """The page: self-contained, readable without a network, all texts escaped.

    Args:
        judgement: the scores, and what was scored.
        failures: of `list_failures`.
        figures: in the order in which they are shown.
        stages: reports of the stages before, by their name.
        findings: what a stage found out, in sentences.
    """
    return render_page(
        "report.html.j2",
        templates=TEMPLATES,
        figures=figures,
        **_common(judgement),
        **_fairness(judgement),
        contested={
            task: view_contested(summary, max_characters=MAX_TEXT_CHARACTERS)
            for task, summary in judgement.contested.items()
        },
        failures=failures.to_dict("records"),
        stages={name: tables_of(report) for name, report in stages.items()},
        findings=findings or {},
        benchmark=compare_with_published(judgement.scores, judgement.parameters.published),
        colours=SYSTEM_COLOURS,
    )


def render_model_card(judgement: Judgement, *, max_length_tokens: int) -> str:
    """The model card in Markdown, with the metadata that model hubs read.

    Args:
        judgement: the scores, and what was scored.
        max_length_tokens: tokens of a text that the model reads.
    """
    import yaml

    common = _common(judgement)
    front_matter = yaml.safe_dump(_card_metadata(judgement, common), sort_keys=False, width=100)
    template = _templates().get_template("model_card.md.j2")
    return template.render(**common, front_matter=front_matter, max_length_tokens=max_length_tokens)


def with_promotion(card: str, decision: Mapping[str, Any]) -> str:
    """The model card with what was decided about the model, by whom and why, as first section.

    Registries show the beginning of a card.
    """
    template = _templates().get_template("promotion.md.j2")
    has_override = bool(decision.get("override"))
    section = template.render(decision=decision, override=has_override, line=gate_line(decision))
    head, heading, rest = card.partition("\n## ")
    return f"{head.rstrip()}\n{section}{heading}{rest}"


def describe_agreement(summaries: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """By title, what is to be said of each corpus that several people labelled.

    Args:
        summaries: by corpus, of `agreement.summary.summarise_agreement`.
    """
    return {
        f"How far the people who labelled {corpus} agree": summary["sentences"]
        for corpus, summary in summaries.items()
    }


def list_failures(
    predictions: pd.DataFrame,
    examples: pd.DataFrame,
    tasks: Mapping[str, Task],
    *,
    per_culture: int,
) -> pd.DataFrame:
    """The leading system's most confident errors on test, some for each task, language and culture.

    A row without a reference is no error. Of a task that reads several texts, such as a question
    and its passage, all are shown.

    Columns: `place`, `name` of it, `text`, `reference`, `prediction`, `confidence`.
    """
    columns = ["place", "name", "text", "reference", "prediction", "confidence"]
    marked = right_or_wrong(predictions, tasks)
    test = marked[marked["split"] == "test"]
    if not len(test):
        return pd.DataFrame(columns=columns)
    labelled = test[(test["system"] == leading_system(test["system"])) & test["reference"].notna()]
    wrong = labelled[labelled["reference"] != labelled["prediction"]].sort_values(
        ["language", "culture", "confidence"], ascending=[True, True, False]
    )
    failures = wrong[
        wrong.groupby(["task", "language", "culture"], observed=True).cumcount() < per_culture
    ]
    failed_examples = examples[examples["id"].isin(failures["example_id"])].drop_duplicates("id")
    texts = {
        key: _shorten(text)
        for name, rows in failed_examples.groupby("task", observed=True)
        for key, text in zip(rows["id"], tasks[str(name)].texts(rows), strict=True)
    }
    groups = groups_by_columns(failures, ["language", "culture"])
    return failures.assign(
        text=[texts.get(example, "") for example in failures["example_id"]],
        place=[short_group("language_culture", group) for group in groups],
        name=[describe_group("language_culture", group) for group in groups],
    )[columns]


def _shorten(text: str) -> str:
    if len(text) <= MAX_TEXT_CHARACTERS:
        return text
    return text[:MAX_TEXT_CHARACTERS].rstrip() + " …"


def _common(judgement: Judgement) -> dict[str, Any]:
    scores = judgement.scores
    systems = in_order(scores["system"].unique())
    tasks = list(scores["task"].unique())
    return {
        "tasks": {task: _task_view(scores[scores["task"] == task], str(task)) for task in tasks},
        "systems": {system: SYSTEMS[system] for system in systems},
        "short_names": SHORT_NAMES,
        "leading": leading_system(systems) if systems else "",
        "corpora": judgement.corpora,
        "demonstrations": [
            name
            for name in judgement.corpora
            if name in judgement.parameters.report.demonstration_corpora
        ],
        "languages": sorted({row.key for row in group_rows(scores, "language")}),
        "abstention": _abstention(judgement, map(str, tasks)),
        "encoder": judgement.encoder,
        "parameters": judgement.parameters,
        "percent": f"{100 * judgement.parameters.confidence:g} %",
        "ALL": ALL,
        "LANGUAGE_AVERAGE": LANGUAGE_AVERAGE,
    }


def _fairness(judgement: Judgement) -> dict[str, Any]:
    """Of tasks in the order of the scores; nothing where nobody compared groups."""
    tables = judgement.fairness
    if tables is None:
        return {"fairness": {}, "gate": None}
    tasks = [str(task) for task in judgement.scores["task"].unique()]
    return {
        "fairness": {task: view_fairness(tables, task, judgement.parameters) for task in tasks},
        "verdicts": VERDICTS,
        "gate": tables.gate,
        "gate_groups": groups_by_verdict(tables.gate),
        "gate_metric": judged_by(tables.gate),
    }


def _abstention(judgement: Judgement, tasks: Iterable[str]) -> dict[str, AbstentionView]:
    """Of the tasks with labelled test rows; nothing where nobody measured it."""
    tables = judgement.abstention
    views = {task: view_abstention(tables, task) for task in tasks} if tables else {}
    return {task: view for task, view in views.items() if view is not None}


def _card_metadata(judgement: Judgement, common: Mapping[str, Any]) -> dict[str, Any]:
    licences = sorted({str(corpus["licence"]) for corpus in judgement.corpora.values()})
    results: list[dict[str, Any]] = [
        {
            "task": {"type": judgement.hub_tasks.get(str(task), "other"), "name": str(task)},
            "dataset": {"name": ", ".join(judgement.corpora), "split": "test"},
            "metrics": [
                {
                    "type": _metric_type(str(view["metric"])),
                    "name": f"{view['metric']}, {name}",
                    "value": round(overall[group].cells[common["leading"]].score.value, 1),
                }
                for group, name in ((ALL, "all rows"), (LANGUAGE_AVERAGE, "mean over languages"))
            ],
        }
        for task, view in common["tasks"].items()
        if ALL in (overall := view["overall"])
    ]
    return {
        "library_name": "transformers",
        "pipeline_tag": results[0]["task"]["type"] if results else "other",
        "language": common["languages"],
        "license": "other",
        "license_name": "; ".join(licences),
        "base_model": judgement.encoder.name,
        "tags": ["ccnlp", *map(str, common["tasks"])],
        "metrics": sorted({metric["type"] for result in results for metric in result["metrics"]}),
        "model-index": [{"name": "ccnlp", "results": results}],
    }


def _metric_type(name: str) -> str:
    """What hubs call a metric: the names that they know, or its own."""
    return next((hub_name for hub_name in ("f1", "accuracy") if hub_name in name.lower()), name)


def _escape_markdown(value: object) -> str:
    """Text that stays text in Markdown: no HTML, no table cell, no line of its own."""
    text = html.escape(str(value), quote=False)
    return re.sub(r"\s+", " ", re.sub(r"([|`*_\[\]\\])", r"\\\1", text))


def _task_view(scores: pd.DataFrame, task: str) -> dict[str, Any]:
    return {
        "summary": summarise(scores, task=task),
        "overall": {row.key: row for row in group_rows(scores, ALL, task=task)},
        "calibration": {
            row.key: row for row in group_rows(scores, ALL, metric="calibration_error", task=task)
        },
        "distances": {
            row.key: row
            for row in group_rows(scores, ALL, metric="jensen_shannon_distance", task=task)
        },
        "slices": language_rows(scores, task=task),
        "more_slices": _more_slices(scores, task),
        "baseline": str(scores["baseline"].iloc[0]),
        "metric": headline_name(scores, task),
        "more_metrics": _more_metrics(scores, task),
    }


def _more_metrics(scores: pd.DataFrame, task: str) -> dict[str, GroupRow]:
    """All rows in the task's own metrics beside the headline, by the metrics' names."""
    rows = {
        metric_name_of(metric): group_rows(scores, ALL, metric=metric, task=task)
        for metric in kind_metrics(scores, task)
    }
    return {
        name: next(row for row in metric_rows if row.key == ALL)
        for name, metric_rows in rows.items()
        if metric_rows
    }


def _more_slices(scores: pd.DataFrame, task: str) -> dict[str, list[GroupRow]]:
    """The other slices that divide the rows, by their title."""
    other_slices = [
        name for name in scores["slice"].unique() if name not in (ALL, "label", *MAIN_SLICES)
    ]
    slices = {
        f"by {slice_name_of(name)}": group_rows(scores, name, task=task) for name in other_slices
    }
    labels = group_rows(scores, "label", metric=METRIC_OF_LABELS, task=task)
    return {"by label (F1)": labels} | {
        title: rows for title, rows in slices.items() if len(rows) > 1
    }


def _templates() -> "Environment":
    templates = environment(TEMPLATES)
    templates.filters["markdown"] = _escape_markdown
    return templates
