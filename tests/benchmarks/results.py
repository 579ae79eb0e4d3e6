"""`make results`: runs environments, and writes what they score to docs/results.md.

Each environment runs in a copy of the project, one after the other: `kedro run --env NAME`, with
what `--params` says besides. Its section of the page is replaced; the others stay. `--keep` names
a new folder in which the copies stay, with their models, predictions and reports.
"""

import argparse
import contextlib
import os
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml
from tests.benchmarks.corpus import PROJECT
from tests.benchmarks.project import KEDRO, copy_project, environment_of

from ccnlp.evaluation.naming import metric_name_of
from ccnlp.evaluation.parameters import PublishedScores
from ccnlp.evaluation.published import AVERAGE
from ccnlp.evaluation.slices import ALL, LANGUAGE_AVERAGE
from ccnlp.evaluation.summary import GroupRow, group_rows
from ccnlp.evaluation.systems import SYSTEMS

PAGE = PROJECT / "docs" / "results.md"
HEAD = (
    "# Results by environment\n\n"
    "Scores on test in percent with 95 % intervals. "
    '`make results ARGS="NAME"` runs an environment and writes its part of this page; all used the '
    "embedded encoder, multilingual-e5-small, on a processor. Published scores stand "
    "beside ours where the repository of the corpus gives some; what they were measured on is said "
    "below each table. Those of SIB-200, XNLIvar, myXNLI and xSID give none. Macro-F1 is over the "
    "labels that occur in a group, as a reference or an answer: one article that is given a label "
    "which its language lacks costs a whole label.\n\n"
)
MARK = re.compile(r"^<!-- (?P<name>[\w-]+) -->\n", re.MULTILINE)
OURS = "finetuned"
BESIDE = ("tfidf", "probe", "majority")
"""Systems of which at most two stand beside the model, the first that there are."""

MORE = {
    "exact_frame": ("intent_accuracy", "slot_f1"),
    "f1": ("exact_match",),
    "f1_english": ("f1", "exact_match", "exact_match_english"),
    "macro_f1": ("accuracy", "micro_f1"),
    "mean_average_precision": (
        "same_language_mean_average_precision",
        "other_language_mean_average_precision",
        "ndcg_at_10",
        "recall_at_10",
    ),
    "micro_f1": ("relation_macro_f1",),
    "relation_macro_f1": ("micro_f1",),
}
"""By metric that comes first, those of the model that stand beside it."""


@dataclass(frozen=True)
class Run:
    """What an environment left.

    Attributes:
        name: of the environment.
        scores: of `data/08_reporting/scores.csv`.
        parameters: what was said besides.
        minutes: from the first text to the registered version.
        cores: of the processor, that the run could use.
    """

    name: str
    scores: pd.DataFrame
    parameters: str
    minutes: float
    cores: int


def main() -> None:
    """Runs the environments that the arguments name."""
    parser = argparse.ArgumentParser(prog="make results", description=__doc__)
    parser.add_argument("environments", nargs="+")
    parser.add_argument("--params", default="", help="of `kedro run`, for each of them")
    parser.add_argument("--keep", type=Path, help="folder for the copies; else they are removed")
    arguments = parser.parse_args()
    for name in arguments.environments:
        keep = arguments.keep and arguments.keep.resolve() / name
        write_section(name, section(run(name, arguments.params, keep)))


def run(name: str, parameters: str, keep: Path | None = None) -> Run:
    """Runs the environment in a copy of the project, in the new folder `keep` if named."""
    with contextlib.ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=keep is None)
        project = copy_project(folder)
        command = [KEDRO, "run", "--env", name, *(["--params", parameters] if parameters else [])]
        start = time.perf_counter()
        subprocess.run(command, cwd=project, env=environment_of(project), check=True)
        minutes = (time.perf_counter() - start) / 60
        scores = pd.read_csv(project / "data" / "08_reporting" / "scores.csv")
    return Run(name, scores, parameters, minutes, len(os.sched_getaffinity(0)))


