"""Writes docs/parameters.md from the parameter models and the defaults in conf/base.

With `--check` it writes nothing and fails where the page is not what it would write.
"""

import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from ccnlp.augmentation.parameters import AugmentationParameters
from ccnlp.behaviour.parameters import BehaviourParameters, SuiteEntry
from ccnlp.conditioning.parameters import CultureParameters
from ccnlp.corpora.curation import IngestionParameters
from ccnlp.corpora.entry import CorpusEntry
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.hooks.run_guard import RunParameters
from ccnlp.models.checkpoint import EncoderParameters
from ccnlp.pipelines.registration.parameters import RegistrationParameters
from ccnlp.retrieval.parameters import PassageIndexParameters
from ccnlp.studies.parameters import (
    AugmentationStudyParameters,
    CultureStudyParameters,
    MultitaskStudyParameters,
    TransferStudyParameters,
)
from ccnlp.tasks.base import TASKS
from ccnlp.tasks.parameters import TaskParameters
from ccnlp.tokenisation.parameters import TokenisationParameters
from ccnlp.training.parameters import TrainingParameters

PROJECT = Path(__file__).parents[1]
PAGE = PROJECT / "docs" / "parameters.md"

MODELS: dict[str, type[BaseModel]] = {
    "encoder": EncoderParameters,
    "ingestion": IngestionParameters,
    "augmentation": AugmentationParameters,
    "culture": CultureParameters,
    "tokenisation": TokenisationParameters,
    "training": TrainingParameters,
    "evaluation": EvaluationParameters,
    "registration": RegistrationParameters,
    "behaviour": BehaviourParameters,
    "retrieval": PassageIndexParameters,
    "augmentation_study": AugmentationStudyParameters,
    "culture_study": CultureStudyParameters,
    "multitask_study": MultitaskStudyParameters,
    "transfer_study": TransferStudyParameters,
    "run": RunParameters,
}
ENTRIES: dict[str, type[BaseModel]] = {
    "corpora.<name>": CorpusEntry,
    "tasks.<name>": TaskParameters,
    "behaviour.suites.<name>": SuiteEntry,
}
HEAD = (
    "# Parameters\n\nMade by `scripts/document_parameters.py` from the models and "
    "`conf/base/parameters`. An unknown key, a wrong type or a value out of range ends a run "
    "before any node. Override one with `--params training.epochs=5`, or many in an environment.\n"
)


def rows(model: type[BaseModel], values: Any, prefix: str) -> Iterator[str]:
    """Table rows of a model's fields and of the models in them."""
    for name, field in model.model_fields.items():
        value = values.get(name) if isinstance(values, dict) else None
        inner = nested(field.annotation)
        if inner is not None:
            yield from rows(inner, value, f"{prefix}{name}.")
            continue
        shown = "" if values is None else f"`{short(value)}`"
        yield f"| `{prefix}{name}` | {shown} | {field.description or ''} |"


def nested(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation is, or is besides None."""
    for part in (annotation, *typing.get_args(annotation)):
        if isinstance(part, type) and issubclass(part, BaseModel) and part.model_fields:
            is_plain = typing.get_origin(annotation) not in (dict, list, tuple)
            return part if is_plain and "root" not in part.model_fields else None
    return None


def short(value: Any) -> str:
    """A default as YAML would show it, cut where it is long."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000)
    text = text.removesuffix("\n").removesuffix("\n...").replace("|", "\\|")
    return text if len(text) <= 60 else text[:57] + "..."


def render() -> str:
    """The page."""
    parts = [HEAD]
    for name, model in MODELS.items():
        path = PROJECT / "conf" / "base" / "parameters" / f"{name}.yml"
        values = yaml.safe_load(path.read_text(encoding="utf-8"))[name]
        parts += [f"## {name}\n", "| parameter | default | what |", "|---|---|---|"]
        parts += [*rows(model, values, f"{name}."), ""]
    for name, model in ENTRIES.items():
        parts += [f"## {name}\n", "| key | | what |", "|---|---|---|"]
        parts += [*rows(model, None, ""), ""]
    for kind in sorted(TASKS):
        options = TASKS.get(kind).options_type
        if options.model_fields:
            parts += [
                f"## tasks.<name>.options of kind {kind}\n",
                "| key | | what |",
                "|---|---|---|",
            ]
            parts += [*rows(options, None, ""), ""]
    return "\n".join(parts)


def main() -> None:
    """Writes the page, or checks it."""
    page = render()
    if "--check" not in sys.argv:
        PAGE.write_text(page, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page:
        sys.exit("docs/parameters.md is out of date; run scripts/document_parameters.py")


if __name__ == "__main__":
    main()
