"""One HTML page for people, and the model card."""

import html
import json
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ccnlp.evaluation.naming import describe_group, short_group, slice_name_of
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.published import compare_with_published
from ccnlp.evaluation.scores import ALL, LANGUAGE_AVERAGE
from ccnlp.evaluation.slices import groups_by_columns
from ccnlp.evaluation.stages import StageReport, tables_of
from ccnlp.evaluation.summary import GroupRow, group_rows, place_rows, summarise
from ccnlp.evaluation.systems import (
    SHORT_NAMES,
    SYSTEM_COLOURS,
    SYSTEMS,
    in_order,
    leading_system,
)
from ccnlp.models.checkpoint import EncoderCheckpoint

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


@dataclass(frozen=True)
class Picture:
    """A figure of the report.

    Attributes:
        titles: one for each view, the first shown at once.
        json: data and layout, as a script element can hold them.
    """

    titles: tuple[str, ...]
    json: str


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
    from plotly.offline import get_plotlyjs

    template = _templates().get_template("report.html.j2")
    return template.render(
        **_common(judgement),
        plotly_js=get_plotlyjs(),
        pictures=[_picture(figure) for figure in figures],
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
    predictions: pd.DataFrame, examples: pd.DataFrame, *, per_culture: int
) -> pd.DataFrame:
    """The leading system's most confident errors on test, some for each language and culture.

    Columns: `place`, `name` of it, `text`, `reference`, `prediction`, `confidence`.
    """
    columns = ["place", "name", "text", "reference", "prediction", "confidence"]
    test = predictions[predictions["split"] == "test"]
    if not len(test):
        return pd.DataFrame(columns=columns)
    wrong = test[
        (test["system"] == leading_system(test["system"]))
        & (test["reference"] != test["prediction"])
    ].sort_values(["language", "culture", "confidence"], ascending=[True, True, False])
    chosen = wrong[wrong.groupby(["language", "culture"]).cumcount() < per_culture]
    shown = examples[examples["id"].isin(chosen["example_id"])].drop_duplicates("id")
    texts = {row["id"]: _shorten(str(row.get("text", ""))) for row in shown.to_dict("records")}
    groups = groups_by_columns(chosen, ["language", "culture"])
    return chosen.assign(
        text=[texts.get(example, "") for example in chosen["example_id"]],
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
        "tasks": {task: _task(scores[scores["task"] == task], str(task)) for task in tasks},
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
        "encoder": judgement.encoder,
        "parameters": judgement.parameters,
        "percent": f"{100 * judgement.parameters.confidence:g} %",
        "ALL": ALL,
        "LANGUAGE_AVERAGE": LANGUAGE_AVERAGE,
    }


def _card_metadata(judgement: Judgement, common: Mapping[str, Any]) -> dict[str, Any]:
    licences = sorted({str(corpus["licence"]) for corpus in judgement.corpora.values()})
    results = [
        {
            "task": {"type": "text-classification", "name": str(task)},
            "dataset": {"name": ", ".join(judgement.corpora), "split": "test"},
            "metrics": [
                {
                    "type": "f1",
                    "name": f"macro-F1, {name}",
                    "value": round(overall[group].cells[common["leading"]].score.value, 1),
                }
                for group, name in ((ALL, "all rows"), (LANGUAGE_AVERAGE, "mean over languages"))
            ],
        }
        for task, parts in common["tasks"].items()
        if ALL in (overall := parts["overall"])
    ]
    return {
        "library_name": "transformers",
        "pipeline_tag": "text-classification",
        "language": common["languages"],
        "license": "other",
        "license_name": "; ".join(licences),
        "base_model": judgement.encoder.name,
        "tags": ["ccnlp", *map(str, common["tasks"])],
        "metrics": ["f1", "accuracy", "recall"],
        "model-index": [{"name": "ccnlp", "results": results}],
    }


def _escape_markdown(value: object) -> str:
    """Text that stays text in Markdown: no HTML, no table cell, no line of its own."""
    text = html.escape(str(value), quote=False)
    return re.sub(r"\s+", " ", re.sub(r"([|`*_\[\]\\])", r"\\\1", text))


def _task(scores: pd.DataFrame, task: str) -> dict[str, Any]:
    return {
        "summary": summarise(scores, task=task),
        "overall": {row.key: row for row in group_rows(scores, ALL, task=task)},
        "calibration": {
            row.key: row for row in group_rows(scores, ALL, metric="calibration_error", task=task)
        },
        "slices": place_rows(scores, task=task),
        "more_slices": _more_slices(scores, task),
        "baseline": str(scores["baseline"].iloc[0]),
    }


def _more_slices(scores: pd.DataFrame, task: str) -> dict[str, list[GroupRow]]:
    """The other slices that divide the rows, by their title."""
    others = [name for name in scores["slice"].unique() if name not in (ALL, "label", *MAIN_SLICES)]
    slices = {f"by {slice_name_of(name)}": group_rows(scores, name, task=task) for name in others}
    labels = group_rows(scores, "label", metric=METRIC_OF_LABELS, task=task)
    return {"by label (F1)": labels} | {
        title: rows for title, rows in slices.items() if len(rows) > 1
    }


def _picture(figure: "Figure") -> Picture:
    """The titles go into the page, where they wrap; the figure closes up."""
    from plotly.utils import PlotlyJSONEncoder

    content = deepcopy(figure.to_plotly_json())
    layout = content["layout"]
    titles = [_title(layout)]
    menus = layout.get("updatemenus", ())
    if menus:
        titles = [_title(button["args"][1]) for button in menus[0]["buttons"]]
    layout["title"] = None
    layout["dragmode"] = False
    layout["margin"] = {**layout.get("margin", {}), "t": 86 if menus else 40}
    # Within a script element, "<" could end it or open another.
    text = json.dumps(content, cls=PlotlyJSONEncoder).replace("<", "\\u003c")
    return Picture(tuple(titles), text)


def _title(layout: dict[str, Any]) -> str:
    """Takes the title out of a layout; as text, where Plotly's is HTML."""
    return html.unescape(str((layout.pop("title", None) or {}).get("text", "")))


def _templates() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["markdown"] = _escape_markdown
    return environment
