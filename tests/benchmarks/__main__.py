"""`make bench`: measures the project beside plain ways on the same rows, in one run.

Prints ratios and writes them with all figures to a JSON file. By default the trainings are short,
so that it ends in minutes: their scores say little, their speeds do. `--full` trains on all rows
for three epochs.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean, median
from typing import Any

from tests.benchmarks.measuring import measure
from tests.benchmarks.project import KEDRO, copy_project, environment_of

COMPARED = ("examples_per_second", "rows_per_second", "latency_ms", "peak_gib")
"""Figures of which the ratio to the plain way is told."""


def main() -> None:
    """Runs the measurements that the arguments name."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=4000, help="train rows of the short trainings")
    parser.add_argument("--ingestion-rows", type=int, default=1_000_000)
    parser.add_argument("--full", action="store_true", help="all rows, three epochs")
    parser.add_argument("--seeds", type=int, default=1, help="trainings with each way")
    parser.add_argument("--only", nargs="*", help="some of the parts below")
    parser.add_argument("--output", type=Path, default=Path("data/08_reporting/benchmark.json"))
    arguments = parser.parse_args()
    parts = {
        "startup": startup,
        "tokenising": lambda: compare("tokenising", "rows_per_second", ["100000000"]),
        "prediction": lambda: compare("prediction", "examples_per_second", ["4000"]),
        "training": lambda: training(arguments.rows, arguments.full, arguments.seeds),
        "question_answering": lambda: compare("question_answering", "rows_per_second", ["1000"]),
        "tagging": lambda: compare("tagging", "rows_per_second", ["20000"]),
        "encoding": lambda: compare("encoding", "rows_per_second", ["4000"]),
        "contrastive": lambda: compare("contrastive", "examples_per_second", ["2000"]),
        "evaluation": evaluation,
        "ingestion": lambda: measure("ingestion", str(arguments.ingestion_rows)),
    }
    figures: dict[str, object] = {"machine": platform.platform(), "python": sys.version.split()[0]}
    for name in arguments.only or parts:
        figures[name] = parts[name]()
        show(name, figures[name])
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(figures, indent=2), encoding="utf-8")
    show("written to", str(arguments.output))


def compare(module: str, figure: str, arguments: list[str]) -> dict[str, Any]:
    """Both ways on the same rows, one after the other, and the ratio of a figure."""
    ours, plain = measure(module, "ours", *arguments), measure(module, "plain", *arguments)
    ratios = {name: ours[name] / plain[name] for name in ours if name in COMPARED}
    return {"ours": ours, "plain": plain, "ratio": ours[figure] / plain[figure], "ratios": ratios}


def evaluation() -> dict[str, Any]:
    """Both ways on a million predictions, and ours where rows are drawn in groups of five."""
    figures = compare("evaluation", "draws_per_second", ["1000000"])
    return {**figures, "clustered": measure("evaluation", "clustered", "1000000")}


def training(rows: int, is_full: bool, num_seeds: int) -> dict[str, object]:
    """Both ways for each seed, at equal epochs."""
    limit, epochs = (10**9, 3) if is_full else (rows, 1)
    runs = []
    for seed in range(num_seeds):
        runs.append(
            compare("training", "examples_per_second", [str(limit), str(epochs), str(seed)])
        )
        show(f"training, seed {seed}", runs[-1])
    means = {way: mean(run[way]["macro_f1"] for run in runs) for way in ("ours", "plain")}
    return {"runs": runs, "ratio": median(run["ratio"] for run in runs), "macro_f1": means}


def startup() -> dict[str, float]:
    """Median seconds of `kedro --version`, and of a run that finds nothing to do."""
    outputs = "05_model_input/features/t.arrow", "05_model_input/vocabulary.parquet"
    with tempfile.TemporaryDirectory() as folder:
        project = copy_project(Path(folder))
        for output in (*outputs, "08_reporting/tokenisation.csv"):
            file = project / "data" / output
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        commands = {
            "version_seconds": ["--version"],
            "empty_run_seconds": ["run", "--pipelines", "tokenisation", "--only-missing-outputs"],
        }
        return {
            name: median([_seconds(command, project) for _ in range(4)][1:])
            for name, command in commands.items()
        }


def _seconds(command: list[str], project: Path) -> float:
    start = time.perf_counter()
    environment = environment_of(project)
    subprocess.run([KEDRO, *command], cwd=project, env=environment, capture_output=True, check=True)
    return time.perf_counter() - start


def show(name: str, figures: object) -> None:
    """Prints one part."""
    print(f"{name}: {json.dumps(figures, indent=2)}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