def section(result: Run) -> str:
    """The environment's part of the page, in Markdown."""
    published = read_published(result.name)
    option = f" --params {result.parameters}" if result.parameters else ""
    cores = "1 core" if result.cores == 1 else f"{result.cores} cores"
    command = f"`kedro run --env {result.name}{option}`, {result.minutes:.0f} min on {cores}."
    lines = [f"## {result.name}", "", command]
    for task in result.scores["task"].unique():
        lines += ["", *task_table(result.scores, str(task), published)]
    if published is not None:
        lines += ["", f"Published: {published.source}."]
    return "\n".join(lines) + "\n"


def task_table(scores: pd.DataFrame, task: str, published: PublishedScores | None) -> list[str]:
    """The rows of a task: all, the mean over languages, and each language."""
    test_scores = scores[(scores["task"] == task) & (scores["split"] == "test")]
    is_beside = published is not None and published.corpus in set(test_scores["corpus"])
    metric = published.metric if published is not None and is_beside else None
    published_systems = published.systems if published is not None and is_beside else {}
    first = metric or str(
        test_scores.loc[test_scores["is_headline"].astype(bool), "metric"].iloc[0]
    )
    more = [name for name in MORE.get(first, ()) if name in set(test_scores["metric"])]
    rows = _rows(scores, task, first)
    systems = {system for row in rows for system in row.cells}
    beside = [system for system in BESIDE if system in systems][:2]
    columns = [f"{task}: {metric_name_of(first)}", "n", SYSTEMS[OURS]]
    columns += [SYSTEMS[system] for system in beside]
    columns += [*published_systems, *map(metric_name_of, more)]
    further = [{row.key: row for row in _rows(scores, task, name)} for name in more]
    lines = [
        [
            *_cells(row, beside),
            *(
                str(by_language.get(_published_key(row), "–"))
                for by_language in published_systems.values()
            ),
            *(_score(table[row.key], OURS) for table in further),
        ]
        for row in rows
    ]
    table = [_line(columns), "|---|" + "---:|" * (len(columns) - 1), *map(_line, lines)]
    return [*table, *_by_type(test_scores)] if first == "entity_f1" else table


def _by_type(scores: pd.DataFrame) -> list[str]:
    """The F1 of each type of entity, in a sentence below the table."""
    type_scores = scores[(scores["system"] == OURS) & (scores["slice"] == "label")]
    type_scores = type_scores[type_scores["metric"] == "f1"].sort_values("group")
    types = [
        f"{kind} {100 * score:.1f} ({n:,})"
        for kind, score, n in zip(
            type_scores["group"], type_scores["score"], type_scores["n"], strict=True
        )
    ]
    return ["", f"F1 by type, with the number of entities: {', '.join(types)}."] if types else []


def _rows(scores: pd.DataFrame, task: str, metric: str) -> list[GroupRow]:
    """All rows, the mean over languages, and each language."""
    slices = (ALL, "language")
    return [row for name in slices for row in group_rows(scores, name, metric=metric, task=task)]


def _cells(row: GroupRow, beside: list[str]) -> list[str]:
    names = {ALL: "all rows", LANGUAGE_AVERAGE: "mean over languages"}
    mark = " \\*" if row.is_small else ""
    scored = [_score(row, system) for system in (OURS, *beside)]
    return [names.get(row.key, row.key), f"{row.n:,}{mark}", *scored]


def _score(row: GroupRow, system: str) -> str:
    return str(row.cells[system].score) if system in row.cells else "–"


def _published_key(row: GroupRow) -> str:
    return AVERAGE if row.key == LANGUAGE_AVERAGE else row.key


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def read_published(name: str) -> PublishedScores | None:
    """The published scores that the environment names, if any."""
    path = PROJECT / "conf" / name / "parameters" / "evaluation.yml"
    config = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    published = config.get("evaluation", {}).get("published")
    return PublishedScores.model_validate(published) if published else None


def write_section(name: str, text: str, page: Path = PAGE) -> None:
    """Puts the section into the page, by its name among the others."""
    old = page.read_text(encoding="utf-8") if page.exists() else ""
    parts = MARK.split(old)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True)) | {name: text + "\n"}
    body = "".join(f"<!-- {key} -->\n{sections[key]}" for key in sorted(sections))
    page.write_text((parts[0] or HEAD) + body.rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
